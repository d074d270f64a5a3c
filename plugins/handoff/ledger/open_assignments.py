"""Which assignments are open: somebody has the lead, and nothing has ended the handoff."""

IS_OPEN = """(
    not exists (
        select from handoff.assignments as later
        where later.handoff_id = assignment.handoff_id and later.assignment_id > assignment.assignment_id
    )
    and not exists (
        select from handoff.dispositions as answer
        where answer.handoff_id = assignment.handoff_id and answer.kind in ('contacted', 'rejected', 'withdrawn')
    )
)"""
"""SQL over `handoff.assignments as assignment`, of each handoff true for its newest assignment at the most."""
