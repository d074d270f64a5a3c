with

maturity as (
    {{ maturity() }}
),

reasons as (
    select * from {{ ref('rejection_reasons') }}
),

-- Only what let a lead in can be to blame that it was the wrong one: not what a hand-raiser was never asked, nor a
-- clause of another definition.
let_in as (
    select distinct handoff_id, clause_id from {{ ref('int_handoff_clauses') }}
),

dispositions as (
    select * from {{ ref('stg_handoff__dispositions') }}
),

-- Of the clauses that a reason names, at most one is of the handoff's definition.
accusations as (
    select let_in.handoff_id, let_in.clause_id
    from dispositions
    inner join reasons
        on
            dispositions.reason_id = reasons.reason_id
            and {{ was_in_force('reasons', utc_day('dispositions.occurred_at')) }}
    inner join let_in
        on
            dispositions.handoff_id = let_in.handoff_id
            and let_in.clause_id = any(string_to_array(reasons.clause_ids, ';'))
    where dispositions.kind = 'rejected'
),

-- One rep after another may have accepted it, and whoever calls a lead has accepted it.
acceptances as (
    select distinct handoff_id from dispositions
    where kind in ('accepted', 'contacted')
),

handoffs as (
    select * from {{ ref('stg_handoff__handoffs') }}
),

outcomes as (
    select * from {{ ref('int_handoff_outcomes') }}
),

judged as (
    select
        handoffs.handoff_id, handoffs.lead_id, handoffs.definition_id, handoffs.definition_version,
        acceptance.handoff_id is not null as was_accepted, withdrawal.handoff_id is not null as is_withdrawn,
        rejection.reason_id, rejection.occurred_at as rejected_at, accused.clause_id as accused_clause_id,
        handoffs.qualified_at + maturity.span <= {{ as_of() }} as is_old,
        coalesce(outcomes.sql_at < handoffs.qualified_at + maturity.span, false) as is_converted
    from handoffs
    cross join maturity
    left join outcomes on handoffs.handoff_id = outcomes.handoff_id
    left join acceptances as acceptance on handoffs.handoff_id = acceptance.handoff_id
    left join dispositions as rejection on handoffs.handoff_id = rejection.handoff_id and rejection.kind = 'rejected'
    left join accusations as accused on rejection.handoff_id = accused.handoff_id
    left join dispositions as withdrawal
        on handoffs.handoff_id = withdrawal.handoff_id and withdrawal.kind = 'withdrawn'
),

-- One that was taken back says nothing of the clauses, whatever was answered before or after.
final as (
    select
        handoff_id, lead_id, definition_id, definition_version, is_withdrawn,
        not is_withdrawn and was_accepted as is_accepted,
        not is_withdrawn and rejected_at is not null as is_rejected,
        not is_withdrawn and (was_accepted or rejected_at is not null) as is_answered,
        reason_id, rejected_at, accused_clause_id,
        not is_withdrawn and is_old as is_matured,
        is_converted
    from judged
)

select * from final
