-- depends_on: {{ ref('int_ahead_leads') }}
with

rules as (
    select * from {{ ref('attribution_conversions') }}
),

handoffs as (
    select * from {{ ref('stg_handoff__handoffs') }}
),

dispositions as (
    select * from {{ ref('stg_handoff__dispositions') }}
),

stays as (
    select * from {{ ref('int_stage_stays') }}
),

evidence as (
    select
        lead_id, handoff_id, 'handed_off' as evidence_kind, product_id as evidence_value, qualified_at as occurred_at,
        null::timestamptz as left_at
    from handoffs
    union all
    select
        handoffs.lead_id, dispositions.handoff_id, 'answered' as evidence_kind, dispositions.kind as evidence_value,
        dispositions.occurred_at, null as left_at
    from dispositions
    inner join handoffs on dispositions.handoff_id = handoffs.handoff_id
    union all
    select
        lead_id, null as handoff_id, 'reached_stage' as evidence_kind, lifecycle_stage as evidence_value,
        entered_at as occurred_at, left_at
    from stays
),

final as (
    select
        rules.rule_id,
        rules.conversion_kind,
        rules.is_once,
        evidence.lead_id,
        evidence.handoff_id,
        evidence.occurred_at,
        evidence.left_at
    from evidence
    inner join rules
        on evidence.evidence_kind = rules.evidence_kind and rules.match_value in (evidence.evidence_value, '*')
    where evidence.occurred_at <= {{ as_of() }} and {{ was_in_force('rules', utc_day('evidence.occurred_at')) }}
)

select * from final
