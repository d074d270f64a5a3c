{{ line_table() }}

with

fit_parts as (
    select
        lead_id, definition_id, rule_id, 'fit' as family, cap_group, points::numeric as raw_points,
        null::text as activity_id, null::timestamptz as occurred_at, evidence
    from {{ ref('int_fit_matches') }}
    where {{ only_pending() }}
),

engagement_parts as (
    select
        lead_id, definition_id, rule_id, 'engagement' as family, cap_group, raw_points, activity_id, occurred_at,
        label || ': ' || summary as evidence
    from {{ ref('int_signal_matches') }}
    where {{ only_pending() }} and raw_points <> 0
),

parts as (
    select * from fit_parts
    union all
    select * from engagement_parts
),

definitions as (
    select definition_id, definition_version from {{ ref('int_definitions') }}
),

caps as (
    select * from {{ ref('score_caps') }}
    where {{ is_in_force() }}
),

with_caps as (
    select
        parts.*,
        {{ cap_of('rule', 'parts.rule_id') }} as rule_cap,
        {{ cap_of('group', 'parts.cap_group') }} as group_cap,
        {{ cap_of('family', 'parts.family') }} as family_cap,
        {{ cap_of('total', "'*'") }} as total_cap
    from parts
),

within_rule as (
    select *, {{ capped_points('raw_points', 'rule_cap', 'rule_id') }} as rule_points
    from with_caps
),

within_group as (
    select *, {{ capped_points('rule_points', 'group_cap', 'family, cap_group') }} as group_points
    from within_rule
),

within_family as (
    select *, {{ capped_points('group_points', 'family_cap', 'family') }} as family_points
    from within_group
),

within_total as (
    select *, {{ capped_points('family_points', 'total_cap') }} as points
    from within_family
),

final as (
    select
        within_total.lead_id, within_total.definition_id, definitions.definition_version, within_total.rule_id,
        within_total.family, within_total.cap_group, within_total.activity_id, within_total.evidence,
        within_total.points, within_total.raw_points, within_total.occurred_at
    from within_total
    inner join definitions on within_total.definition_id = definitions.definition_id
)

select * from final
