{% macro as_of() -%}
    handoff.as_of()
{%- endmacro %}

{% macro as_of_date() -%}
    ({{ as_of() }} at time zone 'UTC')::date
{%- endmacro %}

{% macro known_by() -%}
    handoff.known_by()
{%- endmacro %}

{% macro is_in_force(relation=none) -%}
    {%- set prefix = relation ~ '.' if relation else '' -%}
    {{ prefix }}valid_from <= {{ as_of_date() }} and {{ as_of_date() }} < {{ prefix }}valid_to
{%- endmacro %}
