"""Station review: the numbers for the weekly meeting."""
