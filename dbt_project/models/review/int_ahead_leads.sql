{{ review_table() }}

with

acts as (
    select
        lead_id,
        occurred_at as ahead_at
    from {{ ref('int_activities') }}
    where {{ only_moved() }} and occurred_at > {{ as_of() }}
),

sources as (
    select
        contact_id as lead_id,
        unnest(array[latest_source_at, created_at]) as ahead_at
    from {{ ref('stg_hubspot__contact_sources') }}
    where {{ only_moved('contact_id') }}
),

stages as (
    select
        contact_id as lead_id,
        occurred_at as ahead_at
    from {{ ref('stg_hubspot__stage_changes') }}
    where {{ only_moved('contact_id') }} and occurred_at > {{ as_of() }}
),

answers as (
    select
        handoffs.lead_id,
        dispositions.occurred_at as ahead_at
    from {{ ref('stg_handoff__handoffs') }} as handoffs
    inner join {{ ref('stg_handoff__dispositions') }} as dispositions on handoffs.handoff_id = dispositions.handoff_id
    where {{ only_moved('handoffs.lead_id') }} and dispositions.occurred_at > {{ as_of() }}
),

final as (
    select
        lead_id,
        min(ahead_at) as ahead_at
    from (
        select * from acts
        union all
        select * from sources
        union all
        select * from stages
        union all
        select * from answers
    ) as everything
    where ahead_at > {{ as_of() }}
    group by lead_id
)

select * from final
