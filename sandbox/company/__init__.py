"""The demo company: who it is, its history, and what its visitors and sales reps do next."""
