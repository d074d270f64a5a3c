with

reps as (
    select * from {{ ref('int_reps') }}
),

final as (
    select
        rep_id,
        manager_id,
        crm_owner_id,
        calendar_id,
        name,
        email,
        time_zone,
        unavailable_because is not null as is_away
    from reps
)

select * from final
