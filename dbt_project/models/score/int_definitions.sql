{{ config(materialized='view') }}

with

definitions as (
    select * from {{ ref('definitions') }}
    where {{ is_in_force() }}
),

final as (
    select
        definition_id,
        version as definition_version,
        product_id,
        name,
        threshold,
        max_trigger_age_hours,
        requalify_cooling_off_days,
        enrichment_wait_minutes
    from definitions
    where status = 'live'
)

select * from final
