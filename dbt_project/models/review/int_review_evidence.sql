with

company as (
    select time_zone from {{ ref('company') }}
    where {{ is_in_force() }}
),

handoffs as (
    select * from {{ ref('int_review_handoffs') }}
),

delays as (
    select
        handoffs.routed_week as week_starts_on, handoffs.lead_id, handoffs.handoff_id, station.member, station.seconds
    from {{ ref('fct_delays') }} as delay
    inner join handoffs on delay.handoff_id = handoffs.handoff_id
    cross join
        lateral (
            values
            ('receive', delay.receive_seconds), ('extract', delay.extract_seconds),
            ('qualify', delay.qualify_seconds), ('route', delay.route_seconds), ('notify', delay.notify_seconds),
            ('system', delay.total_seconds), ('rep', delay.human_open_seconds)
        ) as station (member, seconds)
    where station.seconds is not null
),

rejections as (
    select
        {{ week_of('rejection.occurred_at') }} as week_starts_on, rejection.lead_id, rejection.handoff_id,
        accusation.dimension, accusation.member
    from {{ ref('fct_rejections') }} as rejection
    -- A reason may accuse what did not let the lead in, which is something else than no reason.
    cross join
        lateral (
            values (
                case
                    when rejection.reason_id is null then '(blank)'
                    else coalesce(rejection.accused_clause_id, '(no clause)')
                end
            )
        ) as accused (clause)
    cross join
        lateral (
            values
            ('reason', {{ labelled('rejection.reason_id') }}),
            ('clause', accused.clause),
            ('traced', {{ labelled('rejection.reason_id') }} || ' > ' || accused.clause)
        ) as accusation (dimension, member)
),

final as (
    select
        week_starts_on, figure, dimension, member, lead_id, handoff_id, is_counted, is_open,
        null::numeric as seconds, 1 as amount
    from {{ ref('int_review_shares') }}
    union all
    -- In a week without a handoff the promised number of them was missed as well.
    select
        week_starts_on, 'handoffs' as figure, dimension, member, null as lead_id, null as handoff_id,
        null as is_counted, false as is_open, null::numeric as seconds, 0 as amount
    from {{ ref('int_review_weeks') }}
    union all
    select
        week_starts_on, 'delay' as figure, 'station' as dimension, member, lead_id, handoff_id, null as is_counted,
        false as is_open, seconds, 1 as amount
    from delays
    union all
    select
        week_starts_on, 'rejections' as figure, dimension, member, lead_id, handoff_id, null as is_counted,
        false as is_open, null::numeric as seconds, 1 as amount
    from rejections
    union all
    select
        week_starts_on, figure, 'stage' as dimension, member, lead_id, handoff_id, is_counted, is_open, seconds,
        1 as amount
    from {{ ref('int_review_stages') }}
    union all
    select
        week_starts_on, figure, dimension, member, lead_id, handoff_id, null as is_counted, false as is_open,
        null::numeric as seconds, amount
    from {{ ref('int_review_context') }}
)

select * from final
