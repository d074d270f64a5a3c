{% macro open_seconds_between(calendar_id, time_zone, start_at, end_at) -%}
    (
        select
            coalesce(sum(extract(
                epoch from (least(shift.closes_at, {{ end_at }}) - greatest(shift.opens_at, {{ start_at }}))
            )), 0)
        from {{ ref('int_open_intervals') }} as shift
        where
            shift.calendar_id = {{ calendar_id }}
            and shift.time_zone = {{ time_zone }}
            and shift.closes_at > {{ start_at }}
            and shift.opens_at < {{ end_at }}
    )
{%- endmacro %}
