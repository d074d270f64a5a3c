with

leads as (
    select * from {{ ref('dim_leads') }}
),

handoffs as (
    select * from {{ ref('fct_handoffs') }}
),

first_handoffs as (
    select lead_id, min(qualified_at) as qualified_at from handoffs
    group by lead_id
),

-- Whether a lead becomes an MQL can only be asked of all leads, so they have cohorts of their own.
created as (
    select
        'lead' as cohort_by,
        leads.lead_id as subject_id,
        {{ labelled('leads.first_source') }} as source,
        {{ labelled('leads.segment') }} as segment,
        null as tier_id, null as definition_id, null as definition_version, null as rep_id,
        leads.created_at as began_at,
        array['lead', 'mql'] as stages,
        array[null, leads.created_at] as previous_at,
        array[leads.created_at, first_handoffs.qualified_at] as reached_at
    from leads
    left join first_handoffs on leads.lead_id = first_handoffs.lead_id
),

qualified as (
    select
        'mql' as cohort_by,
        handoffs.handoff_id as subject_id,
        {{ labelled('handoffs.first_source') }} as source,
        {{ labelled('handoffs.segment') }} as segment,
        handoffs.tier_id, handoffs.definition_id, handoffs.definition_version, handoffs.rep_id,
        handoffs.qualified_at as began_at,
        array['mql', 'accepted', 'contacted', 'sql', 'won'] as stages,
        array[
            leads.created_at, handoffs.qualified_at, handoffs.accepted_at, handoffs.contacted_at, handoffs.sql_at
        ] as previous_at,
        array[
            handoffs.qualified_at, handoffs.accepted_at, handoffs.contacted_at, handoffs.sql_at, handoffs.won_at
        ] as reached_at
    from handoffs
    left join leads on handoffs.lead_id = leads.lead_id
),

final as (
    select * from created
    union all
    select * from qualified
)

select * from final
