"""A device that brings the project to itself and runs it: fetched, verified, tried beside the old one, then current."""
