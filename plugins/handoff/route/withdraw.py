"""Take handoffs back whose lead no longer exists: deleted, erased, or merged into a lead that somebody has already."""

from collections.abc import Sequence
from datetime import datetime

from psycopg.types.json import Jsonb

from handoff import crash
from handoff.ledger import outbox
from handoff.ledger.db import Connection, Row
from handoff.notify import cards, digests, erasing
from handoff.notify.text import slack_text
from handoff.route import merged
from handoff.route.unforeseen import attempt
from handoff.watch import give_back
from handoff.watch.lock import lock

SAID = {
    "deleted": "was deleted in the CRM",
    "erased": "was erased at their own request",
    "merged": "was merged with a lead that is handed over already",
}
"""What a rep is told, by the reason's id."""

TOLD = "A lead of yours {}. Nothing is due any more."
"""The note to a rep about a lead without a name; of one that was erased it is the last word, and stays."""

# A lead that was contacted or rejected is nobody's task any more: it is not taken back, but what was said of somebody
# erased is. Of several that become one, the one that somebody has been in touch about stays, then the oldest. One that
# began long enough after a first contact is no double of that.
_GONE = """
with presents as (
    select coalesce(alias.id, pending.lead_id) as present_id, array_agg(pending.lead_id) as pending_ids
    from handoff.pending_leads as pending
    left join handoff.aliases as alias on alias.object_type = 'contacts' and alias.old_id = pending.lead_id
    where pending.batch_id <= %(batch)s group by 1
),
identities as (
    select present_id as id, present_id from presents
    union all
    select alias.old_id, alias.id from handoff.aliases as alias
    inner join presents on presents.present_id = alias.id
    where alias.object_type = 'contacts'
),
theirs as (
    select handoff.*, identity.present_id, answered.is_contacted, answered.is_over, answered.is_erased as was_erased,
        answered.contacted_at, make_interval(days => definition.requalify_after_contact_days) as counts_for
    from identities as identity
    inner join handoff.handoffs as handoff on handoff.lead_id = identity.id
    cross join lateral (
        select
            coalesce(bool_or(kind = 'contacted'), false) as is_contacted,
            min(occurred_at) filter (where kind = 'contacted') as contacted_at,
            coalesce(bool_or(kind in ('rejected', 'withdrawn')), false) as is_over,
            coalesce(bool_or(kind = 'erased'), false) as is_erased
        from handoff.dispositions as answer where answer.handoff_id = handoff.handoff_id
    ) as answered
    left join agreement.definitions as definition
        on definition.definition_id = handoff.definition_id
        and definition.valid_from <= handoff.as_of and handoff.as_of < definition.valid_to
),
found as (
    select concerned.handoff_id, concerned.lead_id, concerned.present_id,
        not (concerned.is_contacted or concerned.is_over) as is_open,
        newest.is_erased and not concerned.was_erased as is_erased,
        case
            when newest.is_erased then 'erased'
            when newest.is_archived then 'deleted'
            when exists (
                select from theirs as other
                where other.present_id = concerned.present_id and other.product_id = concerned.product_id
                and not other.is_over
                and coalesce(concerned.as_of < other.contacted_at + concerned.counts_for, true)
                and (not other.is_contacted, other.routed_at, other.handoff_id)
                < (not concerned.is_contacted, concerned.routed_at, concerned.handoff_id)
            ) then 'merged'
        end as reason_id
    from theirs as concerned
    cross join lateral (
        select coalesce(payload ->> 'archived', 'false') = 'true' as is_archived,
            coalesce(payload ->> 'isErased', 'false') = 'true' as is_erased
        from raw.hubspot_contacts as contact where contact.id = concerned.present_id
        order by contact.updated_at desc, contact.version_id desc limit 1
    ) as newest
)
select found.*, presents.pending_ids from found inner join presents using (present_id)
where is_erased or (is_open and reason_id is not null) or (reason_id in ('deleted', 'erased') and exists (
    select from handoff.outbox as effect
    where effect.handoff_id = found.handoff_id and effect.state = 'pending' and effect.attempts = 0
    and starts_with(effect.kind, 'hubspot_')
))
order by handoff_id
"""
_FORGOTTEN = """
select handoff.handoff_id, handoff.lead_id as present_id, true as is_erased, 'erased' as reason_id,
    not exists (
        select from handoff.dispositions as answer
        where answer.handoff_id = handoff.handoff_id and answer.kind in ('contacted', 'rejected', 'withdrawn')
    ) as is_open
from handoff.handoffs as handoff
where handoff.handoff_id = any(%(ids)s) and not exists (
    select from handoff.dispositions as answer where answer.handoff_id = handoff.handoff_id and answer.kind = 'erased'
)
order by handoff_id
"""


