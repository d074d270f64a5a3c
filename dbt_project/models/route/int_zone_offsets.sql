{{ config(materialized='ephemeral') }}

with

zones as (
    select
        time_zone,
        min(first_on) as first_on,
        max(last_on) as last_on
    from {{ ref('int_open_blocks') }}
    group by time_zone
),

-- A day is long enough for every zone: they lie within it of UTC.
days as (
    select
        zones.time_zone,
        day.begins_at
    from zones
    cross join
        lateral generate_series(
            (zones.first_on - 1)::timestamp at time zone 'UTC',
            (zones.last_on + 1)::timestamp at time zone 'UTC',
            interval '24 hours'
        ) as day (begins_at)
),

changing as (
    select * from days
    where
        (begins_at at time zone time_zone) - (begins_at at time zone 'UTC')
        <> ((begins_at + interval '24 hours') at time zone time_zone)
        - ((begins_at + interval '24 hours') at time zone 'UTC')
),

-- Since 1972 clocks have changed on whole minutes only.
changes as (
    select
        changing.time_zone,
        minute.at as begins_at
    from changing
    cross join
        lateral generate_series(
            changing.begins_at + interval '1 minute', changing.begins_at + interval '24 hours', interval '1 minute'
        ) as minute (at)
    where
        (minute.at at time zone changing.time_zone) - (minute.at at time zone 'UTC')
        <> ((minute.at - interval '1 minute') at time zone changing.time_zone)
        - ((minute.at - interval '1 minute') at time zone 'UTC')
),

starts as (
    select
        time_zone,
        min(begins_at) as begins_at
    from days
    group by time_zone
    union all
    select * from changes
),

final as (
    select
        time_zone,
        begins_at,
        lead(begins_at, 1, 'infinity') over (partition by time_zone order by begins_at) as ends_at,
        (begins_at at time zone time_zone) - (begins_at at time zone 'UTC') as utc_offset
    from starts
)

select * from final
