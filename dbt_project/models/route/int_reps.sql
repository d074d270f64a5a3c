{{ config(materialized='view') }}

with

reps as (
    select * from {{ ref('reps') }}
    where {{ is_in_force() }}
),

absences as (
    select * from {{ ref('absences') }}
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
        (
            select 'away until ' || max(absences.valid_to)
            from absences
            where
                absences.rep_id = reps.rep_id
                and absences.valid_from <= ({{ as_of() }} at time zone reps.time_zone)::date
                and ({{ as_of() }} at time zone reps.time_zone)::date < absences.valid_to
        ) as unavailable_because
    from reps
)

select * from final