def run(connection: Connection, batch_id: int, as_of: datetime, raised: dict[str, Exception]) -> int:
    """Withdraw what must be among the leads pending up to a batch; returns how many handoffs.

    Effects that nobody has tried yet are taken back; a rep who has been told is told this as well, as are the cards.
    Nothing is written to a contact that is gone; one that was merged is to say what holds of the handoff that stays. Of
    one that was erased every message is erased, too, also of handoffs that had ended before.

    Args:
        raised: by pending lead, what was raised in this run; what raises here is added.
    """
    rows = connection.execute(_GONE, {"batch": batch_id}).fetchall()
    withdrawn = 0
    for row in rows:
        own: dict[str, Exception] = {}
        withdrawn += attempt(own, row["handoff_id"], _withdraw_alone, connection, row, as_of) or False
        raised |= {lead_id: error for error in own.values() for lead_id in row["pending_ids"]}
    merged.tell_crm(connection, batch_id, as_of, raised)
    return withdrawn


def _withdraw_alone(connection: Connection, row: Row, as_of: datetime) -> bool:
    with connection.transaction():
        is_new = _withdraw(connection, row, as_of)
    crash.point("route.withdrawal.committed")
    return is_new


def forget(connection: Connection, handoff_ids: Sequence[str], as_of: datetime) -> int:
    """Withdraw handoffs, in the caller's transaction, because their lead is erased; returns how many were open."""
    rows = connection.execute(_FORGOTTEN, {"ids": list(handoff_ids)}).fetchall()
    return sum(_withdraw(connection, row, as_of) for row in rows)


def _withdraw(connection: Connection, row: Row, as_of: datetime) -> bool:
    lock(connection, row["handoff_id"])
    is_new = bool(row["is_open"]) and _answer(connection, row, "withdrawn", as_of)
    if is_new:
        give_back.until_left(connection, row["handoff_id"], as_of)
    _take_back(connection, row, "" if is_new else "hubspot_")
    if is_new:
        digests.leave(connection, row["handoff_id"], _why(row), as_of)
    if row["is_erased"]:
        _answer(connection, row, "erased", as_of)
        erasing.erase(connection, row["handoff_id"], as_of)
    if is_new:
        _tell(connection, row, as_of)
    cards.refresh(connection, row["handoff_id"], as_of)
    return is_new


def _answer(connection: Connection, row: Row, kind: str, as_of: datetime) -> bool:
    """Note what became of a handoff; whether that is new."""
    return bool(
        connection.execute(
            """insert into handoff.dispositions (handoff_id, kind, reason_id, occurred_at, recorded_at, evidence)
            values (%s, %s, %s, %s, %s, %s) on conflict do nothing""",
            (row["handoff_id"], kind, row["reason_id"], as_of, as_of, Jsonb({"contact_id": row["present_id"]})),
        ).rowcount
    )


def _take_back(connection: Connection, row: Row, kinds: str) -> None:
    """Let go of effects that nobody has tried yet, of kinds that begin so."""
    connection.execute(
        """update handoff.outbox set state = 'withdrawn', last_error = %s
        where handoff_id = %s and state = 'pending' and attempts = 0 and starts_with(kind, %s)""",
        (_why(row), row["handoff_id"], kinds),
    )


def _why(row: Row) -> str:
    return f"withdrawn: the lead {SAID[row['reason_id']]}"


def _tell(connection: Connection, row: Row, as_of: datetime) -> None:
    """Tell the rep who has been told of the lead, below their card; an erased one's card has nothing below it."""
    said = SAID[row["reason_id"]]
    told = connection.execute(
        """select payload ->> 'slack_user_id' as slack_user_id, payload #>> '{context,lead,name}' as name,
            (payload ->> 'assignment_id')::bigint as assignment_id
        from handoff.outbox where handoff_id = %s and kind = 'slack_dm' and (state = 'sent' or attempts > 0)
        order by outbox_id desc limit 1""",
        (row["handoff_id"],),
    ).fetchone()
    if told is None:
        return
    handoff_id, assignment_id = row["handoff_id"], told["assignment_id"]
    # An erased person's name goes nowhere any more.
    name = None if row["reason_id"] == "erased" else told["name"]
    text = TOLD.format(said).replace("A lead of yours", slack_text(name, 60)) if name else TOLD.format(said)
    if row["reason_id"] != "erased" and assignment_id is not None:
        cards.say(connection, handoff_id, assignment_id, "withdrawn", text, as_of, mentions=True)
        return
    payload = {"slack_user_id": told["slack_user_id"], "text": text, "rep_name": None}
    key = f"slack_note:{handoff_id}:withdrawn"
    outbox.put(connection, outbox.Effect(key, "slack_note", payload, as_of, handoff_id))
