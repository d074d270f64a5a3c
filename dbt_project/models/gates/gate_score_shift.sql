{{ config(materialized='table') }}

with

timeline as (
    select * from {{ ref('int_score_timeline') }}
    where
        moment_at <= {{ as_of() }}
        and moment_at > {{ as_of() }} - interval '1 day' - make_interval(weeks => {{ var('gate_weeks_back') }})
),

scores as (
    select
        definition_id || ' ' || definition_version as subject,
        score,
        count(*) filter (where moment_at > {{ as_of() }} - interval '1 day') as recent,
        count(*) filter (where moment_at <= {{ as_of() }} - interval '1 day') as earlier
    from timeline
    group by definition_id, definition_version, score
),

-- How many scores are this high at most, of the last day's and of those before.
running as (
    select
        subject,
        sum(recent) over below as recent_below,
        sum(earlier) over below as earlier_below,
        sum(recent) over whole as recent_total,
        sum(earlier) over whole as earlier_total
    from scores
    window
        below as (partition by subject order by score),
        whole as (partition by subject)
),

-- The largest distance between the two distributions: the share of leads that lie elsewhere than they used to.
final as (
    select
        subject,
        'moved_share' as measure,
        least(max(recent_total), max(earlier_total)) as sample,
        max(abs(recent_below / recent_total - earlier_below / earlier_total))::float8 as measured
    from running
    where recent_total > 0 and earlier_total > 0
    group by subject
)

select * from final
