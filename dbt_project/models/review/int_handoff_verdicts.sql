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

sqls as (
    select * from {{ ref('int_conversions') }}
    where conversion_kind = 'sql'
),

-- What a lead does after it was handed over again is no merit of the first time.
handoffs as (
    select
        *,
        lead(qualified_at, 1, 'infinity') over (
            partition by lead_id, product_id order by qualified_at, handoff_id
        ) as next_qualified_at
    from {{ ref('stg_handoff__handoffs') }}
),

final as (
    select
        handoffs.handoff_id, handoffs.lead_id, handoffs.definition_id, handoffs.definition_version,
        acceptance.handoff_id is not null as is_accepted, rejection.handoff_id is not null as is_rejected,
        acceptance.handoff_id is not null or rejection.handoff_id is not null as is_answered,
        rejection.reason_id, rejection.occurred_at as rejected_at, accused.clause_id as accused_clause_id,
        handoffs.qualified_at + maturity.span <= {{ as_of() }} as is_matured,
        coalesce((
            select true from sqls
            where
                handoffs.lead_id = sqls.lead_id
                and coalesce(sqls.handoff_id, handoffs.handoff_id) = handoffs.handoff_id
                and sqls.occurred_at >= handoffs.qualified_at
                and sqls.occurred_at < least(handoffs.next_qualified_at, handoffs.qualified_at + maturity.span)
            limit 1
        ), false) as is_converted
    from handoffs
    cross join maturity
    left join acceptances as acceptance on handoffs.handoff_id = acceptance.handoff_id
    left join dispositions as rejection on handoffs.handoff_id = rejection.handoff_id and rejection.kind = 'rejected'
    left join accusations as accused on rejection.handoff_id = accused.handoff_id
)

select * from final
