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

triggers as (
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

weighed as (
    select
        leads.lead_id,
        leads.as_of,
        definitions.*,
        scores.score, scores.fit_points, scores.engagement_points,
        clauses.blocked_by, clauses.failed_requirements, clauses.unknown_requirements, clauses.missing_interest,
        triggers.activity_id as trigger_activity_id,
        triggers.kind as trigger_kind,
        triggers.occurred_at as trigger_at,
        triggers.summary as trigger_summary,
        coalesce(triggers.is_hand_raiser, false) as is_hand_raiser,
        coalesce(cycles.cycle, 1) as cycle,
        coalesce(cycles.is_handed_off, false) as is_handed_off,
        cycles.rejected_at + make_interval(days => definitions.requalify_cooling_off_days) as cool_at,
        coalesce(triggers.occurred_at > cycles.ended_at, true) as is_trigger_new,
        clauses.unknown_requirements is not null
        and scores.engagement_points + definitions.most_fit_points >= definitions.threshold
        and (
            not leads.is_enriched
            or leads.as_of < triggers.extracted_at + make_interval(mins => definitions.enrichment_wait_minutes)
        ) as is_worth_waiting
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
            when blocked_by is not null then 'disqualified'
            when failed_requirements is not null or trigger_activity_id is null then 'not_yet'
            when as_of < cool_at or not is_trigger_new then 'not_yet'
            when is_hand_raiser then 'mql'
            when is_worth_waiting then 'waiting'
            when unknown_requirements is not null or missing_interest is not null then 'not_yet'
            else 'mql'
        end as decision,
        case
            when blocked_by is not null then 'blocked by ' || blocked_by
            when failed_requirements is not null then 'requirement failed: ' || failed_requirements
            when trigger_activity_id is null then 'no recent act since go-live'
            when as_of < cool_at then 'cooling off until ' || to_char(cool_at at time zone 'UTC', 'YYYY-MM-DD')
            when not is_trigger_new then 'nothing new since the rejection'
            when is_hand_raiser then 'raised a hand: ' || trigger_summary
            when unknown_requirements is not null then 'unknown: ' || unknown_requirements
            when missing_interest is not null then 'not reached: ' || missing_interest
            else 'score ' || score || ' of ' || threshold || ' after: ' || trigger_summary
        end as reason
    from weighed
),

final as (
    select
        decided.lead_id, decided.product_id, decided.definition_id, decided.definition_version, decided.is_shadow,
        decided.cycle, decided.decision, decided.reason, decided.score, decided.fit_points, decided.engagement_points,
        {{ tier_of('decided') }} as tier_id, decided.is_hand_raiser, decided.is_handed_off, decided.trigger_activity_id,
        decided.trigger_kind, decided.trigger_at, decided.trigger_summary, decided.as_of as qualified_at
    from decided
)

select * from final
