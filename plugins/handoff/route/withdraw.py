"""Take handoffs back whose lead no longer exists: deleted, erased, or merged into a lead that somebody has already."""

from datetime import datetime

from psycopg.types.json import Jsonb

from handoff.ledger import outbox
from handoff.ledger.db import Connection, Row
from handoff.notify import cards
from handoff.notify.text import slack_text
from handoff.watch.lock import lock

SAID = {
    "deleted": "was deleted in the CRM",
    "erased": "was erased at their own request",
    "merged": "was merged with a lead that is handed over already",
}
"""What a rep is told, by the reason's id."""

_GONE = """
with presents as (
    select distinct coalesce(alias.id, pending.lead_id) as present_id
    from handoff.pending_leads as pending
    left join handoff.aliases as alias on alias.object_type = 'contacts' and alias.old_id = pending.lead_id
    where pending.batch_id <= %(batch)s
),
identities as (
    select present_id as id, present_id from presents
    union all
    select alias.old_id, alias.id from handoff.aliases as alias
    inner join presents on presents.present_id = alias.id
    where alias.object_type = 'contacts'
),
open_handoffs as (
    select handoff.*, identity.present_id
    from identities as identity
    inner join handoff.handoffs as handoff on handoff.lead_id = identity.id
    where not exists (
        select from handoff.dispositions as answer
        where answer.handoff_id = handoff.handoff_id and answer.kind in ('rejected', 'withdrawn')
    )
)
select concerned.handoff_id, concerned.lead_id, concerned.present_id,
    case
        when newest.is_erased then 'erased'
        when newest.is_archived then 'deleted'
        else 'merged'
    end as reason_id
from open_handoffs as concerned
cross join lateral (
    select coalesce(payload ->> 'archived', 'false') = 'true' as is_archived,
        coalesce(payload ->> 'isErased', 'false') = 'true' as is_erased
    from raw.hubspot_contacts as contact where contact.id = concerned.present_id
    order by contact.updated_at desc, contact.version_id desc limit 1
) as newest
where newest.is_archived or exists (
    select from open_handoffs as older
    where older.present_id = concerned.present_id and older.product_id = concerned.product_id
    and (older.routed_at, older.handoff_id) < (concerned.routed_at, concerned.handoff_id)
)
"""


def run(connection: Connection, batch_id: int, as_of: datetime) -> int:
    """Withdraw what must be among the leads pending up to a batch; returns how many handoffs.

    Effects that nobody has tried yet are taken back; a rep who has been told is told this as well, as are the cards.
    """
    rows = connection.execute(_GONE, {"batch": batch_id}).fetchall()
    for row in rows:
        with connection.transaction():
            lock(connection, row["handoff_id"])
            _withdraw(connection, row, as_of)
            cards.refresh(connection, row["handoff_id"], as_of)
    return len(rows)


def _withdraw(connection: Connection, row: Row, as_of: datetime) -> None:
    written = connection.execute(
        """insert into handoff.dispositions (handoff_id, kind, reason_id, occurred_at, recorded_at, evidence)
        values (%s, 'withdrawn', %s, %s, %s, %s) on conflict do nothing""",
        (row["handoff_id"], row["reason_id"], as_of, as_of, Jsonb({"contact_id": row["present_id"]})),
    ).rowcount
    if not written:
        return
    said = SAID[row["reason_id"]]
    connection.execute(
        """update handoff.outbox set state = 'dead', last_error = %s
        where handoff_id = %s and state = 'pending' and attempts = 0""",
        (f"withdrawn: the lead {said}", row["handoff_id"]),
    )
    told = connection.execute(
        """select payload ->> 'slack_user_id' as slack_user_id, payload #>> '{context,lead,name}' as name
        from handoff.outbox where handoff_id = %s and kind = 'slack_dm' and (state = 'sent' or attempts > 0)
        order by outbox_id desc limit 1""",
        (row["handoff_id"],),
    ).fetchone()
    if told:
        # An erased person's name goes nowhere any more.
        whom = "A lead of yours" if row["reason_id"] == "erased" else slack_text(told["name"] or "A lead of yours", 60)
        text = f"{whom} {said}. Nothing is due any more."
        effect = outbox.Effect(
            f"slack_note:{row['handoff_id']}:withdrawn",
            "slack_note",
            {"slack_user_id": told["slack_user_id"], "text": text, "rep_name": None},
            as_of,
            row["handoff_id"],
        )
        outbox.put(connection, effect)
