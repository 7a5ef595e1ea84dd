"""What it comes to: how far a fitted story is to be trusted."""
