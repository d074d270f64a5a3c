{{ config(sql_header="set local jit = off; set local work_mem = '64MB';") }}

with

tiers as (
    select * from {{ ref('tiers') }}
),

names as (
    select * from {{ ref('int_clause_names') }}
),

handoffs as (
    select handoff.*, coalesce(tiers.is_for_hand_raisers, false) as is_hand_raiser
    from {{ ref('stg_handoff__handoffs') }} as handoff
    left join tiers
        on handoff.tier_id = tiers.tier_id and {{ was_in_force('tiers', utc_day('handoff.as_of')) }}
),

-- A disqualifier lets in whom it does not stop, and so does a requirement that is unknown for a hand-raiser, of whom
-- neither behaviour nor score is asked.
clauses as (
    select handoffs.handoff_id, told.kind as clause_kind, told.clause_id, told.state, 0::numeric as points
    from handoffs
    cross join lateral jsonb_to_recordset(handoffs.context -> 'clauses') as told (kind text, clause_id text, state text)
    where case told.kind
        when 'requirement' then told.state <> 'failed'
        when 'disqualifier' then told.state <> 'held'
        else told.state = 'held' and not handoffs.is_hand_raiser
    end
),

rules as (
    select
        handoffs.handoff_id, coalesce(names.clause_kind, 'rule') as clause_kind, part.rule_id as clause_id,
        'held' as state, sum(part.points) as points
    from handoffs
    cross join lateral jsonb_to_recordset(handoffs.context #> '{score,parts}') as part (rule_id text, points numeric)
    left join names
        on handoffs.definition_id = names.definition_id and part.rule_id = names.clause_id and names.gives_points
    where part.rule_id is not null
    group by handoffs.handoff_id, names.clause_kind, part.rule_id
    having sum(part.points) > 0
),

final as (
    select * from clauses
    union all
    select * from rules
)

select * from final
