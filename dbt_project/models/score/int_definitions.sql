{{ config(materialized='view') }}

with

definitions as (
    select * from {{ ref('definitions') }}
    where {{ is_in_force() }}
),

fit_caps as (
    select * from {{ ref('score_caps') }}
    where {{ is_in_force() }} and scope = 'family' and scope_id = 'fit'
),

final as (
    select
        definitions.definition_id,
        definitions.version as definition_version,
        definitions.product_id,
        definitions.name,
        definitions.status = 'shadow' as is_shadow,
        definitions.threshold,
        -- Without a cap on fit the threshold itself might be reached by fit alone.
        coalesce(fit_caps.max_points, definitions.threshold) as most_fit_points,
        definitions.max_trigger_age_hours,
        definitions.requalify_cooling_off_days,
        definitions.requalify_after_contact_days,
        definitions.enrichment_wait_minutes
    from definitions
    left join fit_caps on definitions.definition_id = fit_caps.definition_id
    where definitions.status in ('live', 'shadow')
)

select * from final
