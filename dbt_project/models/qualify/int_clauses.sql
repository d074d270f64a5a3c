{{ line_table() }}

with

leads as (
    select
        lead_id,
        to_jsonb(lead_row) as facts
    from {{ ref('int_leads') }} as lead_row
    where {{ only_pending() }}
),

definitions as (
    select * from {{ ref('int_definitions') }}
),

fact_clauses as (
    select requirement_id as clause_id, 'requirement' as clause_kind, definition_id, label, field, operator, value
    from {{ ref('requirements') }}
    where {{ is_in_force() }}
    union all
    select disqualifier_id as clause_id, 'disqualifier' as clause_kind, definition_id, label, field, operator, value
    from {{ ref('disqualifiers') }}
    where {{ is_in_force() }} and basis = 'fact'
),

judged_facts as (
    select
        leads.lead_id, fact_clauses.definition_id, fact_clauses.clause_kind, fact_clauses.clause_id,
        {{ fact_matches('(leads.facts ->> fact_clauses.field)', 'fact_clauses.operator', 'fact_clauses.value') }}
        as is_held,
        fact_clauses.label || ': ' || coalesce(leads.facts ->> fact_clauses.field, 'unknown') as detail
    from leads
    cross join fact_clauses
),

judged_behaviours as (
    select lead_id, definition_id, clause_kind, clause_id, is_held, detail
    from {{ ref('int_behaviour_clauses') }}
    where {{ only_pending() }}
),

scores as (
    select * from {{ ref('int_scores') }}
    where {{ only_pending() }}
),

judged_thresholds as (
    select
        scores.lead_id, scores.definition_id, 'threshold' as clause_kind, scores.definition_id as clause_id,
        scores.score >= definitions.threshold as is_held,
        'Score ' || scores.score || ' of ' || definitions.threshold as detail
    from scores
    inner join definitions on scores.definition_id = definitions.definition_id
),

judged as (
    select * from judged_facts
    union all
    select * from judged_behaviours
    union all
    select * from judged_thresholds
),

final as (
    select
        judged.lead_id, judged.definition_id, definitions.definition_version, judged.clause_kind, judged.clause_id,
        case judged.is_held when true then 'held' when false then 'failed' else 'unknown' end as state,
        judged.detail
    from judged
    inner join definitions on judged.definition_id = definitions.definition_id
)

select * from final
