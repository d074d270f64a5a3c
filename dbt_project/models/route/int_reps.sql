{{ config(materialized='view') }}

with

reps as (
    select * from {{ ref('reps') }}
    where {{ is_in_force() }}
),

absences as (
    select * from {{ ref('int_rep_absences') }}
),

openings as (
    select * from {{ ref('calendars') }}
),

special_hours as (
    select * from {{ ref('special_hours') }}
),

holidays as (
    select * from {{ ref('holidays') }}
),

today as (
    select
        rep_id,
        calendar_id,
        ({{ as_of() }} at time zone time_zone)::date as open_on,
        ({{ as_of() }} at time zone time_zone)::time as wall_time
    from reps
),

blocks as (
    {{ working_blocks('today') }}
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
        exists(
            select 1 from blocks
            where
                blocks.rep_id = reps.rep_id
                and blocks.opens <= blocks.wall_time
                and blocks.wall_time < blocks.closes
        ) as is_at_work
    from reps
    left join absences on reps.rep_id = absences.rep_id
)

select * from final
