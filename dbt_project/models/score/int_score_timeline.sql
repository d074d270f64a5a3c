{{ config(
    materialized='incremental',
    unique_key='lead_id',
    incremental_strategy='delete+insert',
    indexes=[{'columns': ['lead_id']}],
    sql_header="set local jit = off; set local enable_nestloop = off; set local work_mem = '64MB';",
    post_hook="delete from {{ this }} as kept
        using {{ ref('int_moved_leads') }} as moved, {{ ref('int_leads') }} as lead
        where kept.lead_id = moved.lead_id and kept.lead_id = lead.lead_id and kept.computed_at < lead.as_of;
        delete from {{ this }} as kept
        where not exists (select 1 from {{ ref('int_leads') }} as lead where lead.lead_id = kept.lead_id)
        and not exists (select 1 from {{ ref('stg_handoff__lead_facts') }} as fact where fact.lead_id = kept.lead_id)",
) }}

with

parts as (
    select * from {{ ref('int_timeline_parts') }}
),

definitions as (
    select * from {{ ref('int_definitions') }}
),

caps as (
    select * from {{ ref('score_caps') }}
    where {{ is_in_force() }}
),

leads as (
    select lead_id, as_of from {{ ref('int_leads') }}
),

rules as (
    select
        lead_id, definition_id, moment_at, family, cap_group, rule_id,
        least(sum(greatest(raw_points, 0)), {{ cap_of('rule', 'parts.rule_id') }}) as gained,
        sum(least(raw_points, 0)) as lost
    from parts
    group by lead_id, definition_id, moment_at, family, cap_group, rule_id
),

groups as (
    select
        lead_id, definition_id, moment_at, family,
        least(sum(gained), {{ cap_of('group', 'parts.cap_group') }}) as gained,
        sum(lost) as lost
    from rules as parts
    group by lead_id, definition_id, moment_at, family, cap_group
),

families as (
    select
        lead_id, definition_id, moment_at,
        least(sum(gained), {{ cap_of('family', 'parts.family') }}) as gained,
        sum(lost) as lost,
        {{ cap_of('total', "'*'") }} as total_cap,
        family = 'fit' as is_fit
    from groups as parts
    group by lead_id, definition_id, moment_at, family
),

-- Fit fills the total first, as the parts do; penalties count in full.
totals as (
    select
        lead_id, definition_id, moment_at,
        least(coalesce(sum(gained) filter (where is_fit), 0), max(total_cap)) as fit_gained,
        least(sum(gained), max(total_cap)) as gained,
        coalesce(sum(lost) filter (where is_fit), 0) as fit_lost,
        sum(lost) as lost
    from families
    group by lead_id, definition_id, moment_at
),

final as (
    select
        totals.lead_id,
        totals.definition_id,
        definitions.definition_version,
        totals.moment_at,
        totals.fit_gained + totals.fit_lost as fit_points,
        totals.gained - totals.fit_gained + totals.lost - totals.fit_lost as engagement_points,
        totals.gained + totals.lost as score,
        totals.gained + totals.lost >= definitions.threshold as is_reached,
        leads.as_of as computed_at
    from totals
    inner join definitions on totals.definition_id = definitions.definition_id
    inner join leads on totals.lead_id = leads.lead_id
)

select * from final
