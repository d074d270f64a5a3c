"""What a handoff wants the CRM's contact to say: the payloads of `hubspot_contact` effects.

A payload holds `contact_id`, the wanted `properties`, and `expected`: what the decision read, and when. What was
changed since then stays, see `sync.plan`. Where the contact itself had been read earlier than the newest of what was
known of the lead, a person's change since `contact_read_at` stays as well.
"""

from datetime import UTC, datetime
from typing import Any

from handoff.notify.context import Context

# HubSpot's text properties hold 65,536 characters; a person reads far fewer.
LONGEST_TEXT = 2000
STATUS = "hs_lead_status"
REASON = "handoff_rejection_reason"
NEW, WORKED, UNQUALIFIED = "NEW", "IN_PROGRESS", "UNQUALIFIED"
"""HubSpot's own lead statuses. An earlier one is replaced, which would be read as an answer to the new handoff."""


def contact_target(
    context: Context,
    mql_at: datetime,
    due_at: datetime,
    owner_id: str,
    *,
    expected_owner_id: str | None,
    read_at: datetime,
    contact_read_at: datetime | None = None,
    is_answered: bool = False,
) -> dict[str, Any]:
    """A new handoff: owner, stage, and why.

    Args:
        is_answered: whether the contact's lead status is an answer to another handoff that is not recorded yet: it and
            its reason stay.
    """
    properties = {
        "hubspot_owner_id": owner_id,
        "lifecyclestage": "marketingqualifiedlead",
        **_why(context, mql_at, due_at),
        "handoff_sla_status": "due",
        # What an earlier handoff left would be taken for this one's.
        "handoff_first_contact_at": "",
    }
    if not is_answered:
        properties |= {STATUS: NEW, REASON: ""}
    expected = {
        "hubspot_owner_id": expected_owner_id or "",
        "lifecyclestage": context.lead.lifecycle_stage or "",
        "read_at": read_at.isoformat(),
    }
    if contact_read_at is not None:
        expected["contact_read_at"] = contact_read_at.isoformat()
    return {"contact_id": context.lead.lead_id, "properties": properties, "expected": expected}


def kept_target(
    contact_id: str,
    context: Context,
    mql_at: datetime,
    due_at: datetime,
    owner_id: str | None,
    status: str,
    first_contact_at: datetime | None,
    *,
    expected: dict[str, str],
) -> dict[str, Any]:
    """A contact that was merged: what holds of the handoff that stays, over what another one had written.

    Args:
        status: `due`, `met` or `breached`.
        expected: what may be replaced of what is not ours alone, and `read_at`, after which a person's change stays.
    """
    properties = _why(context, mql_at, due_at) | {
        "handoff_sla_status": status,
        "handoff_first_contact_at": instant(first_contact_at) if first_contact_at else "",
        REASON: "",
    }
    if owner_id:
        properties["hubspot_owner_id"] = owner_id
    if first_contact_at:
        properties[STATUS] = WORKED
    elif expected[STATUS] in ("", UNQUALIFIED):
        properties[STATUS] = NEW
    if first_contact_at and expected[STATUS] != UNQUALIFIED:
        expected = expected | {STATUS: NEW}
    return {"contact_id": contact_id, "properties": properties, "expected": expected}


def _why(context: Context, mql_at: datetime, due_at: datetime) -> dict[str, str]:
    parts = "; ".join(f"{part.points:+g} {part.label}" for part in context.score.parts)
    return {
        "handoff_score": f"{context.score.total:g}",
        "handoff_score_parts": parts[:LONGEST_TEXT],
        "handoff_trigger": context.trigger.summary[:LONGEST_TEXT],
        "handoff_definition": f"{context.definition.id} {context.definition.version}",
        "handoff_tier": context.tier.id,
        "handoff_mql_at": instant(mql_at),
        "handoff_sla_due_at": instant(due_at),
    }


def owner_target(
    contact_id: str, owner_id: str, due_at: datetime, expected_owner_id: str | None, read_at: datetime
) -> dict[str, Any]:
    """A handoff that went to another rep: owner and deadline; whom a person made the owner meanwhile stays."""
    return {
        "contact_id": contact_id,
        "properties": {
            "hubspot_owner_id": owner_id,
            "handoff_sla_due_at": instant(due_at),
            "handoff_sla_status": "due",
        },
        "expected": {"hubspot_owner_id": expected_owner_id or "", "read_at": read_at.isoformat()},
    }


def reopened_target(contact_id: str, status: str, reason_id: str | None, read_at: str) -> dict[str, Any]:
    """A handoff that a rep handed on in the CRM: its answer is used up, and the next rep begins with a new lead.

    Args:
        status: the lead status that was the answer.
        reason_id: the reason given with it.
        read_at: ISO instant of the version of the contact that said so.
    """
    expected = {STATUS: status, REASON: reason_id or "", "read_at": read_at}
    return {"contact_id": contact_id, "properties": {STATUS: NEW, REASON: ""}, "expected": expected}


def status_by(stopped_at: datetime, due_at: datetime) -> str:
    """What a stopped clock says, here as in `marts.fct_sla_outcomes`: the deadline itself is in time."""
    return "met" if stopped_at <= due_at else "breached"


def status_target(contact_id: str, status: str, first_contact_at: datetime | None) -> dict[str, Any]:
    """A clock that was stopped or ran out. `status` is `met` or `breached`."""
    properties = {"handoff_sla_status": status}
    if first_contact_at is None:
        return {"contact_id": contact_id, "properties": properties, "expected": {}}
    properties |= {"handoff_first_contact_at": instant(first_contact_at), STATUS: WORKED}
    # A status that a person chose for a lead they talked to says more than ours.
    expected = {STATUS: NEW, "read_at": first_contact_at.isoformat()}
    return {"contact_id": contact_id, "properties": properties, "expected": expected}


def deadline_target(contact_id: str, due_at: datetime) -> dict[str, Any]:
    """A clock that stood while the time was not the rep's: the deadline it has now."""
    return {"contact_id": contact_id, "properties": {"handoff_sla_due_at": instant(due_at)}, "expected": {}}


def rejected_target(contact_id: str, reason_id: str, rejected_at: datetime, due_at: datetime | None) -> dict[str, Any]:
    """A handoff that is over: the reason, an id of the agreement's, the status that says so, and a stopped clock.

    Args:
        due_at: the deadline that the rejection kept or missed; None where first contact had stopped the clock.
    """
    properties = {REASON: reason_id, STATUS: UNQUALIFIED}
    if due_at is not None:
        properties["handoff_sla_status"] = status_by(rejected_at, due_at)
    return {"contact_id": contact_id, "properties": properties, "expected": {"read_at": rejected_at.isoformat()}}


def instant(moment: datetime) -> str:
    """An instant as HubSpot's datetime properties answer it: UTC, milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
