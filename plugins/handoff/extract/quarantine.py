"""What lies in quarantine: records and values that could not be read, newest first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from handoff.ledger.db import Connection


@dataclass(frozen=True)
class Held:
    """One record, or one value of a record that counts otherwise. `field` is what cannot be read, `record_id` the CRM's
    id, where it could be read."""

    stream: str
    record_id: str | None
    kind: Literal["record", "value"]
    field: str
    reason: str
    remedy: str
    since: datetime


@dataclass(frozen=True)
class Quarantine:
    """The newest rows, and how many there are in all, by kind."""

    records: int
    values: int
    newest: tuple[Held, ...]

    @property
    def total(self) -> int:
        """How many of both kinds."""
        return self.records + self.values


def read(connection: Connection, limit: int) -> Quarantine:
    """What has not been mended in the CRM yet: the counts, and at most `limit` rows."""
    counts = connection.execute(
        """select count(*) filter (where kind = 'record') as records, count(*) filter (where kind = 'value') as values
        from raw.quarantine where released_at is null"""
    ).fetchone()
    assert counts is not None
    rows = connection.execute(
        """select stream, id as record_id, kind, field, reason, remedy, loaded_at as since
        from raw.quarantine where released_at is null order by quarantine_id desc limit %s""",
        (limit,),
    )
    return Quarantine(counts["records"], counts["values"], tuple(Held(**row) for row in rows))
