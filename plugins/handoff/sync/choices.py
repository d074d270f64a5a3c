"""Owners whom a person chose in HubSpot when our own write was long done: they stay, and somebody is told."""

from datetime import datetime

from handoff import crash
from handoff.ledger.db import Connection, Row
from handoff.ledger.open_assignments import IS_OPEN
from handoff.notify import cards, lines
from handoff.notify.alert import REVIEW, alert
from handoff.notify.text import slack_text
from handoff.settings import settings
from handoff.sync.conflicts import owner_name
from handoff.sync.plan import chosen_at

FOLLOWED = 2000
"""Newest assignments that are followed until the lead is over, as their tasks are."""
ONE_BY_ONE = 3
"""Choices found in one look that are told one by one; more of them are one message, with so many as examples."""

# What our write found itself is told as its drift; while another one is on its way, that one compares.
_OTHERS = f"""
select assignment.handoff_id, assignment.assignment_id, assignment.key, fresh.owner, fresh.versions,
    written.first_attempt_at, written.result ->> 'contact_id' as contact_id,
    written.payload #>> '{{properties,hubspot_owner_id}}' as wanted,
    message.payload ->> 'rep_name' as rep_name,
    message.payload ->> 'slack_user_id' as slack_user_id, message.payload #>> '{{context,lead,name}}' as lead_name
from (
    select *, format('hubspot_contact:%%s:%%s', handoff_id, assignment_id) as key
    from handoff.assignments order by assignment_id desc limit %(most)s
) as assignment
cross join lateral (
    select effect.* from handoff.outbox as effect
    where effect.handoff_id = assignment.handoff_id and effect.kind = 'hubspot_contact'
    and (effect.dedupe_key = assignment.key or starts_with(effect.dedupe_key, assignment.key || ':'))
    and effect.payload -> 'properties' ? 'hubspot_owner_id'
    order by effect.outbox_id desc limit 1
) as written
left join handoff.outbox as message
    on message.dedupe_key = format('slack_dm:%%s:%%s', assignment.handoff_id, assignment.assignment_id)
cross join lateral (
    select coalesce(contact.payload #>> '{{properties,hubspot_owner_id}}', '') as owner,
        contact.payload #> '{{propertiesWithHistory,hubspot_owner_id}}' as versions
    from raw.hubspot_contacts as contact where contact.id = written.result ->> 'contact_id'
    order by contact.updated_at desc, contact.version_id desc limit 1
) as fresh
where written.state = 'sent' and fresh.owner <> written.payload #>> '{{properties,hubspot_owner_id}}'
and {IS_OPEN}
and not exists (
    select from handoff.outbox as effect
    where effect.handoff_id = assignment.handoff_id and effect.kind = 'hubspot_contact'
    and (effect.dedupe_key = assignment.key or starts_with(effect.dedupe_key, assignment.key || ':'))
    and effect.result #>> '{{drift,hubspot_owner_id,found}}' = fresh.owner
)
and not exists (
    select from handoff.outbox as told
    where told.dedupe_key = 'slack_review:owner:' || assignment.key || ':chosen:' || fresh.owner
)
"""


def tell(connection: Connection, as_of: datetime) -> int:
    """Say once per assignment and owner, in the review channel and below the cards, whom a person chose since; returns
    how many choices are new.

    Many at once, as when somebody gives a team's leads to another one, are one message in the review channel; a rep's
    own conversation gets no more lines than the agreement allows.
    """
    rows = [
        row
        for row in connection.execute(_OTHERS, {"most": FOLLOWED}).fetchall()
        if (at := chosen_at(row["versions"] or ())) is not None and at > row["first_attempt_at"]
    ]
    if not rows:
        return 0
    room = lines.room(connection, as_of)
    with connection.transaction():
        # Another process may have found the same.
        new = [row for row in rows if _say(connection, row, as_of)]
        for row in new:
            _say_below(connection, row, room, as_of)
        if len(new) > ONE_BY_ONE:
            _together(connection, new, as_of)
    crash.point("sync.choice.told")
    return len(new)


def _say(connection: Connection, row: Row, as_of: datetime) -> bool:
    lead, rep, owner = _lead(row), _rep(row), owner_name(row["owner"])
    text = f"{lead} was handed to {rep}, and since then in HubSpot a person chose {owner}. That stays."
    return alert(connection, f"owner:{_choice(row)}", text, as_of, row["handoff_id"])


def _say_below(connection: Connection, row: Row, room: lines.Room, as_of: datetime) -> None:
    user_id = row["slack_user_id"] or ""
    kinds = cards.CARDS if room.for_line(user_id) else (cards.CHANNEL,)
    owner = owner_name(row["owner"])
    line = f"In HubSpot a person chose {owner}. That stays; the clock is still that of {_rep(row)}"
    name = f"owner:{row['owner']}"
    said = cards.say(connection, row["handoff_id"], row["assignment_id"], name, line, as_of, kinds)
    room.said[user_id] += bool(said and cards.DM in kinds)


def _together(connection: Connection, rows: list[Row], as_of: datetime) -> None:
    """Say it in one message; each lead's own stays in the ledger and is not sent."""
    examples = rows[:ONE_BY_ONE]
    named = "; ".join(f"{_lead(row)} from {_rep(row)} to {owner_name(row['owner'])}" for row in examples)
    page = f"<{settings().public_url}/handoff/handoffs|Open handoffs>"
    text = (
        f"{len(rows)} leads were handed to reps, and since then in HubSpot a person chose other owners: {named}, and "
        f"{len(rows) - len(examples)} more. That stays; the clocks are still those of the reps. {page}"
    )
    # Naming the examples' handoffs, so that an erasure of one of them finds the message.
    key = ":".join([as_of.isoformat(), *(row["handoff_id"] for row in examples)])
    alert(connection, f"owners:{key}", text, as_of)
    connection.execute(
        "update handoff.outbox set state = 'withdrawn', last_error = %s where dedupe_key = any(%s)",
        (f"told together with others: {REVIEW}:owners:{key}", [f"{REVIEW}:owner:{_choice(row)}" for row in rows]),
    )


def _choice(row: Row) -> str:
    return f"{row['key']}:chosen:{row['owner']}"


def _lead(row: Row) -> str:
    return slack_text(row["lead_name"] or f"Contact {row['contact_id']}", 60)


def _rep(row: Row) -> str:
    return slack_text(row["rep_name"] or f"owner {row['wanted']}", 60)
