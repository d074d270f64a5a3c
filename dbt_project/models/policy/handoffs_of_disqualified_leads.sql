with

handoffs as (
    select * from {{ ref('stg_handoff__handoffs') }}
),

-- What the handoff itself was told convicts it: the line keeps only a lead's newest decision, which forgets this one.
final as (
    select
        handoffs.handoff_id,
        handoffs.lead_id,
        string_agg(told.clause_id, '; ' order by told.clause_id) as blocked_by,
        handoffs.qualified_at
    from handoffs
    cross join lateral jsonb_to_recordset(handoffs.context -> 'clauses') as told (kind text, clause_id text, state text)
    where told.kind = 'disqualifier' and told.state = 'held'
    group by handoffs.handoff_id, handoffs.lead_id, handoffs.qualified_at
)

select * from final
