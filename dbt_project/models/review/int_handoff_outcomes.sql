with

-- What a lead becomes after it was handed over again belongs to that time.
handoffs as (
    select
        handoff_id,
        lead_id,
        qualified_at,
        lag(qualified_at) over times is null as is_first,
        lead(qualified_at, 1, 'infinity') over times as next_qualified_at
    from {{ ref('stg_handoff__handoffs') }}
    window times as (partition by lead_id, product_id order by qualified_at, handoff_id)
),

evidence as (
    select * from {{ ref('int_conversion_evidence') }}
),

-- A stage in which a lead is already when it is first handed over counts, and its cycle is negative.
reached as (
    select
        handoffs.handoff_id,
        handoffs.qualified_at,
        evidence.conversion_kind,
        evidence.occurred_at
    from handoffs
    inner join evidence
        on
            handoffs.lead_id = evidence.lead_id
            and coalesce(evidence.handoff_id, handoffs.handoff_id) = handoffs.handoff_id
            and (
                evidence.handoff_id is not null
                or (
                    evidence.occurred_at >= handoffs.qualified_at
                    and evidence.occurred_at < handoffs.next_qualified_at
                )
                or (
                    handoffs.is_first
                    and evidence.occurred_at < handoffs.qualified_at
                    and coalesce(evidence.left_at, 'infinity') > handoffs.qualified_at
                )
            )
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
