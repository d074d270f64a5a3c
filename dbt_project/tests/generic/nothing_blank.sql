{% test nothing_blank(model, columns) %}

select *
from {{ model }}
where
    {%- for column in columns %}
    {{ 'or ' if not loop.first }}nullif(btrim({{ column }}::text), '') is null
    {%- endfor %}

{% endtest %}
