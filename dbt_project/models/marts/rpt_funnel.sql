{%- set dimensions = ['cohort_by', 'source', 'segment', 'tier_id', 'definition_id', 'definition_version', 'rep_id'] -%}

with

company as (
    select time_zone from {{ ref('company') }}
    where {{ is_in_force() }}
),

maturity as (
    {{ maturity() }}
),

placed as (
    select
        subjects.*,
        {{ week_of('subjects.began_at') }} as cohort_week,
        subjects.began_at + maturity.span as window_ends_at
    from {{ ref('int_funnel_subjects') }} as subjects
    cross join maturity
),

-- Who is lost at a stage is told by the rule of the weekly pack, so that both name the same bottleneck.
joints as (
    select handoff_id, member as stage, is_counted as is_lost, is_open
    from {{ ref('int_review_stages') }}
    where figure = 'stopped'
),

steps as (
    select
        placed.*,
        step.stage,
        step.place,
        step.at as stage_at,
        joints.is_lost,
        joints.is_open,
        extract(epoch from (step.at - step.before_at)) as wait_seconds,
        extract(epoch from (step.at - placed.began_at)) as since_start_seconds
    from placed
    cross join
        lateral
        unnest(placed.stages, placed.previous_at, placed.reached_at)
        with ordinality as step (stage, before_at, at, place)
    left join joints
        on placed.cohort_by = 'mql' and placed.subject_id = joints.handoff_id and step.stage = joints.stage
),

counted as (
    select
        cohort_week, {{ dimensions | join(', ') }}, stage, place::int as place,
        count(*) as cohort_size,
        count(stage_at) as reached,
        count(stage_at) filter (where stage_at < window_ends_at) as reached_in_window,
        count(*) filter (where not is_lost) as went_on,
        count(*) filter (where is_lost) as lost,
        count(*) filter (where is_open) as still_open,
        count(wait_seconds) as waits,
        count(*) filter (where wait_seconds < 0) as negative_waits,
        sum(wait_seconds) as total_wait_seconds,
        {{ median_of('wait_seconds') }} as median_wait_seconds,
        {{ median_of('since_start_seconds') }} as median_since_start_seconds
    from steps
    group by cohort_week, {{ dimensions | join(', ') }}, stage, place
),

-- Half a cohort says nothing: the window of its last day must be over.
censored as (
    select
        counted.*,
        (counted.cohort_week + interval '1 week') at time zone (select company.time_zone from company) as week_ends_at
    from counted
),

final as (
    select
        censored.cohort_week, {{ dimensions | join(', ') }}, censored.stage, censored.place, censored.cohort_size,
        censored.reached, censored.reached_in_window, censored.went_on, censored.lost, censored.still_open,
        censored.waits, censored.negative_waits,
        censored.total_wait_seconds, censored.median_wait_seconds, censored.median_since_start_seconds,
        greatest(extract(day from {{ as_of() }} - censored.week_ends_at), 0)::int as observed_days,
        extract(day from maturity.span)::int as window_days,
        censored.week_ends_at + maturity.span <= {{ as_of() }} as is_complete
    from censored
    cross join maturity
)

select * from final
