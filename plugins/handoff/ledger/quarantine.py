"""What cannot be read is kept with its reason, and let go of when it has been mended in the CRM."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from handoff.ledger import doubts
from handoff.ledger.db import Connection
from handoff.ledger.storable import storable
from handoff.ledger.streams import Stream

if TYPE_CHECKING:
    from handoff.ledger.landing import Record, Unreadable

REMEDY = "correct the record in the CRM; any later change to it is read again"


def hold_records(
    connection: Connection, batch_id: int, stream: Stream, records: Iterable["Unreadable"], loaded_at: datetime
) -> None:
    """Keep records of which nothing counts."""
    for each in records:
        doubt = doubts.Doubt("record", each.field, each.payload, each.reason)
        _hold(connection, batch_id, stream, each.id, doubt, each.remedy, loaded_at)


def renew(
    connection: Connection, batch_id: int, stream: Stream, records: Sequence["Record"], loaded_at: datetime
) -> int:
    """Keep what cannot be read of landed records, and let go of what was mended; returns how many are new."""
    found = [(each.id, doubt) for each in records for doubt in doubts.of(stream, each.payload)]
    if records:
        connection.execute(
            """update raw.quarantine as held set released_at = %s
            where held.stream = %s and held.id = any(%s) and held.released_at is null and not exists (
                select from unnest(%s::text[], %s::text[], %s::text[]) as still (id, field, payload)
                where (still.id, still.field, still.payload) = (held.id, held.field, held.payload)
            )""",
            (
                loaded_at,
                stream.name,
                [each.id for each in records],
                [record_id for record_id, _ in found],
                [doubt.field for _, doubt in found],
                [storable(doubt.value) for _, doubt in found],
            ),
        )
    return sum(_hold(connection, batch_id, stream, key, doubt, REMEDY, loaded_at) for key, doubt in found)


def _hold(
    connection: Connection,
    batch_id: int,
    stream: Stream,
    record_id: str | None,
    doubt: doubts.Doubt,
    remedy: str,
    loaded_at: datetime,
) -> int:
    """Put something in quarantine; 0 when it lies there already."""
    return connection.execute(
        """insert into raw.quarantine (stream, id, batch_id, loaded_at, kind, field, reason, remedy, payload)
        select %(stream)s, %(id)s, %(batch)s, %(loaded)s, %(kind)s, %(field)s, %(reason)s, %(remedy)s, %(payload)s
        where not exists (
            select from raw.quarantine
            where stream = %(stream)s and id is not distinct from %(id)s and field = %(field)s
            and payload = %(payload)s and released_at is null
        )""",
        {
            "stream": stream.name,
            "id": record_id,
            "batch": batch_id,
            "loaded": loaded_at,
            "kind": doubt.kind,
            "field": doubt.field,
            "reason": doubt.reason,
            "remedy": remedy,
            "payload": storable(doubt.value),
        },
    ).rowcount
