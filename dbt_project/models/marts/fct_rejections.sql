with

assignments as (
    select * from {{ ref('stg_handoff__assignments') }}
),

clauses as (
    select handoff_id, array_agg(clause_id order by clause_kind, clause_id) as clause_ids
    from {{ ref('int_handoff_clauses') }}
    group by handoff_id
),

rejections as (
    select * from {{ ref('int_handoff_verdicts') }}
    where rejected_at is not null
),

-- Whose it was when it was rejected, not who has it now.
reps as (
    select distinct on (rejections.handoff_id) rejections.handoff_id, assignments.rep_id
    from rejections
    inner join assignments
        on rejections.handoff_id = assignments.handoff_id and assignments.assigned_at <= rejections.rejected_at
    order by rejections.handoff_id, assignments.assigned_at desc
),

final as (
    select
        rejections.handoff_id,
        rejections.lead_id,
        reps.rep_id,
        rejections.reason_id,
        rejections.accused_clause_id,
        coalesce(clauses.clause_ids, '{}') as clause_ids,
        rejections.definition_id,
        rejections.definition_version,
        rejections.rejected_at as occurred_at
    from rejections
    left join reps on rejections.handoff_id = reps.handoff_id
    left join clauses on rejections.handoff_id = clauses.handoff_id
)

select * from final
