"""Station route: one decision, one transaction: handoff, assignment, clock, effects."""
