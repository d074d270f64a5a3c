{{ config(
    materialized='table',
    indexes=[
        {'columns': ['calendar_id', 'time_zone', 'closes_at'], 'unique': true},
        {'columns': ['calendar_id', 'time_zone', 'seconds_before']},
    ],
) }}

with

blocks as (
    select * from {{ ref('int_open_blocks') }}
),

ordinary as (
    select
        calendar_id, time_zone,
        (open_on + opens) at time zone time_zone as opens_at,
        (open_on + closes) at time zone time_zone as closes_at
    from blocks
    where not is_clock_change
),

-- On days around a clock change every minute says itself what its wall time is.
open_minutes as (
    select blocks.calendar_id, blocks.time_zone, blocks.opens, blocks.open_on, minutes.at
    from blocks
    cross join
        lateral generate_series(
            blocks.open_on::timestamp at time zone 'UTC' - interval '1 day',
            blocks.open_on::timestamp at time zone 'UTC' + interval '2 days',
            interval '1 minute'
        ) as minutes (at)
    where
        blocks.is_clock_change
        and (minutes.at at time zone blocks.time_zone)::date = blocks.open_on
        and (minutes.at at time zone blocks.time_zone)::time >= blocks.opens
        and (minutes.at at time zone blocks.time_zone)::time < blocks.closes
),

islands as (
    select
        *,
        at - interval '1 minute' * row_number() over (
            partition by calendar_id, time_zone, open_on, opens order by at
        ) as island
    from open_minutes
),

changed as (
    select calendar_id, time_zone, min(at) as opens_at, max(at) + interval '1 minute' as closes_at
    from islands
    group by calendar_id, time_zone, open_on, opens, island
),

intervals as (
    select * from ordinary
    union all
    select * from changed
),

final as (
    select
        calendar_id,
        time_zone,
        opens_at,
        closes_at,
        coalesce(sum(extract(epoch from (closes_at - opens_at))) over (
            partition by calendar_id, time_zone
            order by opens_at
            rows between unbounded preceding and 1 preceding
        ), 0) as seconds_before
    from intervals
)

select * from final
