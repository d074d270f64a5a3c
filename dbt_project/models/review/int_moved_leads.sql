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

noted as (
    select lead_id, array_agg(entry_id order by entry_id) as entry_ids
    from entries
    group by lead_id
),

-- An entry of no lead means all. No lead's id is blank, and `is not distinct from` would compare each with each.
final as (
    select leads.lead_id, coalesce(noted.entry_ids, '{}') as entry_ids
    from leads
    left join noted on coalesce(leads.lead_id, '') = coalesce(noted.lead_id, '')
)

select * from final
