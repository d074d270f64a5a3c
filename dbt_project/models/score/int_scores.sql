{{ line_table() }}

with

leads as (
    select lead_id from {{ ref('int_leads') }}
    where {{ only_pending() }}
),

definitions as (
    select * from {{ ref('int_definitions') }}
),

parts as (
    select * from {{ ref('int_score_parts') }}
    where {{ only_pending() }}
),

totals as (
    select
        lead_id,
        definition_id,
        sum(points) filter (where family = 'fit') as fit_points,
        sum(points) filter (where family = 'engagement') as engagement_points
    from parts
    group by lead_id, definition_id
),

final as (
    select
        leads.lead_id,
        definitions.definition_id,
        coalesce(totals.fit_points, 0) as fit_points,
        coalesce(totals.engagement_points, 0) as engagement_points,
        coalesce(totals.fit_points, 0) + coalesce(totals.engagement_points, 0) as score
    from leads
    cross join definitions
    left join totals
        on leads.lead_id = totals.lead_id and definitions.definition_id = totals.definition_id
)

select * from final
