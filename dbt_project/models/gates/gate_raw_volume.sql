with

batches as (
    select * from {{ ref('stg_hubspot__batches') }}
),

landings as (
    select * from {{ ref('stg_hubspot__landings') }}
),

-- The last whole hour, and the same hour of the weeks before as far back as anything was read.
weeks as (
    select
        weeks_ago,
        date_trunc('hour', {{ as_of() }}) - interval '1 hour' - make_interval(weeks => weeks_ago) as starts_at,
        date_trunc('hour', {{ as_of() }}) - make_interval(weeks => weeks_ago) as ends_at
    from generate_series(0, {{ var('gate_weeks_back') }}) as weeks_ago
),

hours as (
    select
        weeks.*,
        max(weeks.weeks_ago) over () as weeks_known
    from weeks
    where exists (select 1 from batches where batches.started_at <= weeks.starts_at)
),

-- History that is loaded, and what slow passes found, says nothing about how much comes in an hour.
counted as (
    select
        landings.stream,
        count(*) filter (where hours.weeks_ago = 0) as records,
        count(*) filter (where hours.weeks_ago > 0)::float8 / max(hours.weeks_known) as usual
    from hours
    inner join batches on hours.starts_at <= batches.started_at and batches.started_at < hours.ends_at
    inner join landings on batches.batch_id = landings.batch_id
    where
        batches.source in ('poll', 'webhook')
        and hours.weeks_known > 0
    group by landings.stream
),

compared as (
    select
        stream,
        usual,
        'times_usual' as measure,
        records / usual as measured
    from counted
    where usual > 0
    union all
    select
        stream,
        usual,
        'missing_share' as measure,
        1 - records / usual as measured
    from counted
    where usual > 0
),

final as (
    select
        stream as subject,
        measure,
        usual as sample,
        measured
    from compared
)

select * from final
