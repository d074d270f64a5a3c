"""Let the watch look at a moment, and read what it did."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from psycopg.types.json import Jsonb

from handoff.ledger.db import Connection
from handoff.route.assignments import Assignment
from handoff.watch.breaches import INDEX_LAG
from handoff.watch.pauses import beat
from handoff.watch.run import run
from tests.unit.route.handed import to

HAND_RAISER = {"tier": "hand_raiser", "minutes": 5}
HIGH = {"tier": "high", "minutes": 240}
ANA, BEN, CHLOE, EMI, FARAH = "U0ANACOSTA", "U0BENOKAFO", "U0CHLOEMAR", "U0EMITANAK", "U0FARAHALI"


def moment(text: str, zone: str = "America/New_York") -> datetime:
    """A wall time such as "2026-11-25 12:00"."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def hand(connection: Connection, lead_id: str, rep_id: str, at: datetime, **tier: Any) -> Assignment:
    """A handoff whose message went out at once."""
    given = to(connection, lead_id, rep_id, at, **tier)
    deliver(connection)
    return given


def deliver(connection: Connection, at: datetime | None = None) -> None:
    """Every message to a rep that waits goes out, the moment it was queued unless told."""
    connection.execute(
        """update handoff.outbox set state = 'sent', sent_at = coalesce(%s, created_at)
        where kind = 'slack_dm' and state = 'pending'""",
        (at,),
    )


def look(
    connection: Connection, at: datetime, read_until: datetime | None = None, *, was_out: bool = False
) -> dict[str, Any]:
    """One run of the watch; the CRM has been read up to that moment, and messages go out at once.

    The watch looked a minute ago as well, unless it `was_out` since the run before.
    """
    read(connection, read_until or at)
    if not was_out:
        beat(connection, at - timedelta(minutes=1))
    counts = run(connection, at)
    deliver(connection)
    return {name: count for name, count in counts.items() if count}


def read(connection: Connection, until: datetime) -> None:
    """Up to when every contact, and every record of every kind of engagement, has surely been read."""
    connection.execute(
        """insert into handoff.cursors (stream, watermark, moved_at, seen_until)
        select stream, %(until)s, %(until)s, %(until)s
        from unnest(array[
            'hubspot_contacts', 'hubspot_calls', 'hubspot_emails', 'hubspot_meetings', 'hubspot_communications'
        ]) as stream
        on conflict (stream) do update set seen_until = excluded.seen_until""",
        {"until": until + INDEX_LAG},
    )


def refuse(connection: Connection, stream: str) -> None:
    """The CRM has taken away the scope under which a stream was read."""
    connection.execute(
        """insert into handoff.lacks (stream, reason, noticed_at, checked_at)
        values (%s, 'the scope was taken away', now(), now())""",
        (stream,),
    )


def call(
    admin: psycopg.Connection[Any], lead_id: str, at: datetime, owner_id: str, logged_at: datetime | None = None
) -> None:
    """A completed call of a rep in the CRM, logged when it was made unless told."""
    properties = {
        "hs_timestamp": at.isoformat(),
        "hs_createdate": (logged_at or at).isoformat(),
        "hubspot_owner_id": owner_id,
        "hs_call_direction": "OUTBOUND",
        "hs_call_status": "COMPLETED",
    }
    payload = {"properties": properties, "associations": {"contacts": {"results": [{"id": lead_id}]}}}
    _land(admin, "hubspot_calls", f"900{lead_id}", at, payload)


def status(
    admin: psycopg.Connection[Any],
    lead_id: str,
    at: datetime,
    lead_status: str,
    reason_id: str = "",
    owner_id: str | None = None,
    reason_at: datetime | None = None,
) -> None:
    """A rep sets a contact's lead status by hand; some other property changes a minute later.

    Args:
        reason_at: when the reason was saved, if not with the status.
    """
    history = {"hs_lead_status": [{"value": lead_status, "timestamp": at.isoformat(), "sourceType": "CRM_UI"}]}
    if reason_at:
        version = {"value": reason_id, "timestamp": reason_at.isoformat(), "sourceType": "CRM_UI"}
        history["handoff_rejection_reason"] = [version]
    payload = {
        "properties": {
            "hs_lead_status": lead_status,
            "handoff_rejection_reason": reason_id,
            "hubspot_owner_id": owner_id,
        },
        "propertiesWithHistory": history,
    }
    _land(admin, "hubspot_contacts", lead_id, (reason_at or at) + timedelta(minutes=1), payload)


def leave(admin: psycopg.Connection[Any], owner_id: str, at: datetime) -> None:
    """HubSpot archives an owner."""
    _land(admin, "hubspot_owners", owner_id, at, {"archived": True})


def _land(admin: psycopg.Connection[Any], table: str, record_id: str, at: datetime, payload: dict[str, Any]) -> None:
    admin.execute(
        f"""with batch as (
            insert into raw.batches (source, started_at, loaded_at) values ('poll', %(at)s, %(at)s) returning batch_id
        )
        insert into raw.{table} (id, updated_at, loaded_at, batch_id, payload)
        select %(id)s, %(at)s, %(at)s, batch_id, %(payload)s from batch""",
        {"at": at, "id": record_id, "payload": Jsonb({"id": record_id} | payload)},
    )


def steps(connection: Connection) -> list[tuple[int, str, str | None]]:
    """Assignment, step, and why it was passed over or left the lead where it was, in the order in which they came."""
    rows = connection.execute(
        """select assignment_id, escalation_id, skipped_because from handoff.ladder_steps
        order by taken_at, assignment_id, was_due_at, escalation_id"""
    )
    return [(row["assignment_id"], row["escalation_id"], row["skipped_because"]) for row in rows]


def notes(connection: Connection, whom: str | None = None) -> list[str]:
    """What people were told by the ladder, one after the other."""
    rows = connection.execute(
        """select payload ->> 'text' as text from handoff.outbox
        where (dedupe_key like 'slack_note:ladder:%%' or dedupe_key like 'slack_thread:slack_dm:%%:ladder:%%')
        and (%(whom)s::text is null or payload ->> 'slack_user_id' = %(whom)s) order by outbox_id""",
        {"whom": whom},
    )
    return [row["text"] for row in rows]


def below(connection: Connection, given: Assignment) -> list[tuple[str, str]]:
    """What is said below the cards of an assignment: which card, and the line."""
    rows = connection.execute(
        """select payload ->> 'message' as message, payload ->> 'text' as text from handoff.outbox
        where kind in ('slack_thread', 'slack_call') and payload ->> 'message' like %s order by outbox_id""",
        (f"%:{given.handoff_id}:{given.assignment_id}",),
    )
    return [(row["message"].split(":")[0].removeprefix("slack_"), row["text"]) for row in rows]


def reps(connection: Connection, given: Assignment) -> list[str]:
    """Who had the handoff, one after the other."""
    rows = connection.execute(
        "select rep_id from handoff.assignments where handoff_id = %s order by assignment_id", (given.handoff_id,)
    )
    return [row["rep_id"] for row in rows]


def value(connection: Connection, query: str, *parameters: Any) -> Any:
    row = connection.execute(query, parameters).fetchone()
    return next(iter(row.values())) if row else None
