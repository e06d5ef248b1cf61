"""Whether the stacks of this host still run as they were proven: looked at by a timer, without a controller."""
