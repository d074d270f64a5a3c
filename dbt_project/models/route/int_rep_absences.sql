{{ config(materialized='view') }}

with

reps as (
    select * from {{ ref('reps') }}
    where {{ is_in_force() }}
),

absences as (
    select * from {{ ref('absences') }}
),

owners as (
    select * from {{ ref('stg_hubspot__owners') }}
),

users as (
    select * from {{ ref('stg_hubspot__users') }}
),

agreed as (
    select
        reps.rep_id,
        'away until ' || absences.valid_to as because,
        absences.valid_to::timestamp at time zone reps.time_zone as ends_at
    from reps
    inner join absences on reps.rep_id = absences.rep_id
    where
        absences.valid_from <= ({{ as_of() }} at time zone reps.time_zone)::date
        and ({{ as_of() }} at time zone reps.time_zone)::date < absences.valid_to
),

-- Leave is marked once: in HubSpot's own calendar or in the agreement.
out_of_office as (
    select
        reps.rep_id,
        'out of office in HubSpot until '
        || to_char(away.ends_at at time zone reps.time_zone, 'YYYY-MM-DD HH24:MI') as because,
        away.ends_at
    from reps
    inner join owners on reps.crm_owner_id = owners.owner_id
    inner join users on owners.user_id = users.user_id
    cross join
        lateral (
            select
                {{ as_instant("span.value ->> 'startTimestamp'") }} as begins_at,
                {{ as_instant("span.value ->> 'endTimestamp'") }} as ends_at
            from jsonb_array_elements(
                case when jsonb_typeof(users.out_of_office) = 'array' then users.out_of_office else '[]' end
            ) as span
        ) as away
    where away.begins_at <= {{ as_of() }} and {{ as_of() }} < away.ends_at
),

left_company as (
    select reps.rep_id, 'no longer active in HubSpot' as because, 'infinity'::timestamptz as ends_at
    from reps
    inner join owners on reps.crm_owner_id = owners.owner_id
    where owners.is_archived
),

every as (
    select * from agreed
    union all
    select * from out_of_office
    union all
    select * from left_company
),

final as (
    select distinct on (rep_id) rep_id, because, ends_at
    from every
    order by rep_id, ends_at desc, because
)

select * from final
