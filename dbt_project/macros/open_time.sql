{% macro working_blocks(days) -%}
    select day.*, block.opens, block.closes
    from {{ days }} as day
    cross join lateral (
        select opens, closes from special_hours
        where calendar_id = day.calendar_id and special_on = day.open_on and {{ holds_on('day.open_on') }}
        union all
        select opens, closes from openings
        where
            calendar_id = day.calendar_id and weekday = extract(isodow from day.open_on) and {{ holds_on('day.open_on') }}
            and not exists (
                select 1 from special_hours
                where calendar_id = day.calendar_id and special_on = day.open_on and {{ holds_on('day.open_on') }}
            )
    ) as block
    where not exists (
        select 1 from holidays
        where calendar_id = day.calendar_id and holiday_on = day.open_on and {{ holds_on('day.open_on') }}
    )
{%- endmacro %}

{% macro holds_on(day) -%}
    {{ day }} >= valid_from and {{ day }} < valid_to
{%- endmacro %}

{% macro open_seconds_before(calendar_id, time_zone, at) -%}
    coalesce((
        select shift.seconds_before + extract(epoch from least(shift.closes_at, {{ at }}) - shift.opens_at)
        from {{ ref('int_open_intervals') }} as shift
        where shift.calendar_id = {{ calendar_id }} and shift.time_zone = {{ time_zone }} and shift.opens_at <= {{ at }}
        order by shift.opens_at desc
        limit 1
    ), 0)
{%- endmacro %}

{% macro open_seconds_between(calendar_id, time_zone, start_at, end_at) -%}
    case
        when {{ end_at }} <= {{ start_at }} then 0
        when
            {{ end_at }} > {{ start_at }}
            and (
                select shift.covered_from > {{ start_at }} or shift.covered_until < {{ end_at }}
                from {{ ref('int_open_intervals') }} as shift
                where shift.calendar_id = {{ calendar_id }} and shift.time_zone = {{ time_zone }}
                limit 1
            ) is not true
            then
                {{ open_seconds_before(calendar_id, time_zone, end_at) }}
                - {{ open_seconds_before(calendar_id, time_zone, start_at) }}
    end
{%- endmacro %}
