with

held as (
    select * from {{ source('handoff', 'flood_leads') }}
    where held_at <= {{ known_by() }}
),

floods as (
    select * from {{ source('handoff', 'floods') }}
),

aliases as (
    select * from {{ ref('stg_handoff__aliases') }}
),

-- Two branches instead of one outer join: a question about few leads is then answered by the index of each.
placed as (
    select
        held.*,
        held.lead_id as present_lead_id
    from held
    where not exists (select 1 from aliases where aliases.former_lead_id = held.lead_id)
    union all
    select
        held.*,
        aliases.lead_id as present_lead_id
    from aliases
    inner join held on aliases.former_lead_id = held.lead_id
),

final as (
    select
        placed.flood_id,
        placed.present_lead_id as lead_id,
        placed.product_id,
        placed.held_at,
        case when floods.answered_at <= {{ known_by() }} then floods.answer end as answer,
        case when floods.answered_at <= {{ known_by() }} then floods.answered_at end as answered_at
    from placed
    inner join floods on placed.flood_id = floods.flood_id
)

select * from final
