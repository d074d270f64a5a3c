"""What became of the handoffs, each given the same time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from handoff.agreement.model import Agreement
from handoff.ledger.db import Connection

SEED, COUNTED = "suggest_outcomes", "attribution_conversions"
YOUNG = "too young to know"


@dataclass(frozen=True)
class Outcome:
    """What became of one handoff.

    Attributes:
        as_of: the moment that its decision was made for.
        is_good: whether it became an SQL in time, by `suggest_outcomes.csv`.
        is_rejected: whether sales answered so that it did not, in time.
        is_counted: whether it became an SQL in time by `attribution_conversions.csv`, as everybody else counts.
        left_out: why nothing can be learned from it; None where something can.
    """

    handoff_id: str
    lead_id: str
    as_of: datetime
    routed_at: datetime
    is_good: bool
    is_rejected: bool
    is_counted: bool
    left_out: str | None


def counted_otherwise(told: Sequence[Outcome]) -> str | None:
    """How many the weekly pack counts otherwise, in a sentence; None where it counts all alike."""
    more = sum(each.is_counted and not each.is_good for each in told)
    fewer = sum(each.is_good and not each.is_counted for each in told)
    if not more and not fewer:
        return None
    return (
        f"Of these {len(told)} handoffs {more} are an SQL in the weekly pack (attribution_conversions.csv) and did not "
        f"end well here (suggest_outcomes.csv), {fewer} the other way round: to accept a lead is not yet to have it "
        "move on in the CRM."
    )


def of_handoffs(
    connection: Connection, agreement: Agreement, product_id: str, as_of: datetime, maturity: timedelta
) -> list[Outcome]:
    """Every handoff of a product until `as_of`, the earliest first.

    Args:
        maturity: how long each has to become an SQL; it ends before that when the lead is handed over again.
    """
    kinds = {
        f"{'good' if is_good else 'bad'}_{kind}": [
            row["match_value"] for row in agreement.rows(SEED, is_good=is_good, evidence_kind=kind)
        ]
        for is_good in (True, False)
        for kind in ("answered", "reached_stage")
    }
    kinds |= {
        f"counted_{kind}": [
            row["match_value"]
            for row in agreement.in_force(COUNTED, as_of.date(), conversion_kind="sql", evidence_kind=kind)
        ]
        for kind in ("answered", "reached_stage")
    }
    asked = {**kinds, "product": product_id, "as_of": as_of, "maturity": maturity, "young": YOUNG}
    return [Outcome(**row) for row in connection.execute(_OUTCOMES, asked)]


# Each handoff has the same time, whatever has been heard of it before that: to count early answers would be to take
# quick rejections for the whole of it. A stage is of one handoff, by the rule of `int_handoff_outcomes`.
_OUTCOMES = """
with answers as (
    select handoff_id, min(occurred_at) filter (where kind = 'rejected') as rejected_at,
        min(occurred_at) filter (where kind = 'withdrawn') as withdrawn_at
    from handoff.dispositions group by handoff_id
),
every as (
    select handoff.*, coalesce(alias.id, handoff.lead_id) as present_id, answers.rejected_at, answers.withdrawn_at,
        lead(routed_at) over (
            partition by coalesce(alias.id, handoff.lead_id), product_id, answers.withdrawn_at is null
            order by routed_at
        ) as again_at
    from handoff.handoffs as handoff
    left join handoff.aliases as alias on alias.object_type = 'contacts' and alias.old_id = handoff.lead_id
    left join answers on answers.handoff_id = handoff.handoff_id
    where routed_at <= %(as_of)s
),
placed as (
    select distinct on (stage.contact_id, stage.occurred_at, stage.lifecycle_stage)
        every.handoff_id, stage.lifecycle_stage, stage.occurred_at
    from every
    inner join staging.stg_hubspot__lifecycle_stages as stage on stage.contact_id = present_id
    where stage.occurred_at >= routed_at
    and stage.occurred_at < least(coalesce(again_at, 'infinity'), coalesce(withdrawn_at, 'infinity'))
    order by stage.contact_id, stage.occurred_at, stage.lifecycle_stage,
        coalesce(rejected_at <= stage.occurred_at, false), routed_at desc, every.handoff_id desc
),
handoffs as (
    select *, least(routed_at + %(maturity)s, again_at) as ends_at from every where product_id = %(product)s
),
evidence as (
    select handoffs.handoff_id, answer.kind = any(%(good_answered)s) as is_good,
        answer.kind = any(%(bad_answered)s) as is_bad, answer.kind = any(%(counted_answered)s) as is_counted
    from handoffs
    inner join handoff.dispositions as answer on answer.handoff_id = handoffs.handoff_id
    where answer.occurred_at < ends_at
    union all
    select handoffs.handoff_id, stage.lifecycle_stage = any(%(good_reached_stage)s),
        stage.lifecycle_stage = any(%(bad_reached_stage)s), stage.lifecycle_stage = any(%(counted_reached_stage)s)
    from handoffs
    inner join placed as stage on stage.handoff_id = handoffs.handoff_id
    where stage.occurred_at < ends_at
),
ended as (
    select handoff_id, bool_or(is_good) as is_good, bool_or(is_bad) as is_bad, bool_or(is_counted) as is_counted
    from evidence group by handoff_id
)
select handoffs.handoff_id, lead_id, as_of, routed_at, coalesce(is_good, false) as is_good,
    coalesce(is_bad and not is_good, false) as is_rejected, coalesce(is_counted, false) as is_counted,
    case
        when withdrawn_at is not null then 'withdrawn'
        when routed_at + %(maturity)s > %(as_of)s then %(young)s
    end as left_out
from handoffs
left join ended on ended.handoff_id = handoffs.handoff_id
order by routed_at, handoffs.handoff_id
"""
