with

reps as (
    select * from {{ ref('reps') }}
    where {{ is_in_force() }}
),

owners as (
    select * from {{ ref('stg_hubspot__owners') }}
),

final as (
    select
        reps.rep_id,
        reps.crm_owner_id,
        others.rep_id as is_owner_of
    from reps
    left join owners on reps.crm_owner_id = owners.owner_id
    left join reps as others on reps.rep_id <> others.rep_id and owners.email = lower(others.email)
    where
        -- Without the scope for owners none is known, and nothing can be told of any.
        exists (select 1 from owners as landed)
        and (owners.owner_id is null or others.rep_id is not null)
)

select * from final
