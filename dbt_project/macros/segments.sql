{% macro covers(territory, subject) -%}
    {{ territory }}.region in ({{ subject }}.region, '*')
    and {{ territory }}.country in ({{ subject }}.country, '*')
    and {{ territory }}.industry in ({{ subject }}.industry, '*')
    and {{ territory }}.product_id in ({{ subject }}.product_id, '*')
    and {{ territory }}.source in ({{ subject }}.latest_source, '*')
    and coalesce({{ subject }}.employees, 0) >= {{ territory }}.min_employees
    and coalesce({{ subject }}.employees, 0) < {{ territory }}.max_employees
{%- endmacro %}

{% macro segment_of(subject, day, is_readable='true') -%}
    {#- Blank is what the record does not say; unknown is what nobody can say, or no row of the agreement names. -#}
    coalesce(
        (
            select territory.territory_id
            from {{ ref('territories') }} as territory
            where {{ was_in_force('territory', day) }} and {{ covers('territory', subject) }}
            order by territory.precedence, territory.territory_id
            limit 1
        ),
        case when {{ subject }}.country is not null or {{ is_readable }} is not true then 'unknown' end
    )
{%- endmacro %}
