"""Kill -9 of everything at many points of every operation: see docs/kill-test.md."""
