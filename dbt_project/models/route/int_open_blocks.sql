{{ config(materialized='ephemeral') }}

with

schedules as (
    select distinct calendar_id, time_zone from {{ ref('reps') }}
),

openings as (
    select * from {{ ref('calendars') }}
),

holidays as (
    select * from {{ ref('holidays') }}
),

days as (
    select
        schedules.calendar_id,
        schedules.time_zone,
        ({{ as_of_date() }} + offsets.days)::date as open_on
    from schedules
    cross join generate_series(
        -1 * {{ var('open_intervals_days_back') }}, {{ var('open_intervals_days_ahead') }}
    ) as offsets (days)
),

final as (
    select
        days.*,
        openings.opens,
        openings.closes,
        -- Clocks change somewhere between the day before and the day after: wall times may be missing or repeat.
        (days.open_on - 1)::timestamp at time zone days.time_zone - (days.open_on - 1)::timestamp at time zone 'UTC'
        <> (days.open_on + 2)::timestamp at time zone days.time_zone - (days.open_on + 2)::timestamp at time zone 'UTC'
        as is_clock_change
    from days
    inner join openings
        on
            days.calendar_id = openings.calendar_id
            and extract(isodow from days.open_on) = openings.weekday
            and days.open_on >= openings.valid_from
            and days.open_on < openings.valid_to
    where not exists (
        select 1 from holidays
        where
            holidays.calendar_id = days.calendar_id
            and holidays.holiday_on = days.open_on
            and days.open_on >= holidays.valid_from
            and days.open_on < holidays.valid_to
    )
)

select * from final
