"""What has not been worked off, and what holds handoffs back."""

from dataclasses import dataclass
from datetime import datetime

from handoff.extract.overview import LATELY
from handoff.ledger.db import Connection


@dataclass(frozen=True)
class ClosedGate:
    """A gate that holds handoffs back."""

    gate: str
    reason: str
    since: datetime


@dataclass(frozen=True)
class Waiting:
    """Rows of the inbox and the outbox that are still to be worked off, and effects of the last seven days that were
    given up."""

    inbox: int
    outbox: int
    given_up: int


def closed_gates(connection: Connection) -> tuple[ClosedGate, ...]:
    """The gates that are closed now, each since its newest verdict."""
    rows = connection.execute(
        """select gate, reason, evaluated_at as since, is_open
        from (select distinct on (gate) * from handoff.gates order by gate, gate_id desc) as newest order by gate"""
    )
    return tuple(ClosedGate(row["gate"], row["reason"], row["since"]) for row in rows if not row["is_open"])


def waiting(connection: Connection, as_of: datetime) -> Waiting:
    """The counts as they are now."""
    row = connection.execute(
        """select
            (select count(*) from handoff.inbox where processed_at is null) as inbox,
            (select count(*) from handoff.outbox where state = 'pending') as outbox,
            (select count(*) from handoff.outbox where state = 'dead' and created_at > %s) as given_up""",
        (as_of - LATELY,),
    ).fetchone()
    assert row is not None
    return Waiting(**row)
