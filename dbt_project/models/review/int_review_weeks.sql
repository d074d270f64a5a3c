with

company as (
    select time_zone from {{ ref('company') }}
    where {{ is_in_force() }}
),

commitments as (
    select * from {{ ref('commitments') }}
),

definitions as (
    select * from {{ ref('definitions') }}
    where status = 'live'
),

metrics as (
    select distinct metric from commitments
),

weeks as (
    select
        go_live.product_id, week.starts_at::date as week_starts_on,
        go_live.product_id in (
            select definitions.product_id from definitions
            where
                definitions.valid_from < (week.starts_at + interval '1 week')::date
                and definitions.valid_to > week.starts_at::date
        ) as is_offered,
        go_live.live_at <= week.starts_at at time zone (select company.time_zone from company) as is_whole
    from {{ ref('stg_handoff__go_live') }} as go_live
    cross join
        lateral generate_series(
            {{ week_of('go_live.live_at') }}::timestamp, {{ week_of(as_of()) }}::timestamp, interval '1 week'
        ) as week (starts_at)
    where go_live.live_at <= {{ as_of() }}
),

-- A week is judged by what was promised on its Monday.
promises as (
    select
        weeks.week_starts_on, weeks.product_id, weeks.is_whole,
        count(*) filter (where commitments.metric = 'handoffs_per_week') > 0 as has_number
    from weeks
    inner join commitments
        on weeks.product_id = commitments.product_id and {{ was_in_force('commitments', 'weeks.week_starts_on') }}
    group by weeks.week_starts_on, weeks.product_id, weeks.is_whole
),

-- What is counted of all products is held against no promise that one of them did not make.
shared as (
    select weeks.week_starts_on, metrics.metric
    from weeks
    cross join metrics
    left join commitments
        on
            weeks.product_id = commitments.product_id and metrics.metric = commitments.metric
            and {{ was_in_force('commitments', 'weeks.week_starts_on') }}
    group by weeks.week_starts_on, metrics.metric
    having bool_and(commitments.metric is not null or not weeks.is_offered)
),

final as (
    select week_starts_on, 'product' as dimension, product_id as member, is_whole, null::jsonb as promised
    from promises
    union all
    select
        weeks.week_starts_on, 'all' as dimension, 'all' as member,
        coalesce(bool_and(weeks.is_whole) filter (where promises.has_number), true) as is_whole,
        to_jsonb(
            array(
                select shared.metric from shared
                where shared.week_starts_on = weeks.week_starts_on
                order by shared.metric
            )
        ) as promised
    from weeks
    left join promises on weeks.product_id = promises.product_id and weeks.week_starts_on = promises.week_starts_on
    group by weeks.week_starts_on
)

select * from final
