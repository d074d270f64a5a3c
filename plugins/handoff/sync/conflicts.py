"""Where a person and a handoff want different owners: the person's choice stays, and somebody is told."""

from datetime import datetime
from typing import Any

from handoff import crash
from handoff.ledger.db import Connection
from handoff.ledger.outbox import Effect, put
from handoff.notify.alert import alert
from handoff.notify.text import slack_text
from handoff.sync.plan import covered

OWNER = "hubspot_owner_id"
LOOKED_AT = 500
"""Newest assignments whose owner is compared with what has been landed since."""

# Of both keys the second part is the handoff and the third the assignment; what else a write-back's says follows.
_WHO = """
select written.handoff_id, message.payload ->> 'rep_name' as rep_name,
    message.payload #>> '{context,lead,name}' as lead_name,
    exists (
        select from handoff.handoffs as handoff
        inner join handoff.handoffs as other
            on other.lead_id = handoff.lead_id and other.product_id <> handoff.product_id
        inner join handoff.outbox as ours on ours.handoff_id = other.handoff_id
        where handoff.handoff_id = written.handoff_id and ours.kind = 'hubspot_contact' and ours.state = 'sent'
        and ours.payload #>> '{properties,hubspot_owner_id}' = %(found)s
    ) as is_ours
from handoff.outbox as written
left join handoff.outbox as message
    on message.dedupe_key = format(
        'slack_dm:%%s:%%s', split_part(written.dedupe_key, ':', 2), split_part(written.dedupe_key, ':', 3)
    )
where written.dedupe_key = %(key)s
"""
_SUSPECTS = """
select written.dedupe_key, written.handoff_id, written.payload,
    fresh.payload #> '{propertiesWithHistory,hubspot_owner_id}' as versions
from (select * from handoff.assignments order by assignment_id desc limit %(most)s) as assignment
inner join handoff.outbox as written
    on written.dedupe_key = format('hubspot_contact:%%s:%%s', assignment.handoff_id, assignment.assignment_id)
cross join lateral (
    select contact.payload, contact.updated_at from raw.hubspot_contacts as contact
    where contact.id = written.result ->> 'contact_id'
    order by contact.updated_at desc, contact.version_id desc limit 1
) as fresh
where written.state = 'sent'
    and fresh.updated_at >= written.first_attempt_at
    and fresh.payload #>> '{properties,hubspot_owner_id}' = written.payload #>> '{properties,hubspot_owner_id}'
"""


def tell(connection: Connection, dedupe_key: str, result: dict[str, Any], at: datetime) -> None:
    """Say in the review channel, once per effect, that another owner than the handoff's rep stays: whom a person chose
    or another application set, or whom we wrote ourselves for another product."""
    drift = (result.get("drift") or {}).get(OWNER)
    if drift is None:
        return
    who = connection.execute(_WHO, {"key": dedupe_key, "found": drift["found"]}).fetchone() or {}
    lead = slack_text(who.get("lead_name") or f"Contact {result['contact_id']}", 60)
    rep = slack_text(who.get("rep_name") or f"owner {drift['wanted']}", 60)
    owner = owner_name(drift["found"])
    back = ", put back after our own write" if OWNER in result["restored"] else ""
    if who.get("is_ours"):
        text = f"{lead} was handed to {rep}, and in HubSpot stays with {owner}, who has it for another product."
    elif (source := drift.get("source_type")) and ":merged:" not in dedupe_key:
        kind = slack_text(source, 40)
        text = f"{lead} was handed to {rep}, but in HubSpot another application ({kind}) set {owner}. That stays."
    else:
        chose = "the contact it was merged with has" if ":merged:" in dedupe_key else "in HubSpot a person chose"
        text = f"{lead} was handed to {rep}, but {chose} {owner}. That stays{back}."
    alert(connection, f"owner:{dedupe_key}", text, at, who.get("handoff_id"))


def look_again(connection: Connection, as_of: datetime) -> int:
    """Write back once more where a poll shows that our owner covered a person's; returns how many.

    A request without an answer may take effect after everything was compared. The repeated write finds that in the
    contact's history and puts the person's choice back.
    """
    again = 0
    for row in connection.execute(_SUSPECTS, {"most": LOOKED_AT}).fetchall():
        payload, wanted = row["payload"], row["payload"]["properties"][OWNER]
        read_at = payload["expected"].get("read_at")
        if read_at and covered(row["versions"] or (), (wanted,), datetime.fromisoformat(read_at)) is not None:
            target = payload | {"properties": {OWNER: wanted}}
            effect = Effect(f"{row['dedupe_key']}:again", "hubspot_contact", target, as_of, row["handoff_id"])
            again += put(connection, effect)
            crash.point("sync.conflict.queued")
    return again


def owner_name(owner_id: str) -> str:
    """An owner as people are told of them, escaped."""
    return f"owner {slack_text(owner_id, 20)}" if owner_id else "nobody"
