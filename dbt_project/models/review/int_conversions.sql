with

rules as (
    select * from {{ ref('attribution_conversions') }}
),

aliases as (
    select * from {{ ref('stg_handoff__aliases') }}
),

handoffs as (
    select * from {{ ref('stg_handoff__handoffs') }}
),

dispositions as (
    select * from {{ ref('stg_handoff__dispositions') }}
),

stages as (
    select
        coalesce(aliases.lead_id, stages.contact_id) as lead_id,
        stages.lifecycle_stage,
        stages.occurred_at
    from {{ ref('stg_hubspot__lifecycle_stages') }} as stages
    left join aliases on stages.contact_id = aliases.former_lead_id
),

evidence as (
    select lead_id, handoff_id, 'handed_off' as evidence_kind, product_id as evidence_value, qualified_at as occurred_at
    from handoffs
    union all
    select
        handoffs.lead_id, dispositions.handoff_id, 'answered' as evidence_kind, dispositions.kind as evidence_value,
        dispositions.occurred_at
    from dispositions
    inner join handoffs on dispositions.handoff_id = handoffs.handoff_id
    union all
    select lead_id, null as handoff_id, 'reached_stage' as evidence_kind, lifecycle_stage as evidence_value, occurred_at
    from stages
),

final as (
    select distinct on (conversion_id)
        concat_ws(
            ':', rules.conversion_kind, evidence.lead_id,
            case when not rules.is_once then coalesce(evidence.handoff_id, evidence.occurred_at::text) end
        ) as conversion_id,
        evidence.lead_id,
        evidence.handoff_id,
        rules.conversion_kind,
        evidence.occurred_at
    from evidence
    inner join rules
        on evidence.evidence_kind = rules.evidence_kind and rules.match_value in (evidence.evidence_value, '*')
    where evidence.occurred_at <= {{ as_of() }} and {{ was_in_force('rules', utc_day('evidence.occurred_at')) }}
    order by conversion_id, evidence.occurred_at, rules.rule_id
)

select * from final
