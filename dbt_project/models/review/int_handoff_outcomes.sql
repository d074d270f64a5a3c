with

answers as (
    select
        handoff_id,
        min(occurred_at) filter (where kind = 'rejected') as rejected_at,
        min(occurred_at) filter (where kind = 'withdrawn') as withdrawn_at
    from {{ ref('stg_handoff__dispositions') }}
    group by handoff_id
),

-- What a lead becomes after it was handed over again for its product belongs to that time, unless that was taken back.
handoffs as (
    select
        handoffs.handoff_id,
        handoffs.lead_id,
        handoffs.qualified_at,
        answers.rejected_at,
        coalesce(answers.withdrawn_at, 'infinity') as withdrawn_at,
        lag(handoffs.qualified_at) over (
            partition by handoffs.lead_id order by handoffs.qualified_at, handoffs.handoff_id
        ) is null as is_first,
        lead(handoffs.qualified_at, 1, 'infinity') over (
            partition by handoffs.lead_id, handoffs.product_id, answers.withdrawn_at is null
            order by handoffs.qualified_at, handoffs.handoff_id
        ) as next_qualified_at
    from {{ ref('stg_handoff__handoffs') }} as handoffs
    left join answers on handoffs.handoff_id = answers.handoff_id
),

evidence as (
    select * from {{ ref('int_conversion_evidence') }}
),

-- A stage does not say of which product it is: whoever had sent the lead back by then did not move it on, unless
-- everybody had. One in which a lead is already when it is first handed over counts, and its cycle is negative.
placed as (
    select distinct on (evidence.lead_id, evidence.conversion_kind, evidence.occurred_at)
        handoffs.handoff_id, evidence.conversion_kind, evidence.occurred_at
    from evidence
    inner join handoffs
        on
            evidence.lead_id = handoffs.lead_id
            and (
                (
                    evidence.occurred_at >= handoffs.qualified_at
                    and evidence.occurred_at < least(handoffs.next_qualified_at, handoffs.withdrawn_at)
                )
                or (
                    handoffs.is_first
                    and evidence.occurred_at < handoffs.qualified_at
                    and coalesce(evidence.left_at, 'infinity') > handoffs.qualified_at
                )
            )
    where evidence.handoff_id is null
    order by
        evidence.lead_id, evidence.conversion_kind, evidence.occurred_at,
        coalesce(handoffs.rejected_at <= evidence.occurred_at, false), handoffs.qualified_at desc,
        handoffs.handoff_id desc
),

reached as (
    select handoff_id, conversion_kind, occurred_at from evidence
    where handoff_id is not null
    union all
    select handoff_id, conversion_kind, occurred_at from placed
),

final as (
    select
        handoff_id,
        min(occurred_at) filter (where conversion_kind = 'sql') as sql_at,
        min(occurred_at) filter (where conversion_kind = 'won') as won_at
    from reached
    group by handoff_id
)

select * from final
