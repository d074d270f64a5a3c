with

cursors as (
    select * from {{ ref('stg_handoff__cursors') }}
),

lacks as (
    select * from {{ ref('stg_handoff__lacks') }}
),

-- A stream that may not be read is told of by the gate on access.
final as (
    select
        stream as subject,
        'minutes_behind' as measure,
        1 as sample,
        (extract(epoch from {{ as_of() }} - seen_until) / extract(epoch from interval '1 minute'))::float8 as measured
    from cursors
    where
        seen_until is not null
        and not exists (select 1 from lacks where lacks.stream = cursors.stream)
)

select * from final
