"""Who did what and when, as numbers: millions of acts in a few arrays, sorted by lead and time."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from handoff.ledger.db import Connection, Row

# What Postgres sends of one row of (int8, int8, timestamptz) in COPY's binary format.
# Source: https://www.postgresql.org/docs/18/sql-copy.html#SQL-COPY-FILE-FORMATS-BINARY
_ROW = np.dtype(
    [("fields", ">i2"), ("l1", ">i4"), ("lead", ">i8"), ("l2", ">i4"), ("what", ">i8"), ("l3", ">i4"), ("at", ">i8")]
)
_HEADER, _TRAILER = 19, 2
_POSTGRES_EPOCH_S = 946_684_800
# Texts travel as hashes of 64 bits, so that no row waits for a join; two equal ones would be noticed below.
_LEAD_HASH = "hashtextextended(lead_id, 0)"
_WHAT_HASH = "hashtextextended(kind || case when is_inbound then '>' else '<' end || coalesce(subject, E'\\x01'), 0)"

Numbers = npt.NDArray[np.int64]

CHANGED = -1
"""In the place of an act: what was known of the lead changed."""
# What was known first changes nothing: before it, a lead counts with the same facts.
_CHANGES = f"""
select {_LEAD_HASH} as hash, (extract(epoch from known_from) * 1000000)::int8 as at
from handoff.lead_facts as version
where known_from <= %s and exists (
    select from handoff.lead_facts as earlier
    where earlier.lead_id = version.lead_id and earlier.known_from < version.known_from
)
"""


@dataclass(frozen=True)
class History:
    """All acts until the end, and changes of what was known of a lead, in order of lead and time.

    Attributes:
        lead_ids: ids of the leads that are known; a lead's number is its place.
        lead: number of the lead.
        what: place in `whats`; CHANGED when it is no act, but what was known that changed.
        at: microseconds since 1970.
        whats: (kind, subject, is_inbound) of each different kind of act.
    """

    lead_ids: list[str]
    lead: Numbers
    what: Numbers
    at: Numbers
    whats: list[Row]

    @property
    def acts(self) -> int:
        """How many acts there are."""
        return int(np.count_nonzero(self.what != CHANGED))


def read(connection: Connection, end: datetime) -> History:
    """Read every act and every change of facts until `end`.

    Raises:
        RuntimeError: two leads or two kinds of act have one hash.
    """
    leads = connection.execute(
        f"""select lead_id, {_LEAD_HASH} as hash
        from (select distinct lead_id from handoff.lead_facts) as known order by hash"""
    ).fetchall()
    whats = connection.execute(
        f"""select kind, subject, is_inbound, {_WHAT_HASH} as hash
        from (select distinct kind, subject, is_inbound from line.int_activities) as each order by hash"""
    ).fetchall()
    lead_hashes, what_hashes = (np.array([row["hash"] for row in rows], dtype=np.int64) for rows in (leads, whats))
    for hashes in (lead_hashes, what_hashes):
        if len(np.unique(hashes)) < len(hashes):
            raise RuntimeError("two texts have one hash of 64 bits: leave one of the leads out")
    buffer = io.BytesIO()
    with (
        connection.cursor() as cursor,
        cursor.copy(
            f"""copy (select {_LEAD_HASH}, {_WHAT_HASH}, occurred_at from line.int_activities where occurred_at <= %s)
            to stdout (format binary)""",
            (end,),
        ) as copy,
    ):
        for block in copy:
            buffer.write(block)
    rows = np.frombuffer(buffer.getbuffer()[_HEADER:-_TRAILER], dtype=_ROW)
    lead, lead_known = _places(rows["lead"].astype(np.int64), lead_hashes)
    what, what_known = _places(rows["what"].astype(np.int64), what_hashes)
    at = rows["at"].astype(np.int64) + _POSTGRES_EPOCH_S * 1_000_000
    kept = lead_known & what_known
    changes = connection.execute(_CHANGES, (end,)).fetchall()
    changed, _ = _places(np.array([row["hash"] for row in changes], dtype=np.int64), lead_hashes)
    lead = np.concatenate((lead[kept], changed))
    what = np.concatenate((what[kept], np.full(len(changes), CHANGED, dtype=np.int64)))
    at = np.concatenate((at[kept], np.array([row["at"] for row in changes], dtype=np.int64)))
    order = np.lexsort((at, lead))
    return History([row["lead_id"] for row in leads], lead[order], what[order], at[order], whats)


def _places(values: Numbers, ordered: Numbers) -> tuple[Numbers, npt.NDArray[np.bool_]]:
    """Where each value stands among ordered ones, and whether it is there."""
    if not len(ordered):
        return np.zeros(len(values), dtype=np.int64), np.zeros(len(values), dtype=bool)
    places = np.minimum(np.searchsorted(ordered, values), len(ordered) - 1)
    return places, ordered[places] == values


@contextmanager
def shared(connection: Connection, history: History) -> Iterator[None]:
    """Inside the block the session has `backtest_leads` and `backtest_whats`, by their numbers."""
    with connection.cursor() as cursor:
        cursor.execute("create temp table backtest_leads (lead_no int, lead_id text)")
        with cursor.copy("copy backtest_leads from stdin") as copy:
            for number, lead_id in enumerate(history.lead_ids):
                copy.write_row((number, lead_id))
        cursor.execute("create temp table backtest_whats (what_no int, kind text, subject text, is_inbound boolean)")
        with cursor.copy("copy backtest_whats from stdin") as copy:
            for number, row in enumerate(history.whats):
                copy.write_row((number, row["kind"], row["subject"], row["is_inbound"]))
        cursor.execute("analyze backtest_leads, backtest_whats")
    try:
        yield
    finally:
        connection.execute("drop table if exists backtest_leads, backtest_whats")
