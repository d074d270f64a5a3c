"""Of a past handoff, made again: which of its lead's it was, and by when the rep was to call."""

from datetime import datetime, timedelta

from handoff.ledger import aliases
from handoff.ledger.db import Connection, Row
from handoff.qualify import replica
from handoff.qualify.loads import Tables
from handoff.qualify.models import ModelSet
from handoff.route.due import due_at

HOURS = "int_open_intervals"
_ASKED = ("calendars", "special_hours", "holidays")


def cycle(connection: Connection, handoff: Row) -> int | None:
    """One more than the lead's last handoff for the product had when it was routed.

    None when the lead was merged again before `handoff.former_aliases` kept who had been who by then.
    """
    ids = aliases.ids_of(connection, "contacts", handoff["lead_id"], handoff["routed_at"])
    row = connection.execute(_CYCLE, {"id": handoff["handoff_id"], "ids": ids}).fetchone()
    assert row is not None
    return None if row["is_merged_again"] else int(row["cycle"])


_CYCLE = """
with this as (select * from handoff.handoffs where handoff_id = %(id)s)
select
    exists (
        select from this
        inner join handoff.aliases as own on own.object_type = 'contacts' and own.old_id = this.lead_id
        inner join handoff.aliases as other
            on other.object_type = 'contacts' and other.id = own.id and other.noticed_at <= this.routed_at
    ) as is_merged_again,
    (
        select coalesce(max(earlier.cycle), 0) + 1 from this
        inner join handoff.handoffs as earlier
            on earlier.product_id = this.product_id and earlier.routed_at < this.routed_at
            and earlier.lead_id = any(%(ids)s)
    ) as cycle
"""


def due(
    connection: Connection, models: ModelSet, tables: Tables, rep_id: str, start: datetime, minutes: int
) -> datetime | None:
    """When first contact was due: `minutes` of the rep's open time after `start`, by an agreement's calendars.

    Args:
        models: None of theirs says when somebody is open where they were kept before a deadline was replayed: then
            there is no answer.

    Raises:
        handoff.route.due.NoCalendar: the calendars do not reach so far.
    """
    if HOURS not in {each.name for each in models.models}:
        return None
    day = start.date().isoformat()
    # The hours of years, and of this one rep alone.
    reps = [
        each
        for each in tables["reps"]
        if each["rep_id"] == rep_id and str(each["valid_from"]) <= day < str(each["valid_to"])
    ]
    if not reps:
        return None
    asked = replica.Replica(models, (HOURS,), start, {"reps": reps, **{name: tables.get(name, []) for name in _ASKED}})
    seconds = timedelta(minutes=minutes).total_seconds()
    with replica.opened(connection, asked, ()):
        return due_at(connection, reps[0]["calendar_id"], reps[0]["time_zone"], start, seconds, "pg_temp")
