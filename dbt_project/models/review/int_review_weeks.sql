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
        count(definitions.product_id) > 0 as is_offered,
        coalesce(bool_or({{ was_in_force('definitions', 'week.starts_at::date') }}), false)
        and (go_live.live_at at time zone (select company.time_zone from company))::date
        <= week.starts_at::date as is_offered_on_monday,
        go_live.live_at <= week.starts_at at time zone (select company.time_zone from company)
        and coalesce(
            range_agg(daterange(definitions.valid_from, definitions.valid_to))
            filter (where definitions.product_id is not null)
            @> daterange(week.starts_at::date, (week.starts_at + interval '1 week')::date), false
        ) as is_whole
    from {{ ref('stg_handoff__go_live') }} as go_live
    cross join
        lateral generate_series(
            {{ week_of('go_live.live_at') }}::timestamp, {{ week_of(as_of()) }}::timestamp, interval '1 week'
        ) as week (starts_at)
    left join definitions
        on
            go_live.product_id = definitions.product_id
            and definitions.valid_from < (week.starts_at + interval '1 week')::date
            and definitions.valid_to > week.starts_at::date
    where go_live.live_at <= {{ as_of() }}
    group by go_live.product_id, go_live.live_at, week.starts_at
),

-- A week is judged by what was promised on its Monday, and a product that is paused in all of it owes nothing.
promises as (
    select
        weeks.week_starts_on, weeks.product_id, weeks.is_whole,
        count(*) filter (where commitments.metric = 'handoffs_per_week') > 0 as has_number
    from weeks
    inner join commitments
        on weeks.product_id = commitments.product_id and {{ was_in_force('commitments', 'weeks.week_starts_on') }}
    where weeks.is_offered
    group by weeks.week_starts_on, weeks.product_id, weeks.is_whole
),

-- What is counted of all products is held against no promise that one of them did not make. Who was not offered on the
-- Monday could make none on it.
shared as (
    select weeks.week_starts_on, metrics.metric
    from weeks
    cross join metrics
    left join commitments
        on
            weeks.product_id = commitments.product_id and metrics.metric = commitments.metric
            and {{ was_in_force('commitments', 'weeks.week_starts_on') }}
    where weeks.is_offered
    group by weeks.week_starts_on, metrics.metric
    having
        count(commitments.metric) > 0
        and bool_and(commitments.metric is not null or not weeks.is_offered_on_monday)
),

final as (
    select
        week_starts_on, 'product' as dimension, product_id as member, is_whole, null::jsonb as promised,
        jsonb_build_array(product_id) as products
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
        ) as promised,
        coalesce(jsonb_agg(weeks.product_id order by weeks.product_id) filter (where weeks.is_offered), '[]')
        as products
    from weeks
    left join promises on weeks.product_id = promises.product_id and weeks.week_starts_on = promises.week_starts_on
    group by weeks.week_starts_on
)

select * from final
