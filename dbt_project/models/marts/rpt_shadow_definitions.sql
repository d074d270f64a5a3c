with

company as (
    select time_zone from {{ ref('company') }}
    where {{ is_in_force() }}
),

trials as (
    select * from {{ ref('int_compared_trials') }}
),

leads as (
    select * from {{ ref('int_shadow_leads') }}
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
        count(*) filter (where leads.is_sql and not leads.is_by_shadow) as only_live_sqls,
        count(*) filter (where leads.is_sql and not leads.is_by_live) as only_shadow_sqls
    from weeks
    left join leads
        on
            weeks.definition_id = leads.definition_id and weeks.definition_version = leads.definition_version
            and weeks.week_starts_on = leads.week_starts_on
    group by weeks.week_starts_on, weeks.product_id, weeks.definition_id, weeks.definition_version
)

select * from final
