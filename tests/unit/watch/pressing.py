"""What people press in Slack, as the web app stores it, and what the ledger holds of it afterwards."""

import json
from datetime import datetime
from itertools import count
from typing import Any
from urllib.parse import urlencode

from handoff.ledger import inbox
from handoff.ledger.db import Connection, Row
from handoff.notify.card_form import NOTE, REASON, REJECTED
from handoff.route.assignments import Assignment
from handoff.watch import answers
from handoff.web.bodies import read_form
from handoff.web.slack import interaction

ANA, BEN, EMI, FARAH = "U0ANACOSTA", "U0BENOKAFO", "U0EMITANAK", "U0FARAHALI"
CHANNEL = "C0HANDOFFS"
NUMBERS = count(1)


def delivered(connection: Connection, given: Assignment, channel: str = CHANNEL) -> str:
    """Both cards of an assignment stand in Slack; returns the time stamp of both."""
    ts = f"1764090000.{given.assignment_id:06d}"
    connection.execute(
        """update handoff.outbox set state = 'sent', sent_at = created_at, attempts = 1,
            result = jsonb_build_object('channel', case kind when 'slack_dm' then 'D1' else %s end, 'ts', %s::text)
        where dedupe_key = any(%s)""",
        (channel, ts, [f"{kind}:{given.handoff_id}:{given.assignment_id}" for kind in ("slack_dm", "slack_channel")]),
    )
    return ts


def pressed(given: Assignment, action: str, user: str, **changed: Any) -> dict[str, Any]:
    """A press of a button on the copy in the channel."""
    place = {"channel_id": CHANNEL, "message_ts": f"1764090000.{given.assignment_id:06d}"}
    return {
        "type": "block_actions",
        "user": {"id": user},
        "container": place,
        "trigger_id": str(next(NUMBERS)),
        "actions": [{"action_id": f"handoff_{action}", "value": str(given.assignment_id)}],
        **changed,
    }


def submitted(given: Assignment, reason_id: str, user: str, seen: int = 0, note: str | None = None) -> dict[str, Any]:
    """A form that was opened over so many answers."""
    values = {
        REASON: {REASON: {"type": "static_select", "selected_option": {"value": reason_id}}},
        NOTE: {NOTE: {"type": "plain_text_input", "value": note}},
    }
    view = {
        "callback_id": REJECTED,
        "private_metadata": f"{given.assignment_id}:{seen}",
        "state": {"values": values},
        "id": f"V{next(NUMBERS)}",
    }
    return {"type": "view_submission", "user": {"id": user}, "view": view}


def stored(connection: Connection, payload: dict[str, Any], at: datetime) -> str:
    """Keep an interaction as the web app does; returns its key."""
    body = urlencode({"payload": json.dumps(payload)}).encode()
    event = interaction(read_form(body), str(int(at.timestamp())), body)
    inbox.store(connection, [event], at)
    return event.event_key


def act(connection: Connection, payload: dict[str, Any], at: datetime, *, is_live: bool = True) -> answers.Outcome:
    """Store an interaction and apply it at once."""
    outcome = answers.apply(connection, stored(connection, payload, at), at, is_live=is_live)
    assert outcome is not None
    return outcome


def kinds(connection: Connection) -> list[str]:
    """Of all dispositions, in order."""
    return [row["kind"] for row in rows(connection, "select kind from handoff.dispositions order by disposition_id")]


def whispers(connection: Connection) -> list[tuple[str, str]]:
    """Who was told what where they pressed, in order."""
    found = rows(connection, "select payload from handoff.outbox where kind = 'slack_ephemeral' order by outbox_id")
    return [(row["payload"]["user"], row["payload"]["text"]) for row in found]


def effects(connection: Connection, kind: str) -> list[dict[str, Any]]:
    """Payloads of a kind, in order."""
    found = rows(connection, "select payload from handoff.outbox where kind = %s order by outbox_id", kind)
    return [row["payload"] for row in found]


def rows(connection: Connection, query: str, *parameters: Any) -> list[Row]:
    """What a query finds."""
    return connection.execute(query, parameters or None).fetchall()
