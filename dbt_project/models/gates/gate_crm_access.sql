with

cursors as (
    select * from {{ ref('stg_handoff__cursors') }}
),

lacks as (
    select * from {{ ref('stg_handoff__lacks') }}
),

streams as (
    select stream from cursors
    union
    select stream from lacks
),

final as (
    select
        streams.stream as subject,
        'refused' as measure,
        1 as sample,
        (lacks.stream is not null)::int as measured
    from streams
    left join lacks on streams.stream = lacks.stream
)

select * from final
