"""A person's data: where it is, for how long, given out on request, and erased so that it does not come back."""
