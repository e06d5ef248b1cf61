"""Takes stacks, or everything of dnnready, away from a host."""
