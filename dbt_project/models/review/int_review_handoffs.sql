with

company as (
    select time_zone from {{ ref('company') }}
    where {{ is_in_force() }}
),

maturity as (
    {{ maturity() }}
),

outcomes as (
    select * from {{ ref('fct_sla_outcomes') }}
),

verdicts as (
    select
        handoff_id,
        bool_or(outcome = 'breached') as is_breached,
        bool_or(outcome = 'open') as is_open,
        bool_and(outcome <> 'breached') and bool_or(outcome = 'met') as is_met
    from outcomes
    group by handoff_id
),

origins as (
    select handoff_id, campaign from {{ ref('int_handoff_origins') }}
),

final as (
    select
        handoff.*,
        origins.campaign,
        {{ week_of('handoff.routed_at') }} as routed_week,
        {{ week_of('handoff.qualified_at') }} as qualified_week,
        handoff.qualified_at + maturity.span as window_ends_at,
        coalesce(handoff.accepted_at, handoff.contacted_at, handoff.rejected_at, handoff.withdrawn_at) is null
        as is_unanswered,
        {{ is_taken_on('handoff') }} as is_taken_on,
        coalesce(handoff.rejected_at, handoff.withdrawn_at) is null
        and handoff.qualified_at + maturity.span > {{ as_of() }} as may_go_on,
        coalesce(verdicts.is_open, true) as is_running,
        case when verdicts.is_met or verdicts.is_breached then verdicts.is_met end as is_in_time
    from {{ ref('fct_handoffs') }} as handoff
    cross join maturity
    left join verdicts on handoff.handoff_id = verdicts.handoff_id
    left join origins on handoff.handoff_id = origins.handoff_id
)

select * from final
