{{ config(materialized='view') }}

with

definitions as (
    select * from {{ ref('definitions') }}
    where status = 'shadow'
),

loaded as (
    select * from {{ ref('stg_handoff__loaded_definitions') }}
),

-- A row that is dated back decides nothing before it is loaded. Rows that nobody loaded through us count by their date.
begun as (
    select
        definitions.*,
        greatest(
            definitions.valid_from::timestamp at time zone 'UTC',
            (
                select min(loaded.loaded_at) from loaded
                where
                    loaded.definition_id = definitions.definition_id
                    and loaded.definition_version = definitions.version
                    and loaded.status = definitions.status
            )
        ) as began_at
    from definitions
),

final as (
    select
        product_id,
        definition_id,
        version as definition_version,
        min(began_at) as began_at,
        max(valid_to::timestamp at time zone 'UTC') as ends_at
    from begun
    group by product_id, definition_id, version
)

select * from final
