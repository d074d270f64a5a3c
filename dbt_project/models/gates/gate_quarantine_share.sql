with

batches as (
    select * from {{ ref('stg_hubspot__batches') }}
    where started_at > {{ as_of() }} - interval '1 hour'
),

landings as (
    select * from {{ ref('stg_hubspot__landings') }}
),

unread as (
    select
        stream,
        count(*) as records
    from {{ ref('stg_hubspot__unread_records') }}
    where loaded_at > {{ as_of() }} - interval '1 hour'
    group by stream
),

landed as (
    select
        landings.stream,
        count(*) as records
    from batches
    inner join landings on batches.batch_id = landings.batch_id
    group by landings.stream
),

final as (
    select
        coalesce(landed.stream, unread.stream) as subject,
        'quarantined_share' as measure,
        coalesce(landed.records, 0) + coalesce(unread.records, 0) as sample,
        coalesce(unread.records, 0)::float8 / (coalesce(landed.records, 0) + coalesce(unread.records, 0)) as measured
    from landed
    full outer join unread on landed.stream = unread.stream
)

select * from final
