with

clauses as (
    select definition_id, 'requirement' as clause_kind, requirement_id as clause_id, label, valid_from
    from {{ ref('requirements') }}
    union all
    select definition_id, 'behaviour' as clause_kind, behaviour_id as clause_id, label, valid_from
    from {{ ref('behaviours') }}
    union all
    select definition_id, 'disqualifier' as clause_kind, disqualifier_id as clause_id, label, valid_from
    from {{ ref('disqualifiers') }}
    union all
    select
        definition_id, 'threshold' as clause_kind, definition_id as clause_id, 'Threshold of ' || name as label,
        valid_from
    from {{ ref('definitions') }}
    union all
    select definition_id, 'signal' as clause_kind, rule_id as clause_id, label, valid_from
    from {{ ref('signals') }}
    union all
    select definition_id, 'fit' as clause_kind, rule_id as clause_id, label, valid_from
    from {{ ref('fit_points') }}
),

-- What it was called last, also when it is no longer in force.
final as (
    select distinct on (definition_id, clause_kind, clause_id)
        definition_id,
        clause_kind,
        clause_id,
        clause_kind in ('signal', 'fit') as gives_points,
        label
    from clauses
    order by definition_id, clause_kind, clause_id, valid_from desc
)

select * from final
