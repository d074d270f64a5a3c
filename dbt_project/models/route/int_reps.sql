{{ config(materialized='view') }}

with

reps as (
    select * from {{ ref('reps') }}
    where {{ is_in_force() }}
),

absences as (
    select * from {{ ref('int_rep_absences') }}
),

calendars as (
    select * from {{ ref('calendars') }}
    where {{ is_in_force() }}
),

holidays as (
    select * from {{ ref('holidays') }}
    where {{ is_in_force() }}
),

final as (
    select
        reps.rep_id,
        reps.manager_id,
        reps.crm_owner_id,
        reps.slack_user_id,
        reps.calendar_id,
        reps.name,
        reps.email,
        reps.time_zone,
        reps.weight,
        reps.max_open,
        reps.max_per_day,
        absences.because as unavailable_because,
        absences.ends_at as unavailable_until,
        exists (
            select 1 from calendars
            where
                calendars.calendar_id = reps.calendar_id
                and calendars.weekday = extract(isodow from {{ as_of() }} at time zone reps.time_zone)
                and calendars.opens <= ({{ as_of() }} at time zone reps.time_zone)::time
                and ({{ as_of() }} at time zone reps.time_zone)::time < calendars.closes
        ) and not exists (
            select 1 from holidays
            where
                holidays.calendar_id = reps.calendar_id
                and holidays.holiday_on = ({{ as_of() }} at time zone reps.time_zone)::date
        ) as is_at_work
    from reps
    left join absences on reps.rep_id = absences.rep_id
)

select * from final
