{{ config(materialized='ephemeral') }}

with

clauses as (
    select * from {{ ref('int_clauses') }}
),

final as (
    select
        lead_id,
        definition_id,
        string_agg(clause_id || ' (' || detail || ')', '; ' order by clause_id)
        filter (where clause_kind = 'disqualifier' and state = 'held') as blocked_by,
        string_agg(clause_id || ' (' || detail || ')', '; ' order by clause_id)
        filter (where clause_kind = 'requirement' and state = 'failed') as failed_requirements,
        string_agg(clause_id, '; ' order by clause_id)
        filter (where clause_kind = 'requirement' and state = 'unknown') as unknown_requirements,
        string_agg(clause_id || ' (' || detail || ')', '; ' order by clause_id)
        filter (where clause_kind in ('behaviour', 'threshold') and state <> 'held') as missing_interest
    from clauses
    group by lead_id, definition_id
)

select * from final
