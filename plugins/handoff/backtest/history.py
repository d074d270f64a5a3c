"""Who did what and when, as numbers: millions of acts in a few arrays, sorted by lead and time."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from handoff.ledger.db import Connection, Row

# What Postgres sends of one row of (int4, int4, timestamptz) in COPY's binary format.
# Source: https://www.postgresql.org/docs/18/sql-copy.html#SQL-COPY-FILE-FORMATS-BINARY
_ROW = np.dtype(
    [("fields", ">i2"), ("l1", ">i4"), ("lead", ">i4"), ("l2", ">i4"), ("what", ">i4"), ("l3", ">i4"), ("at", ">i8")]
)
_HEADER, _TRAILER = 19, 2
_POSTGRES_EPOCH_S = 946_684_800

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class History:
    """All acts until the end, in order of lead and time.

    Attributes:
        lead: position of the lead, which is its `lead_no` in the temporary table `backtest_leads`.
        what: position in `whats`.
        at: microseconds since 1970.
        whats: (kind, subject, is_inbound) of each different kind of act, with its `what_no`.
    """

    leads: int
    lead: Numbers
    what: Numbers
    at: Numbers
    whats: list[Row]


@contextmanager
def opened(connection: Connection, end: datetime) -> Iterator[History]:
    """Read every act until `end`; inside the block stand the temporary tables `backtest_leads` and `backtest_whats`."""
    connection.execute("set jit = off")
    try:
        yield _read(connection, end)
    finally:
        connection.execute("reset jit")
        connection.execute("drop table if exists backtest_leads, backtest_whats")


def _read(connection: Connection, end: datetime) -> History:
    connection.execute(
        """create temp table backtest_leads as
        select (row_number() over (order by lead_id) - 1)::int as lead_no, lead_id
        from (select distinct lead_id from handoff.lead_facts) as known"""
    )
    connection.execute(
        """create temp table backtest_whats as
        select (row_number() over (order by kind, subject, is_inbound) - 1)::int as what_no, kind, subject, is_inbound
        from (select distinct kind, subject, is_inbound from line.int_activities where occurred_at <= %s) as each""",
        (end,),
    )
    connection.execute("analyze backtest_leads, backtest_whats")
    whats = connection.execute("select * from backtest_whats order by what_no").fetchall()
    buffer = io.BytesIO()
    with (
        connection.cursor() as cursor,
        cursor.copy(
            """copy (
                select lead.lead_no, each.what_no, act.occurred_at
                from line.int_activities as act
                inner join backtest_leads as lead on act.lead_id = lead.lead_id
                inner join backtest_whats as each
                    on act.kind = each.kind and coalesce(act.subject, E'\\x01') = coalesce(each.subject, E'\\x01')
                    and act.is_inbound = each.is_inbound
                where act.occurred_at <= %s
            ) to stdout (format binary)""",
            (end,),
        ) as copy,
    ):
        for block in copy:
            buffer.write(block)
    rows = np.frombuffer(buffer.getbuffer()[_HEADER:-_TRAILER], dtype=_ROW)
    lead, what = rows["lead"].astype(np.int64), rows["what"].astype(np.int64)
    at = rows["at"].astype(np.int64) + _POSTGRES_EPOCH_S * 1_000_000
    order = np.lexsort((at, lead))
    count = connection.execute("select count(*)::int as leads from backtest_leads").fetchone()
    assert count is not None
    return History(count["leads"], lead[order], what[order], at[order], whats)
