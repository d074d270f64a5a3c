with

company as (
    select time_zone from {{ ref('company') }}
    where {{ is_in_force() }}
),

kept as (
    select make_interval(days => keep_days) as span from {{ ref('retention') }}
    where {{ is_in_force() }} and subject = 'shadow_decisions'
),

-- Live and shadow are compared over the time in which both decided, and of which both are still kept.
trials as (
    select
        trial.product_id, trial.definition_id, trial.definition_version,
        greatest(trial.began_at, {{ as_of() }} - (select kept.span from kept)) as began_at,
        least(trial.ends_at, {{ as_of() }}) as ends_at
    from {{ ref('int_shadow_trials') }} as trial
    where trial.began_at <= {{ as_of() }}
),

shadows as (
    select
        decision.definition_id, decision.definition_version, decision.decided_at,
        coalesce(aliases.lead_id, decision.lead_id) as lead_id
    from {{ ref('stg_handoff__shadow_decisions') }} as decision
    left join {{ ref('stg_handoff__aliases') }} as aliases on decision.lead_id = aliases.former_lead_id
),

conversions as (
    select * from {{ ref('int_conversions') }}
    where conversion_kind = 'sql'
),

decisions as (
    select trials.definition_id, trials.definition_version, shadows.lead_id, shadows.decided_at, true as is_shadow
    from trials
    inner join shadows
        on
            trials.definition_id = shadows.definition_id and trials.definition_version = shadows.definition_version
            and shadows.decided_at >= trials.began_at
    union all
    select
        trials.definition_id, trials.definition_version, handoffs.lead_id, handoffs.qualified_at, false as is_shadow
    from trials
    inner join {{ ref('stg_handoff__handoffs') }} as handoffs
        on
            trials.product_id = handoffs.product_id
            and handoffs.qualified_at >= trials.began_at and handoffs.qualified_at <= trials.ends_at
),

leads as (
    select
        definition_id, definition_version, lead_id,
        min(decided_at) as decided_at,
        {{ week_of('min(decided_at)') }} as week_starts_on,
        bool_or(is_shadow) as is_by_shadow,
        bool_or(not is_shadow) as is_by_live
    from decisions
    group by definition_id, definition_version, lead_id
),

-- A shadow that hands over nobody says as much as one that hands over everybody: each week of a trial has its row.
weeks as (
    select
        trials.product_id, trials.definition_id, trials.definition_version, weeks.starts_at::date as week_starts_on
    from trials
    cross join
        generate_series(
            {{ week_of('trials.began_at') }}::timestamp, {{ week_of('trials.ends_at') }}::timestamp, interval '1 week'
        ) as weeks (starts_at)
    where weeks.starts_at < trials.ends_at at time zone (select company.time_zone from company)
),

final as (
    select
        weeks.week_starts_on, weeks.product_id, weeks.definition_id, weeks.definition_version,
        count(*) filter (where leads.is_by_live) as live_mqls,
        count(*) filter (where leads.is_by_shadow) as shadow_mqls,
        count(*) filter (where leads.is_by_live and leads.is_by_shadow) as both_mqls,
        count(sql_at.occurred_at) filter (where leads.is_by_live and not leads.is_by_shadow) as only_live_sqls,
        count(sql_at.occurred_at) filter (where leads.is_by_shadow and not leads.is_by_live) as only_shadow_sqls
    from weeks
    left join leads
        on
            weeks.definition_id = leads.definition_id and weeks.definition_version = leads.definition_version
            and weeks.week_starts_on = leads.week_starts_on
    left join lateral (
        select min(conversions.occurred_at) as occurred_at
        from conversions
        where conversions.lead_id = leads.lead_id and conversions.occurred_at >= leads.decided_at
    ) as sql_at on true
    group by weeks.week_starts_on, weeks.product_id, weeks.definition_id, weeks.definition_version
)

select * from final
