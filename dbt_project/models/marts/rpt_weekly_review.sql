with

company as (
    select time_zone from {{ ref('company') }}
    where {{ is_in_force() }}
),

maturity as (
    {{ maturity() }}
),

-- A week is judged by what was promised on its Monday.
commitments as (
    select * from {{ ref('commitments') }}
),

evidence as (
    select * from {{ ref('int_review_evidence') }}
),

-- In a week without a handoff the promised number of them was missed as well.
weeks as (
    select distinct date_trunc('week', days.date_day)::date as week_starts_on
    from {{ ref('dim_days') }} as days
    where
        days.date_day >= (select min(go_live.live_at) from {{ ref('stg_handoff__go_live') }} as go_live)
        and days.date_day <= {{ as_of_date() }}
),

nothing (dimension, member) as (
    select 'all' as dimension, 'all' as member
    union
    select 'product' as dimension, product_id as member from commitments
),

counted as (
    select
        week_starts_on, figure, dimension, member,
        sum(amount)::bigint as handoffs,
        count(is_counted) as decided,
        count(*) filter (where is_counted) as counted,
        count(*) filter (where is_open) as still_open,
        {{ median_of('seconds') }} as median_seconds,
        {{ tail_of('seconds') }} as p90_seconds
    from evidence
    group by week_starts_on, figure, dimension, member
    union all
    select
        weeks.week_starts_on, 'handoffs' as figure, nothing.dimension, nothing.member, 0 as handoffs, 0 as decided,
        0 as counted, 0 as still_open, null as median_seconds, null as p90_seconds
    from weeks
    cross join nothing
    where not exists (
        select 1 from evidence
        where
            evidence.week_starts_on = weeks.week_starts_on and evidence.figure = 'handoffs'
            and evidence.dimension = nothing.dimension and evidence.member = nothing.member
    )
),

{% set promise = "(counted.dimension = 'all' or counted.member = commitments.product_id)" -%}
measured as (
    select
        counted.*,
        {{ interval_of('share', 'counted', 'decided') }},
        case when dimension in ('all', 'product') then case figure
            when 'conversion' then {{ commitment_of('conversion_rate', 'week_starts_on', promise) }}
            when 'acceptance' then {{ commitment_of('acceptance_rate', 'week_starts_on', promise) }}
            when 'attainment' then {{ commitment_of('sla_attainment', 'week_starts_on', promise) }}
            when 'handoffs' then {{ commitment_of('handoffs_per_week', 'week_starts_on', promise) }}
        end end as target,
        (week_starts_on + interval '1 week') at time zone (select company.time_zone from company)
        + (select maturity.span from maturity) as window_ends_at
    from counted
),

-- What is still to come can only raise these, which no interval of chance allows for.
{% set is_settled = "decided > 0 and (figure not in ('conversion', 'funnel') or window_ends_at <= " ~ as_of() ~ ")" -%}
final as (
    select
        week_starts_on, to_char(week_starts_on, 'IYYY-"W"IW') as iso_week, figure, dimension, member, handoffs, decided,
        counted, still_open, share_rate as share,
        case when {{ is_settled }} then share_low end as share_low,
        case when {{ is_settled }} then share_high end as share_high,
        median_seconds, p90_seconds, target,
        -- Half a cohort says nothing: who has not become an SQL yet still may.
        case
            when figure = 'handoffs' then handoffs >= target
            when figure <> 'conversion' or window_ends_at <= {{ as_of() }} then share_rate >= target
        end as is_kept,
        window_ends_at <= {{ as_of() }} as is_complete
    from measured
)

select * from final
