with

clauses as (
    select * from {{ ref('int_handoff_clauses') }}
),

verdicts as (
    select * from {{ ref('int_handoff_verdicts') }}
),

final as (
    select
        verdicts.definition_id,
        verdicts.definition_version,
        clauses.clause_kind,
        clauses.clause_id,
        count(*)::int as handoffs,
        (count(*) filter (where verdicts.is_answered))::int as answered,
        (count(*) filter (where verdicts.is_accepted))::int as accepted,
        (count(*) filter (where verdicts.is_rejected))::int as rejected,
        (count(*) filter (where verdicts.is_rejected and verdicts.accused_clause_id = clauses.clause_id))::int
        as accused,
        (count(*) filter (where verdicts.is_matured))::int as matured,
        (count(*) filter (where verdicts.is_matured and verdicts.is_converted))::int as converted,
        sum(clauses.points) as points
    from clauses
    inner join verdicts on clauses.handoff_id = verdicts.handoff_id
    group by verdicts.definition_id, verdicts.definition_version, clauses.clause_kind, clauses.clause_id
)

select * from final
