"""How an assignment has ended, as far as a task about it is concerned."""

from handoff.ledger.db import Connection
from handoff.ledger.open_assignments import IS_OPEN

ENDING = f"""
case
    when exists (
        select from handoff.dispositions as answer
        where answer.assignment_id = assignment.assignment_id and answer.kind in ('contacted', 'rejected')
    ) then 'answered'
    when not {IS_OPEN} then 'moot'
end
"""
"""SQL over `handoff.assignments as assignment`: `answered` by its rep, `moot` when the lead went on, was answered in
another rep's turn or withdrawn, null while it runs."""


def ending(connection: Connection, assignment_id: int) -> str | None:
    """`answered`, `moot`, or None while the assignment runs."""
    row = connection.execute(
        f"select {ENDING} as ending from handoff.assignments as assignment where assignment_id = %s", (assignment_id,)
    ).fetchone()
    return row["ending"] if row else None
