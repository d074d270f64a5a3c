with

held as (
    select * from {{ source('handoff', 'held_mqls') }}
    where
        held_since <= {{ known_by() }}
        -- The decision with which it ended was made so, too.
        and (ended_as_of is null or ended_as_of >= {{ known_by() }})
),

aliases as (
    select * from {{ ref('stg_handoff__aliases') }}
),

-- A lead that was merged goes on being held under the contact's new id.
final as (
    select
        coalesce(aliases.lead_id, held.lead_id) as lead_id,
        held.product_id,
        min(held.held_since) as held_since,
        min(held.qualified_at) as qualified_at
    from held
    left join aliases on held.lead_id = aliases.former_lead_id
    group by coalesce(aliases.lead_id, held.lead_id), held.product_id
)

select * from final
