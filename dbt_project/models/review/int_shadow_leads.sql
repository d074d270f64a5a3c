with

company as (
    select time_zone from {{ ref('company') }}
    where {{ is_in_force() }}
),

trials as (
    select * from {{ ref('int_compared_trials') }}
),

shadows as (
    select
        decision.definition_id, decision.definition_version, decision.decided_at,
        coalesce(aliases.lead_id, decision.lead_id) as lead_id
    from {{ ref('stg_handoff__shadow_decisions') }} as decision
    left join {{ ref('stg_handoff__aliases') }} as aliases on decision.lead_id = aliases.former_lead_id
),

-- What sales answers is of the product of its handoff; a stage is of any.
sqls as (
    select evidence.lead_id, evidence.occurred_at, handoffs.product_id
    from {{ ref('int_conversion_evidence') }} as evidence
    left join {{ ref('stg_handoff__handoffs') }} as handoffs on evidence.handoff_id = handoffs.handoff_id
    where evidence.conversion_kind = 'sql'
),

decisions as (
    select
        trials.product_id, trials.definition_id, trials.definition_version, shadows.lead_id, shadows.decided_at,
        true as is_shadow
    from trials
    inner join shadows
        on
            trials.definition_id = shadows.definition_id and trials.definition_version = shadows.definition_version
            and shadows.decided_at >= trials.began_at
    union all
    select
        trials.product_id, trials.definition_id, trials.definition_version, handoffs.lead_id, handoffs.qualified_at,
        false as is_shadow
    from trials
    inner join {{ ref('stg_handoff__handoffs') }} as handoffs
        on
            trials.product_id = handoffs.product_id
            and handoffs.qualified_at >= trials.began_at and handoffs.qualified_at <= trials.ends_at
),

leads as (
    select
        product_id, definition_id, definition_version, lead_id,
        min(decided_at) as decided_at,
        bool_or(is_shadow) as is_by_shadow,
        bool_or(not is_shadow) as is_by_live
    from decisions
    group by product_id, definition_id, definition_version, lead_id
),

final as (
    select
        {{ week_of('leads.decided_at') }} as week_starts_on,
        leads.definition_id,
        leads.definition_version,
        leads.lead_id,
        leads.is_by_live,
        leads.is_by_shadow,
        exists(
            select 1 from sqls
            where
                sqls.lead_id = leads.lead_id
                and sqls.occurred_at >= leads.decided_at
                and coalesce(sqls.product_id, leads.product_id) = leads.product_id
        ) as is_sql
    from leads
)

select * from final
