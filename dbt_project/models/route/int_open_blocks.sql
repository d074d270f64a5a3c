{{ config(materialized='ephemeral') }}

with

openings as (
    select * from {{ ref('calendars') }}
),

special_hours as (
    select * from {{ ref('special_hours') }}
),

holidays as (
    select * from {{ ref('holidays') }}
),

schedules as (
    select distinct
        calendar_id,
        time_zone,
        {{ as_of_date() }} - {{ var('open_intervals_days_back') }} as first_on,
        {{ as_of_date() }} + {{ var('open_intervals_days_ahead') }} as last_on
    from {{ ref('reps') }}
),

days as (
    select
        schedules.*,
        day.open_at::date as open_on
    from schedules
    cross join
        lateral generate_series(
            schedules.first_on::timestamp, schedules.last_on::timestamp, interval '1 day'
        ) as day (open_at)
),

final as (
    {{ working_blocks('days') }}
)

select * from final
