{{ line_table() }}

with

mqls as (
    select
        qualification.lead_id, qualification.product_id,
        lead_row.region, lead_row.country, lead_row.employees, lead_row.industry, lead_row.latest_source
    from {{ ref('int_qualifications') }} as qualification
    inner join {{ ref('int_leads') }} as lead_row on qualification.lead_id = lead_row.lead_id
    where
        qualification.decision = 'mql'
        and {{ only_pending('qualification.lead_id') }}
        and {{ only_pending('lead_row.lead_id') }}
),

steps as (
    select * from {{ ref('routing_steps') }}
    where {{ is_in_force() }}
),

reps as (
    select * from {{ ref('int_reps') }}
),

territories as (
    select * from {{ ref('territories') }}
    where {{ is_in_force() }}
),

pool_members as (
    select * from {{ ref('pool_members') }}
    where {{ is_in_force() }}
),

covered as (
    select distinct on (mqls.lead_id, mqls.product_id)
        mqls.lead_id, mqls.product_id, territories.pool_id, territories.territory_id
    from mqls
    inner join territories
        on {{ covers('territories', 'mqls') }}
    order by mqls.lead_id, mqls.product_id, territories.precedence, territories.territory_id
),

pooled as (
    select lead_id, product_id, 'territory' as step, pool_id, 'territory ' || territory_id as why from covered
    union all
    select mqls.lead_id, mqls.product_id, steps.step, steps.pool_id, 'fallback of the agreement' as why
    from mqls cross join steps
    where steps.step = 'fallback'
),

nominated as (
    select
        mqls.lead_id, mqls.product_id, owners.step, null::text as pool_id,
        coalesce(reps.rep_id, 'crm-owner-' || owners.crm_owner_id) as rep_id,
        coalesce(reps.weight, 0) as weight, owners.why
    from mqls
    inner join {{ ref('int_route_owners') }} as owners on mqls.lead_id = owners.lead_id
    left join reps on owners.crm_owner_id = reps.crm_owner_id
    where {{ only_pending('owners.lead_id') }}
    union all
    select
        pooled.lead_id, pooled.product_id, pooled.step, pooled.pool_id, members.rep_id, members.weight, pooled.why
    from pooled
    inner join pool_members as members on pooled.pool_id = members.pool_id
),

final as (
    select
        nominated.lead_id, nominated.product_id, steps.step_rank, nominated.step, nominated.pool_id, nominated.rep_id,
        nominated.weight,
        reps.rep_id is not null and reps.unavailable_because is null as is_eligible,
        nominated.why || coalesce(
            ', but ' || case when reps.rep_id is null then 'no rep of the agreement' else reps.unavailable_because end,
            ''
        ) as reason,
        reps.is_at_work,
        -- Who left does not come back: nobody waits for them.
        nullif(reps.unavailable_until, 'infinity') as unavailable_until, reps.max_open, reps.max_per_day, reps.time_zone
    from nominated
    inner join steps on nominated.step = steps.step
    left join reps on nominated.rep_id = reps.rep_id
)

select * from final
