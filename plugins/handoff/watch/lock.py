"""One change of a handoff at a time: what answers it, and what takes it away."""

from handoff.ledger.db import Connection


def lock(connection: Connection, handoff_id: str) -> None:
    """Wait for whoever is changing the handoff; held until the caller's transaction ends. Read its state afterwards.

    Take it before `route.assignments.lock`, never after, so that no two wait for one another.
    """
    connection.execute("select pg_advisory_xact_lock(hashtextextended('handoff:' || %s, 0))", (handoff_id,))
