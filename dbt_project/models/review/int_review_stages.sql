with

handoffs as (
    select * from {{ ref('int_review_handoffs') }}
),

stages as (
    select
        handoffs.qualified_week as week_starts_on, handoffs.lead_id, handoffs.handoff_id, handoffs.may_go_on, stage.*,
        -- Who came further after the stage before has passed this one by, and was not lost at it.
        coalesce(stage.further_at > stage.before_at, false) as is_passed
    from handoffs
    cross join
        lateral (
            values
            ('mql', null, handoffs.qualified_at, null),
            (
                'accepted', handoffs.qualified_at, handoffs.accepted_at,
                greatest(handoffs.contacted_at, handoffs.sql_at, handoffs.won_at)
            ),
            ('contacted', handoffs.accepted_at, handoffs.contacted_at, greatest(handoffs.sql_at, handoffs.won_at)),
            ('sql', handoffs.contacted_at, handoffs.sql_at, handoffs.won_at),
            ('won', handoffs.sql_at, handoffs.won_at, null)
        ) as stage (member, before_at, reached_at, further_at)
),

final as (
    select
        week_starts_on, 'funnel' as figure, member, lead_id, handoff_id,
        reached_at is not null as is_counted,
        reached_at is null and may_go_on as is_open,
        extract(epoch from (reached_at - before_at)) as seconds
    from stages
    union all
    select
        week_starts_on, 'stopped' as figure, member, lead_id, handoff_id,
        case when reached_at is not null or is_passed then false when not may_go_on then true end as is_counted,
        reached_at is null and not is_passed and may_go_on as is_open,
        null::numeric as seconds
    from stages
    where before_at is not null
)

select * from final
