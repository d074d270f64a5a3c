with

company as (
    select time_zone from {{ ref('company') }}
    where {{ is_in_force() }}
),

maturity as (
    {{ maturity() }}
),

commitments as (
    select * from {{ ref('commitments') }}
),

weeks as (
    select * from {{ ref('int_review_weeks') }}
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
    from {{ ref('int_review_evidence') }}
    group by week_starts_on, figure, dimension, member
),

-- A week is judged by what was promised on its Monday, of a product that was offered in it.
{% set whose = "(weeks.promised ? commitments.metric or counted.member = commitments.product_id)" -%}
{% set promise = "weeks.products ? commitments.product_id and " ~ whose -%}
measured as (
    select
        counted.*,
        {{ interval_of('share', 'counted', 'decided') }},
        case when dimension in ('all', 'product') then case counted.figure
            when 'conversion' then {{ commitment_of('conversion_rate', 'week_starts_on', promise) }}
            when 'acceptance' then {{ commitment_of('acceptance_rate', 'week_starts_on', promise) }}
            when 'attainment' then {{ commitment_of('sla_attainment', 'week_starts_on', promise) }}
            when 'handoffs' then {{ commitment_of('handoffs_per_week', 'week_starts_on', promise) }}
        end end as target,
        weeks.is_whole,
        (week_starts_on + interval '1 week') at time zone company.time_zone as week_ends_at,
        (week_starts_on + interval '1 week') at time zone company.time_zone + maturity.span as window_ends_at
    from counted
    cross join company
    cross join maturity
    left join weeks using (week_starts_on, dimension, member)
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
        -- Half a cohort says nothing: who has not become an SQL yet still may. Nor does half a week, by its number.
        case
            when figure = 'handoffs' and handoffs >= target then true
            when figure = 'handoffs' and is_whole and week_ends_at <= {{ as_of() }} then handoffs >= target
            when figure in ('acceptance', 'attainment') or (figure = 'conversion' and window_ends_at <= {{ as_of() }})
                then share_rate >= target
        end as is_kept,
        week_ends_at <= {{ as_of() }} as is_over,
        window_ends_at <= {{ as_of() }} as is_complete
    from measured
)

select * from final
