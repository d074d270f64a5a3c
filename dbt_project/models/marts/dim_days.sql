with

bounds as (
    select
        min({{ utc_day('created_at') }}) as first_day,
        {{ as_of_date() }} as last_day
    from {{ ref('dim_leads') }}
),

final as (
    select day.date_day::date as date_day
    from bounds
    cross join
        lateral
        generate_series(least(first_day, last_day), last_day + interval '1 year', interval '1 day')
        as day (date_day)
)

select * from final
