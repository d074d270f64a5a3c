with

company as (
    select time_zone from {{ ref('company') }}
    where {{ is_in_force() }}
),

shadows as (
    select * from {{ ref('stg_handoff__shadow_decisions') }}
),

-- Live and shadow are compared over the time in which both decided.
watched as (
    select product_id, definition_id, definition_version, min(decided_at) as since
    from shadows
    group by product_id, definition_id, definition_version
),

handoffs as (
    select * from {{ ref('stg_handoff__handoffs') }}
),

conversions as (
    select * from {{ ref('int_conversions') }}
    where conversion_kind = 'sql'
),

decisions as (
    select product_id, definition_id, definition_version, lead_id, decided_at, true as is_shadow from shadows
    union all
    select
        watched.product_id, watched.definition_id, watched.definition_version, handoffs.lead_id, handoffs.qualified_at,
        false as is_shadow
    from watched
    inner join handoffs on watched.product_id = handoffs.product_id and watched.since <= handoffs.qualified_at
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
        leads.product_id,
        leads.definition_id,
        leads.definition_version,
        count(*) filter (where leads.is_by_live) as live_mqls,
        count(*) filter (where leads.is_by_shadow) as shadow_mqls,
        count(*) filter (where leads.is_by_live and leads.is_by_shadow) as both_mqls,
        count(sql_at.occurred_at) filter (where leads.is_by_live and not leads.is_by_shadow) as only_live_sqls,
        count(sql_at.occurred_at) filter (where leads.is_by_shadow and not leads.is_by_live) as only_shadow_sqls
    from leads
    left join lateral (
        select min(conversions.occurred_at) as occurred_at
        from conversions
        where conversions.lead_id = leads.lead_id and conversions.occurred_at >= leads.decided_at
    ) as sql_at on true
    group by week_starts_on, leads.product_id, leads.definition_id, leads.definition_version
)

select * from final
