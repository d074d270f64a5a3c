with

company as (
    select time_zone from {{ ref('company') }}
    where {{ is_in_force() }}
),

handoffs as (
    select
        handoff.*,
        {{ is_taken_on('handoff') }} as is_taken_on,
        {{ week_of('handoff.routed_at') }} as week_starts_on
    from {{ ref('fct_handoffs') }} as handoff
),

commitments as (
    select * from {{ ref('commitments') }}
),

weeks as (
    select week_starts_on, promised, products from {{ ref('int_review_weeks') }}
    where dimension = 'all'
),

touched as (
    select
        {{ week_of('activity.occurred_at') }} as week_starts_on,
        count(distinct activity.lead_id) as leads_touched
    from {{ ref('int_activities') }} as activity
    where
        activity.is_inbound
        and activity.occurred_at >= (select min(go_live.live_at) from {{ ref('stg_handoff__go_live') }} as go_live)
        and activity.occurred_at <= {{ as_of() }}
    group by week_starts_on
),

qualified as (
    select
        {{ week_of('decision.qualified_at') }} as week_starts_on,
        count(distinct decision.lead_id || ' ' || decision.product_id) as mqls
    from (
        select lead_id, product_id, qualified_at from {{ ref('fct_handoffs') }}
        union all
        select lead_id, product_id, coalesce(held.qualified_at, latest.qualified_at) as qualified_at
        from {{ ref('int_qualifications') }} as latest
        left join {{ ref('stg_handoff__held_mqls') }} as held using (lead_id, product_id)
        where latest.decision = 'mql' and not latest.is_handed_off
    ) as decision
    group by week_starts_on
),

handed as (
    select
        handoffs.week_starts_on,
        count(*) as handed_off,
        count(handoffs.contacted_at) as contacted,
        count(*) filter (where verdict.is_met) as within_sla,
        count(*) filter (where verdict.is_breached) as breached,
        count(handoffs.is_taken_on) as answered,
        count(*) filter (where handoffs.is_taken_on) as accepted,
        count(handoffs.rejected_at) as rejected
    from handoffs
    cross join
        lateral (
            select
                bool_or(outcomes.outcome = 'breached') as is_breached,
                bool_and(outcomes.outcome <> 'breached') and bool_or(outcomes.outcome = 'met') as is_met
            from {{ ref('fct_sla_outcomes') }} as outcomes
            where outcomes.handoff_id = handoffs.handoff_id
        ) as verdict
    group by handoffs.week_starts_on
),

{% set promise = "weeks.products ? commitments.product_id and weeks.promised ? commitments.metric" -%}
final as (
    select
        week_starts_on,
        to_char(week_starts_on, 'IYYY-"W"IW') as iso_week,
        coalesce(touched.leads_touched, 0) as leads_touched,
        coalesce(qualified.mqls, 0) as mqls,
        coalesce(handed.handed_off, 0) as handed_off,
        coalesce(handed.contacted, 0) as contacted,
        coalesce(handed.within_sla, 0) as within_sla,
        coalesce(handed.breached, 0) as breached,
        coalesce(handed.answered, 0) as answered,
        coalesce(handed.accepted, 0) as accepted,
        coalesce(handed.rejected, 0) as rejected,
        round(handed.accepted::numeric / nullif(handed.answered, 0), 4) as acceptance_rate,
        {{ commitment_of('acceptance_rate', 'week_starts_on', promise) }} as acceptance_rate_target,
        round(handed.within_sla::numeric / nullif(handed.within_sla + handed.breached, 0), 4) as sla_attainment,
        {{ commitment_of('sla_attainment', 'week_starts_on', promise) }} as sla_attainment_target,
        {{ commitment_of('handoffs_per_week', 'week_starts_on', promise) }} as handoffs_target
    from touched
    full join qualified using (week_starts_on)
    full join handed using (week_starts_on)
    left join weeks using (week_starts_on)
)

select * from final
