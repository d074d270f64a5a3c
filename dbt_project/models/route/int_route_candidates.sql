{{ line_table() }}

with

mqls as (
    select
        qualification.lead_id, qualification.product_id, lead_row.owner_id, lead_row.company_owner_id,
        lead_row.region, lead_row.country, lead_row.employees
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
        on
            territories.region in (mqls.region, '*')
            and territories.country in (mqls.country, '*')
            and coalesce(mqls.employees, 0) >= territories.min_employees
            and coalesce(mqls.employees, 0) < territories.max_employees
    order by mqls.lead_id, mqls.product_id, territories.precedence, territories.territory_id
),

owners as (
    select lead_id, product_id, 'account_owner' as step, company_owner_id as crm_owner_id from mqls
    union all
    select lead_id, product_id, 'contact_owner' as step, owner_id as crm_owner_id from mqls
),

pooled as (
    select lead_id, product_id, 'territory' as step, pool_id, 'territory ' || territory_id as why from covered
    union all
    select mqls.lead_id, mqls.product_id, steps.step, steps.pool_id, 'fallback of the agreement' as why
    from mqls cross join steps
    where steps.step = 'fallback'
),

considered as (
    select
        owners.lead_id, owners.product_id, owners.step, null::text as pool_id,
        coalesce(reps.rep_id, 'crm-owner-' || owners.crm_owner_id) as rep_id, coalesce(reps.weight, 0) as weight,
        case
            when reps.rep_id is null then 'no rep of the agreement'
            else reps.unavailable_because
        end as unavailable_because,
        'CRM owner ' || owners.crm_owner_id as why
    from owners
    left join reps on owners.crm_owner_id = reps.crm_owner_id
    where owners.crm_owner_id is not null
    union all
    select
        pooled.lead_id, pooled.product_id, pooled.step, pooled.pool_id, members.rep_id, members.weight,
        case
            when reps.rep_id is null then 'no rep of the agreement'
            else reps.unavailable_because
        end as unavailable_because,
        pooled.why
    from pooled
    inner join pool_members as members on pooled.pool_id = members.pool_id
    left join reps on members.rep_id = reps.rep_id
),

final as (
    select
        considered.lead_id, considered.product_id, steps.step_rank, considered.step, considered.pool_id,
        considered.rep_id, considered.weight,
        considered.unavailable_because is null as is_eligible,
        considered.why || coalesce(', but ' || considered.unavailable_because, '') as reason
    from considered
    inner join steps on considered.step = steps.step
)

select * from final
