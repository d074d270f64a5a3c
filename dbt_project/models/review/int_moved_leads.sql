with

entries as (
    select * from {{ ref('stg_handoff__stale_leads') }}
),

aliases as (
    select * from {{ ref('stg_handoff__aliases') }}
),

present as (
    select lead_id from entries
    union
    select aliases.lead_id
    from entries
    inner join aliases on entries.lead_id = aliases.former_lead_id
),

-- What a merged record did stands under its former id.
leads as (
    select lead_id from present
    union
    select aliases.former_lead_id as lead_id
    from present
    inner join aliases on present.lead_id = aliases.lead_id
),

final as (
    select
        leads.lead_id,
        array(
            select entries.entry_id from entries
            where entries.lead_id is not distinct from leads.lead_id
            order by entries.entry_id
        ) as entry_ids
    from leads
)

select * from final
