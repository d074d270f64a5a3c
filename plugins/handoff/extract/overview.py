"""Every stream at a glance: how far it has been read, and what is missing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from handoff.extract.sources import SOURCES
from handoff.ledger.db import Connection

LATELY = timedelta(days=7)


@dataclass(frozen=True)
class StreamState:
    """One stream. `lacks` is why it cannot be read; `missed` and `swept` are versions of the last seven days that the
    slow pass and the nightly sweep had to land."""

    stream: str
    way: str
    path: str
    scope: str
    without: str
    history: tuple[str, ...]
    cursor_property: str
    seen_until: datetime | None
    watermark: datetime | None
    missed: int
    swept: int
    quarantined: int
    lacks: str | None


def read(connection: Connection, as_of: datetime) -> list[StreamState]:
    """All sources, in the order of the table that declares them."""
    rows = connection.execute(
        """select source.stream, cursors.seen_until, cursors.watermark, lacks.reason as lacks,
            coalesce(settled.missed, 0) as missed, coalesce(swept.missed, 0) as swept,
            coalesce(bad.records, 0) as quarantined
        from unnest(%(streams)s::text[]) as source (stream)
        left join handoff.cursors as cursors on cursors.stream = source.stream
        left join handoff.lacks as lacks on lacks.stream = source.stream
        left join lateral (
            select sum(missed)::int as missed from handoff.passes
            where passes.stream = source.stream and kind = 'settle'
            and finished_at > %(as_of)s - %(lately)s
        ) as settled on true
        left join lateral (
            select sum(missed)::int as missed from handoff.passes
            where passes.stream = source.stream and kind = 'sweep'
            and finished_at > %(as_of)s - %(lately)s
        ) as swept on true
        left join lateral (
            select count(*)::int as records from raw.quarantine
            where quarantine.stream = source.stream and released_at is null
        ) as bad on true""",
        {"streams": [each.stream.name for each in SOURCES], "as_of": as_of, "lately": LATELY},
    )
    found = {row.pop("stream"): row for row in rows}
    return [
        StreamState(
            stream=each.stream.name,
            way=each.way,
            path=each.path,
            scope=each.scope,
            without=each.without,
            history=each.history,
            cursor_property=each.cursor_property,
            **found[each.stream.name],
        )
        for each in SOURCES
    ]
