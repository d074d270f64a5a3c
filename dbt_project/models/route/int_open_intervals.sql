{{ config(
    materialized='table',
    indexes=[
        {'columns': ['calendar_id', 'time_zone', 'opens_at'], 'unique': true},
        {'columns': ['calendar_id', 'time_zone', 'closes_at'], 'unique': true},
        {'columns': ['calendar_id', 'time_zone', 'seconds_before']},
    ],
) }}

with

blocks as (
    select * from {{ ref('int_open_blocks') }}
),

offsets as (
    select * from {{ ref('int_zone_offsets') }}
),

-- A wall time that comes twice is open twice, one that never comes is never open.
pieces as (
    select
        blocks.calendar_id,
        blocks.time_zone,
        blocks.first_on,
        blocks.last_on,
        greatest((blocks.open_on + blocks.opens) at time zone 'UTC' - zone.utc_offset, zone.begins_at) as opens_at,
        least((blocks.open_on + blocks.closes) at time zone 'UTC' - zone.utc_offset, zone.ends_at) as closes_at
    from blocks
    inner join offsets as zone on blocks.time_zone = zone.time_zone
),

followed as (
    select
        *,
        opens_at <= max(closes_at) over (
            partition by calendar_id, time_zone
            order by opens_at, closes_at
            rows between unbounded preceding and 1 preceding
        ) as goes_on
    from pieces
    where opens_at < closes_at
),

numbered as (
    select
        *,
        count(*) filter (where goes_on is not true) over (
            partition by calendar_id, time_zone order by opens_at, closes_at rows unbounded preceding
        ) as interval_number
    from followed
),

intervals as (
    select
        calendar_id,
        time_zone,
        min(opens_at) as opens_at,
        max(closes_at) as closes_at,
        min(first_on)::timestamp at time zone time_zone as covered_from,
        (max(last_on) + 1)::timestamp at time zone time_zone as covered_until
    from numbered
    group by calendar_id, time_zone, interval_number
),

final as (
    select
        *,
        coalesce(sum(extract(epoch from (closes_at - opens_at))) over (
            partition by calendar_id, time_zone
            order by opens_at
            rows between unbounded preceding and 1 preceding
        ), 0) as seconds_before
    from intervals
)

select * from final
