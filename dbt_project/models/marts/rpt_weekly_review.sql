with

commitments as (
    select * from {{ ref('commitments') }}
    where {{ is_in_force() }}
),

targets (figure, target) as (
    values
    ('acceptance', {{ commitment_of('acceptance_rate') }}),
    ('attainment', {{ commitment_of('sla_attainment') }}),
    ('handoffs', {{ commitment_of('handoffs_per_week') }})
),

counted as (
    select
        week_starts_on, figure, dimension, member,
        count(*) as handoffs,
        count(is_counted) as decided,
        count(*) filter (where is_counted) as counted,
        count(*) filter (where is_open) as still_open,
        {{ median_of('seconds') }} as median_seconds,
        {{ tail_of('seconds') }} as p90_seconds
    from {{ ref('int_review_evidence') }}
    group by week_starts_on, figure, dimension, member
),

measured as (
    select
        counted.*,
        {{ interval_of('share', 'counted', 'decided') }},
        case when counted.dimension = 'all' then targets.target end as target
    from counted
    left join targets on counted.figure = targets.figure
),

final as (
    select
        week_starts_on, to_char(week_starts_on, 'IYYY-"W"IW') as iso_week, figure, dimension, member, handoffs, decided,
        counted, still_open, share_rate as share,
        case when decided > 0 then share_low end as share_low,
        case when decided > 0 then share_high end as share_high,
        median_seconds, p90_seconds, target,
        case when figure = 'handoffs' then handoffs >= target else share_rate >= target end as is_kept
    from measured
)

select * from final
