{{ config(materialized='ephemeral') }}

with

leads as (
    select
        lead_id,
        to_jsonb(lead_row) as facts
    from {{ ref('int_leads') }} as lead_row
),

definitions as (
    select * from {{ ref('int_definitions') }}
),

fit_points as (
    select * from {{ ref('fit_points') }}
    where {{ is_in_force() }}
),

final as (
    select
        leads.lead_id,
        fit_points.definition_id,
        fit_points.rule_id,
        fit_points.cap_group,
        fit_points.points,
        fit_points.label
        || case
            when jsonb_typeof(leads.facts -> fit_points.field) = 'boolean' then ''
            else ': ' || (leads.facts ->> fit_points.field)
        end as evidence
    from leads
    cross join fit_points
    inner join definitions on fit_points.definition_id = definitions.definition_id
    where {{ fact_matches('(leads.facts ->> fit_points.field)', 'fit_points.operator', 'fit_points.value') }}
)

select * from final
