with

handoffs as (
    select * from {{ source('handoff', 'handoffs') }}
    where routed_at <= {{ known_by() }}
),

aliases as (
    select * from {{ ref('stg_handoff__aliases') }}
),

-- Two branches instead of one outer join: a question about few leads is then answered by the index of each.
placed as (
    select
        handoffs.*,
        handoffs.lead_id as present_lead_id
    from handoffs
    where not exists (select 1 from aliases where aliases.former_lead_id = handoffs.lead_id)
    union all
    select
        handoffs.*,
        aliases.lead_id as present_lead_id
    from aliases
    inner join handoffs on aliases.former_lead_id = handoffs.lead_id
),

final as (
    select
        handoff_id,
        present_lead_id as lead_id,
        lead_id as routed_lead_id,
        product_id,
        cycle,
        definition_id,
        definition_version,
        tier_id,
        score,
        trigger_activity_id,
        trigger_kind,
        context,
        as_of,
        event_at,
        received_at,
        extracted_at,
        qualified_at,
        routed_at
    from placed
)

select * from final
