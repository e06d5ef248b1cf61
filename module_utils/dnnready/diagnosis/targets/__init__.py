"""From what a user names to a target: interpreter, environment, and how a child gets the same conditions."""
