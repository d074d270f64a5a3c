"""Give a handoff to a rep: the assignment's row, its clock, and the effects that tell the rep and the CRM."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from psycopg.types.json import Jsonb

from handoff import connections, crash
from handoff.ledger import outbox
from handoff.ledger.db import Connection, Row
from handoff.notify.alert import alert
from handoff.notify.context import Context
from handoff.notify.text import slack_text
from handoff.route.assign import Choice, NobodyEligible
from handoff.route.due import due_at
from handoff.sync.task_target import KIND, task_target

Cause = Literal["handoff", "breach", "declined", "left", "by_hand"]
FALLBACK = "fallback"


@dataclass(frozen=True)
class Assignment:
    """A rep who has a handoff, and by when they promised first contact."""

    assignment_id: int
    handoff_id: str
    rep: Row
    due_at: datetime


def lock(connection: Connection) -> None:
    """One choice at a time until the transaction ends: turns and capacities are read and written under it."""
    connection.execute("select pg_advisory_xact_lock(hashtextextended('route:choose', 0))")


def give(
    connection: Connection, handoff_id: str, choice: Choice, context: Context, as_of: datetime, cause: Cause
) -> Assignment:
    """Write the assignment, start its clock, and tell the rep; a fallback is told to the review channel as well.

    Raises:
        NobodyEligible: the rep is not in the agreement at that moment.
        NoCalendar: the rep's calendar has too few open hours.
    """
    rep = _rep(connection, choice.candidate.rep_id, as_of)
    due = due_at(connection, rep["calendar_id"], rep["time_zone"], as_of, context.tier.response_minutes * 60)
    row = connection.execute(
        """insert into handoff.assignments (
            handoff_id, rep_id, pool_id, reason, candidates, assigned_at, due_at, cause, credits
        ) values (%s, %s, %s, %s, %s, %s, %s, %s, %s) returning assignment_id""",
        (
            handoff_id,
            choice.candidate.rep_id,
            choice.candidate.pool_id,
            choice.reason,
            Jsonb([each.as_json() for each in choice.candidates]),
            as_of,
            due,
            cause,
            Jsonb(choice.credits) if choice.credits is not None else None,
        ),
    ).fetchone()
    assert row is not None
    given = Assignment(int(row["assignment_id"]), handoff_id, rep, due)
    crash.point("route.assignment.written")
    outbox.put(connection, *_messages(given, context, as_of), *_task(connection, given, context, as_of))
    if choice.candidate.step == FALLBACK:
        whom = slack_text(context.lead.name or context.lead.lead_id, 60)
        text = f"{whom} went to {slack_text(rep['name'], 60)}, the fallback: {slack_text(_why_not(choice), 400)}"
        alert(connection, f"fallback:{given.assignment_id}", text, as_of, handoff_id)
    return given


def write_back(connection: Connection, given: Assignment, target: Mapping[str, Any], as_of: datetime) -> None:
    """Queue what the CRM's contact is to say of an assignment."""
    key = f"hubspot_contact:{given.handoff_id}:{given.assignment_id}"
    outbox.put(connection, outbox.Effect(key, "hubspot_contact", dict(target), as_of, given.handoff_id))


def _messages(given: Assignment, context: Context, as_of: datetime) -> list[outbox.Effect]:
    message = {
        "assignment_id": given.assignment_id,
        "rep_name": given.rep["name"],
        "slack_user_id": given.rep["slack_user_id"],
        "time_zone": given.rep["time_zone"],
        "due_at": given.due_at.isoformat(),
        "context": context.to_json(),
    }
    effects = (
        ("slack_dm", {**message, "kind": "assigned"}),
        ("slack_channel", {**message, "channel": connections.team_channel(given.rep["slack_channel"])}),
    )
    return [
        outbox.Effect(f"{kind}:{given.handoff_id}:{given.assignment_id}", kind, payload, as_of, given.handoff_id)
        for kind, payload in effects
    ]


def _task(connection: Connection, given: Assignment, context: Context, as_of: datetime) -> list[outbox.Effect]:
    """The task that the tier wants in the CRM, if any."""
    row = connection.execute(_TASK, {"tier": context.tier.id, "lead": context.lead.lead_id, "at": as_of}).fetchone()
    if row is None or row["crm_task"] in (None, "none"):
        return []
    key = f"{KIND}:{given.handoff_id}:{given.assignment_id}"
    owner_id = given.rep["crm_owner_id"]
    target = task_target(key, row["crm_task"], context, row["contact_id"], given.assignment_id, owner_id, given.due_at)
    return [outbox.Effect(key, KIND, target | {"rep_name": given.rep["name"]}, as_of, given.handoff_id)]


def _why_not(choice: Choice) -> str:
    others = [each for each in choice.candidates if each.step != FALLBACK]
    return "; ".join(f"{each.rep_id}: {each.reason}" for each in others) or "no territory covers the lead"


def _rep(connection: Connection, rep_id: str, as_of: datetime) -> Row:
    # The channel as JSON, so that an agreement that was loaded before the column came shares one.
    row = connection.execute(
        """select rep_id, name, crm_owner_id, slack_user_id, time_zone, calendar_id, manager_id,
            to_jsonb(reps) ->> 'slack_channel' as slack_channel
        from agreement.reps
        where rep_id = %(rep)s and valid_from <= %(at)s and %(at)s < valid_to""",
        {"rep": rep_id, "at": as_of},
    ).fetchone()
    if row is None:
        raise NobodyEligible(
            f"{rep_id} is not in seeds/agreement/reps.csv at {as_of:%Y-%m-%d}: add a row that is valid"
        )
    return row


# As JSON, so that an agreement that was loaded before the column came wants no task.
_TASK = """
select to_jsonb(tier) ->> 'crm_task' as crm_task,
    coalesce(
        (select id from handoff.aliases where object_type = 'contacts' and old_id = %(lead)s), %(lead)s
    ) as contact_id
from agreement.tiers as tier
where tier.tier_id = %(tier)s and tier.valid_from <= %(at)s and %(at)s < tier.valid_to
"""
