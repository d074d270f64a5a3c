with

handoffs as (
    select * from {{ ref('stg_handoff__handoffs') }}
),

go_live as (
    select min(live_at) as live_at from {{ ref('stg_handoff__go_live') }}
),

-- An hour tells of too many, a day of too few: at night an hour without MQLs is an hour like any other.
spans as (
    select * from (
        values
        ('times_usual', date_trunc('hour', {{ as_of() }}) - interval '1 hour', date_trunc('hour', {{ as_of() }})),
        ('missing_share', {{ as_of() }} - interval '1 day', {{ as_of() }})
    ) as span (measure, starts_at, ends_at)
),

weeks as (
    select
        spans.measure,
        weeks_ago,
        spans.starts_at - make_interval(weeks => weeks_ago) as starts_at,
        spans.ends_at - make_interval(weeks => weeks_ago) as ends_at
    from spans
    cross join generate_series(0, {{ var('gate_weeks_back') }}) as weeks_ago
    cross join go_live
    where go_live.live_at <= spans.starts_at - make_interval(weeks => weeks_ago)
),

counted as (
    select
        weeks.measure,
        count(handoffs.handoff_id) filter (where weeks.weeks_ago = 0) as mqls,
        count(handoffs.handoff_id) filter (where weeks.weeks_ago > 0)::float8
        / nullif(max(weeks.weeks_ago), 0) as usual
    from weeks
    left join handoffs
        on
            weeks.starts_at <= handoffs.qualified_at
            and handoffs.qualified_at < weeks.ends_at
            and handoffs.lead_id = handoffs.routed_lead_id
    group by weeks.measure
),

final as (
    select
        'mqls' as subject,
        measure,
        usual as sample,
        case measure when 'times_usual' then mqls / usual else 1 - mqls / usual end as measured
    from counted
    where usual > 0
)

select * from final
