{#- Every input is cut down to the pending leads before it is joined: a few of them or thousands, hashing is right. -#}
{{ line_table('set local enable_nestloop = off;') }}

with

scores as (
    select * from {{ ref('int_scores') }}
    where {{ only_pending() }}
),

definitions as (
    select * from {{ ref('int_definitions') }}
),

clauses as (
    select * from {{ ref('int_clause_summaries') }}
    where {{ only_pending() }}
),

acts as (
    select * from {{ ref('int_triggers') }}
    where {{ only_pending() }}
),

cycles as (
    select * from {{ ref('int_handoff_cycles') }}
    where {{ only_pending() }}
),

leads as (
    select * from {{ ref('int_leads') }}
    where {{ only_pending() }}
),

-- An act before the lead was free again starts nothing; it is named only where none came later.
triggers as (
    select distinct on (acts.lead_id, acts.definition_id)
        acts.*, cycles.ended_at, cycles.cools_from + acts.cooling_off as cool_at,
        coalesce(acts.occurred_at <= cycles.ended_at, false) as is_old,
        coalesce(acts.occurred_at < cycles.cools_from + acts.cooling_off, false) as is_early
    from acts
    left join cycles on acts.lead_id = cycles.lead_id and acts.product_id = cycles.product_id
    order by
        acts.lead_id, acts.definition_id, is_old, is_early,
        acts.is_hand_raiser desc, acts.occurred_at desc, acts.activity_id
),

weighed as (
    select
        leads.lead_id, leads.as_of, definitions.*,
        scores.score, scores.fit_points, scores.engagement_points,
        clauses.blocked_by, clauses.failed_requirements, clauses.unknown_requirements, clauses.missing_interest,
        triggers.activity_id as trigger_activity_id, triggers.kind as trigger_kind,
        triggers.occurred_at as trigger_at, triggers.summary as trigger_summary,
        coalesce(triggers.is_hand_raiser, false) as is_hand_raiser,
        coalesce(cycles.cycle, 1) as cycle, coalesce(cycles.is_handed_off, false) as is_handed_off,
        cycles.rejected_at, triggers.ended_at, triggers.cool_at, triggers.is_old, triggers.is_early,
        clauses.unknown_requirements is not null
        and scores.engagement_points + definitions.most_fit_points >= definitions.threshold
        and leads.as_of < triggers.extracted_at + make_interval(mins => definitions.enrichment_wait_minutes)
        as is_worth_waiting
    from leads
    inner join scores on leads.lead_id = scores.lead_id
    inner join definitions on scores.definition_id = definitions.definition_id
    left join clauses on leads.lead_id = clauses.lead_id and definitions.definition_id = clauses.definition_id
    left join triggers on leads.lead_id = triggers.lead_id and definitions.definition_id = triggers.definition_id
    left join cycles on leads.lead_id = cycles.lead_id and definitions.product_id = cycles.product_id
),

decided as (
    select
        weighed.*,
        case
            when blocked_by is not null then array['disqualified', 'blocked by ' || blocked_by]
            when trigger_activity_id is null then array['not_yet', 'no recent act since go-live']
            when is_early and as_of < cool_at then array['not_yet', 'cooling off until ' || {{ utc_day('cool_at') }}]
            when is_old and ended_at = rejected_at then array['not_yet', 'nothing new since the rejection']
            when is_old then array['not_yet', 'nothing new since its last handoff ended']
            when is_early then array['not_yet', 'nothing new since the cooling-off time']
            when is_hand_raiser then array['mql', 'raised a hand: ' || trigger_summary]
            when failed_requirements is not null then array['not_yet', 'requirement failed: ' || failed_requirements]
            when is_worth_waiting then array['waiting', 'unknown: ' || unknown_requirements]
            when unknown_requirements is not null then array['not_yet', 'unknown: ' || unknown_requirements]
            when missing_interest is not null then array['not_yet', 'not reached: ' || missing_interest]
            else array['mql', 'score ' || score || ' of ' || threshold || ' after: ' || trigger_summary]
        end as verdict
    from weighed
),

final as (
    select
        decided.lead_id, decided.product_id, decided.definition_id, decided.definition_version, decided.is_shadow,
        decided.cycle, decided.verdict[1] as decision, decided.verdict[2] as reason, decided.score,
        decided.fit_points, decided.engagement_points, {{ tier_of('decided') }} as tier_id, decided.is_hand_raiser,
        decided.is_handed_off, decided.trigger_activity_id, decided.trigger_kind, decided.trigger_at,
        decided.trigger_summary, decided.rejected_at, decided.as_of as qualified_at
    from decided
)

select * from final
