"""MQLs that cannot be handed over now: why they wait, and since when, so that waiting costs them nothing.

A lead's acts lose points with each hour and start nothing after some days. Whoever is held has earned the handoff
already, so from the first decision that was held the models let its acts age no further
(`int_signal_matches`, which reads `handoff.held_mqls`). Everything else counts as it comes: new acts and facts,
disqualifiers, opt-outs, rejections, and another agreement.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from handoff.ledger import aliases
from handoff.ledger.db import Connection

Held = tuple[str, datetime | None]
"""Why a lead is held, and until when, if that is known."""


def hold(connection: Connection, held: Mapping[str, Held], handed: Collection[tuple[str, str]] = ()) -> None:
    """Say on the pending leads why they wait and until when, and note since when their MQLs are held.

    Args:
        handed: lead and product of what was handed over since the leads were last judged.
    """
    if not held:
        return
    with connection.transaction():
        for lead_id, (because, until) in held.items():
            connection.execute(
                "update handoff.pending_leads set held_because = %s, held_until = %s where lead_id = %s",
                (because, until, lead_id),
            )
        connection.execute(
            _NOTE,
            {
                "leads": list(held),
                "handed_leads": [lead_id for lead_id, _ in handed],
                "handed_products": [product_id for _, product_id in handed],
            },
        )


def hand(connection: Connection, lead_id: str, product_id: str, as_of: datetime) -> None:
    """An MQL is handed over, by the decision for `as_of`: it is held no longer."""
    connection.execute(
        """update handoff.held_mqls set ended_as_of = %(at)s
        where lead_id = any(%(ids)s) and product_id = %(product)s and ended_as_of is null""",
        {"at": as_of, "ids": aliases.ids_of(connection, "contacts", lead_id), "product": product_id},
    )


def at(connection: Connection, lead_ids: Sequence[str], moment: datetime) -> dict[str, datetime]:
    """Since when a lead was held at a moment, by product.

    Args:
        lead_ids: all ids of the lead.
    """
    rows = connection.execute(
        """select product_id, min(held_since) as since from handoff.held_mqls
        where lead_id = any(%(ids)s) and held_since <= %(at)s and (ended_as_of is null or ended_as_of >= %(at)s)
        group by product_id""",
        {"ids": list(lead_ids), "at": moment},
    )
    return {row["product_id"]: row["since"] for row in rows}


def let_go(connection: Connection, as_of: datetime) -> None:
    """Hold no longer what is no MQL any more, or does not wait any more, because a person dropped it."""
    connection.execute(_LET_GO, {"at": as_of})


_NOTE = """
insert into handoff.held_mqls (
    lead_id, product_id, held_since, event_at, received_at, extracted_at, qualified_at
)
select
    decided.lead_id, decided.product_id, decided.qualified_at, decided.trigger_at, pending.received_at,
    pending.extracted_at, coalesce(pending.qualified_at, decided.qualified_at)
from handoff.pending_leads as pending
inner join line.int_qualifications as decided on decided.lead_id = pending.lead_id
where pending.lead_id = any(%(leads)s) and decided.decision = 'mql' and not decided.is_handed_off
and not exists (
    select from unnest(%(handed_leads)s::text[], %(handed_products)s::text[]) as handed (lead_id, product_id)
    where handed.lead_id = decided.lead_id and handed.product_id = decided.product_id
)
and not exists (
    -- Under an id that was merged it may be held already.
    select from handoff.held_mqls as former
    left join handoff.aliases as alias on alias.object_type = 'contacts' and alias.old_id = former.lead_id
    where former.ended_as_of is null and former.product_id = decided.product_id
    and coalesce(alias.id, former.lead_id) = decided.lead_id
)
on conflict do nothing
"""
# Who waits for enrichment may be an MQL again. A lead that was not judged since it came, or since it was merged, is
# judged first: the contact that a merge makes lands a run later than the merge is noticed.
_LET_GO = """
with present as (
    select held.lead_id, held.product_id, coalesce(alias.id, held.lead_id) as present_id, alias.noticed_at
    from handoff.held_mqls as held
    left join handoff.aliases as alias on alias.object_type = 'contacts' and alias.old_id = held.lead_id
    where held.ended_as_of is null
)
update handoff.held_mqls as held set ended_as_of = greatest(held.held_since, coalesce(decided.qualified_at, %(at)s))
from present left join line.int_qualifications as decided
    on decided.lead_id = present.present_id and decided.product_id = present.product_id
where held.ended_as_of is null and held.lead_id = present.lead_id and held.product_id = present.product_id
and (
    (present.noticed_at is null or decided.qualified_at > present.noticed_at) and not exists (
        select from handoff.pending_leads as pending where pending.lead_id in (present.lead_id, present.present_id)
    )
    or (decided.decision is null or decided.decision not in ('mql', 'waiting')) and exists (
        select from handoff.pending_leads as pending
        where pending.lead_id = present.present_id and pending.qualified_at >= pending.extracted_at
    )
)
"""
