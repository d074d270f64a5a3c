"""What the line decided about the pending leads: the MQLs that have no handoff yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from handoff.ledger.db import Connection, Row
from handoff.notify.context import Context
from handoff.route import unforeseen
from handoff.route.assign import Candidate
from handoff.route.contexts import LINE, candidates_of, contexts_of, of

IDENTITIES: LiteralString = """
    -- A merge gave the lead another id; what it had under the former ones is its own.
    select lead_id as id, lead_id as present_id from handoff.pending_leads
    union all
    select alias.old_id, alias.id from handoff.aliases as alias
    inner join handoff.pending_leads as pending on pending.lead_id = alias.id
    where alias.object_type = 'contacts'
"""
"""SQL of every id that a pending lead has or had, with the present one."""


@dataclass(frozen=True)
class Decision:
    """An MQL that has no handoff yet for its product and cycle."""

    lead_id: str
    product_id: str
    cycle: int
    as_of: datetime
    """The moment the decision was made for."""
    decided_at: datetime
    """When it had been computed."""
    read_at: datetime
    """When the newest of what it knows of the lead was landed."""
    contact_read_at: datetime | None
    """Since when the CRM's contact itself may have changed unseen; None when it was never landed."""
    event_at: datetime
    """When what made it an MQL happened. This stamp and the next three are of the first decision that was held, so
    that the time for which a lead is held is the time to a rep; of whoever was never held, of this decision."""
    received_at: datetime | None
    extracted_at: datetime
    qualified_at: datetime
    rejected_at: datetime | None
    """Newest rejection for the product that the decision knew of."""
    owner_id: str | None
    lifecycle_stage: str | None
    context: Context
    prefers_present: bool
    """Whether whoever is at work comes first."""
    candidates: tuple[Candidate, ...]


def pending_mqls(connection: Connection, batch_id: int, record_url: str) -> tuple[list[Decision], dict[str, Exception]]:
    """MQLs among the leads pending up to a batch: hand-raisers first, then the highest scores, then who waits longest;
    and by lead what was raised about those that cannot be read, which stop no other.

    A lead that was handed over before comes again only with a decision that knew of the handoff's end, and an act
    after it; the cooling-off time is the model's.

    Args:
        record_url: address of a CRM record, with `{lead_id}` where the contact's id goes.
    """
    rows = connection.execute(of(_MQLS, LINE), {"batch": batch_id}).fetchall()
    try:
        return _decided(connection, rows, record_url), {}
    except unforeseen.PASSES:
        raise
    except Exception:
        return _one_by_one(connection, rows, record_url)


def _one_by_one(
    connection: Connection, rows: Sequence[Row], record_url: str
) -> tuple[list[Decision], dict[str, Exception]]:
    decisions: list[Decision] = []
    raised: dict[str, Exception] = {}
    for row in rows:
        try:
            decisions += _decided(connection, [row], record_url)
        except unforeseen.PASSES:
            raise
        except Exception as error:
            raised[row["lead_id"]] = error
    return decisions, raised


def _decided(connection: Connection, rows: Sequence[Row], record_url: str) -> list[Decision]:
    ids = sorted({row["lead_id"] for row in rows})
    contexts = contexts_of(connection, ids, LINE, record_url)
    candidates = candidates_of(connection, ids, LINE)
    return [
        Decision(
            lead_id=row["lead_id"],
            product_id=row["product_id"],
            cycle=row["next_cycle"],
            as_of=row["qualified_at"],
            decided_at=row["decided_at"],
            read_at=row["read_at"],
            contact_read_at=row["contact_read_at"],
            event_at=row["event_at"],
            received_at=row["received_at"],
            extracted_at=row["first_extracted_at"],
            qualified_at=row["first_qualified_at"],
            rejected_at=row["rejected_at"],
            owner_id=row["owner_id"],
            lifecycle_stage=row["lifecycle_stage"],
            context=contexts[row["lead_id"], row["product_id"]][1],
            prefers_present=row["prefers_present"],
            candidates=tuple(candidates[row["lead_id"], row["product_id"]]),
        )
        for row in rows
    ]


_MQLS = f"""
with identities as ({IDENTITIES}),
last_handoff as (
    -- One that sales still has has no end yet: of a pair that was merged, the other may have been rejected later.
    select
        identity.present_id as lead_id, handoff.product_id, max(handoff.cycle) as cycle,
        -- The number of one that was taken back as a double is used up, though it counts for nothing.
        max(coalesce(
            rejection.occurred_at, withdrawal.occurred_at,
            contact.occurred_at + make_interval(days => definition.requalify_after_contact_days), 'infinity'
        )) filter (where withdrawal.reason_id is distinct from 'merged') as ended_at
    from identities as identity
    inner join handoff.handoffs as handoff on handoff.lead_id = identity.id
    left join handoff.dispositions as rejection
        on rejection.handoff_id = handoff.handoff_id and rejection.kind = 'rejected'
    left join handoff.dispositions as withdrawal
        on withdrawal.handoff_id = handoff.handoff_id and withdrawal.kind = 'withdrawn'
    left join handoff.dispositions as contact
        on contact.handoff_id = handoff.handoff_id and contact.kind = 'contacted'
    left join {{line}}.int_definitions as definition
        on definition.product_id = handoff.product_id and not definition.is_shadow
    group by identity.present_id, handoff.product_id
)
select
    decided.*, pending.extracted_at as read_at, coalesce(pending.qualified_at, decided.qualified_at) as decided_at,
    coalesce(held.event_at, decided.trigger_at) as event_at,
    case when held.held_since is null then pending.received_at else held.received_at end as received_at,
    coalesce(held.extracted_at, pending.extracted_at) as first_extracted_at,
    coalesce(held.qualified_at, pending.qualified_at, decided.qualified_at) as first_qualified_at,
    coalesce(last_handoff.cycle, 0) + 1 as next_cycle, contact.read_at as contact_read_at
from handoff.pending_leads as pending
inner join ({{decided}}) as decided on decided.lead_id = pending.lead_id
left join last_handoff
    on last_handoff.lead_id = decided.lead_id and last_handoff.product_id = decided.product_id
left join lateral (
    select held.* from identities as identity
    inner join handoff.held_mqls as held on held.lead_id = identity.id
    where identity.present_id = decided.lead_id and held.product_id = decided.product_id and held.ended_as_of is null
    order by held.held_since limit 1
) as held on true
left join lateral (
    select greatest(batch.started_at, version.updated_at) as read_at from raw.hubspot_contacts as version
    inner join raw.batches as batch on batch.batch_id = version.batch_id
    where version.id = decided.lead_id order by version.updated_at desc, version.version_id desc limit 1
) as contact on true
where
    pending.batch_id <= %(batch)s
    and decided.decision = 'mql'
    and not exists (
        -- A person said that what it had done until then hands nothing over.
        select from identities as identity
        inner join handoff.flood_leads as held on held.lead_id = identity.id
        inner join handoff.floods as flood on flood.flood_id = held.flood_id
        where identity.present_id = decided.lead_id and held.product_id = decided.product_id
        and flood.answer = 'dropped' and decided.trigger_at <= flood.answered_at
    )
    and (
        last_handoff.lead_id is null
        or (
            decided.trigger_at > coalesce(last_handoff.ended_at, '-infinity')
            -- Whoever ended it since the decision was made gave the lead a cooling-off time that it does not know of.
            and not decided.is_handed_off
        )
    )
order by decided.is_hand_raiser desc, decided.score desc, first_extracted_at, pending.lead_id
"""
