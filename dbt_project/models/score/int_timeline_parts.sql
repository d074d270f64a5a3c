{{ config(materialized='ephemeral') }}

with

leads as (
    select
        lead_id,
        as_of
    from {{ ref('int_leads') }}
    where lead_id in (select followed.lead_id from {{ ref('int_timeline_leads') }} as followed)
),

acts as materialized (
    select signal_matches.*
    from {{ ref('int_signal_matches') }} as signal_matches
    inner join leads on signal_matches.lead_id = leads.lead_id
),

moments as materialized (
    select distinct lead_id, definition_id, as_of, occurred_at as moment_at
    from acts
    where occurred_at > as_of - make_interval(days => {{ var('score_timeline_days') }})
),

-- The facts of then; before the lead was first judged, the first that were known.
facts as (
    select moments.*, known.facts
    from moments
    left join lateral (
        select version.facts
        from {{ ref('stg_handoff__lead_facts') }} as version
        where version.lead_id = moments.lead_id
        order by
            version.known_from > moments.moment_at,
            abs(extract(epoch from version.known_from - moments.moment_at))
        limit 1
    ) as known on true
),

fit_points as (
    select * from {{ ref('fit_points') }}
    where {{ is_in_force() }}
),

final as (
    select
        facts.lead_id, facts.definition_id, facts.moment_at, 'fit' as family, fit_points.cap_group, fit_points.rule_id,
        fit_points.points::numeric as raw_points
    from facts
    inner join fit_points on facts.definition_id = fit_points.definition_id
    where {{ fact_matches('(facts.facts ->> fit_points.field)', 'fit_points.operator', 'fit_points.value') }}
    union all
    select
        moments.lead_id, moments.definition_id, moments.moment_at, 'engagement' as family, acts.cap_group, acts.rule_id,
        {{ decayed('acts.points', 'moments.moment_at', 'acts.occurred_at', 'acts.half_life_days') }} as raw_points
    from moments
    inner join acts
        on
            moments.lead_id = acts.lead_id
            and moments.definition_id = acts.definition_id
            and moments.moment_at >= acts.occurred_at
)

select * from final
