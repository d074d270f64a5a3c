{% test adds_up(model, value, to, columns) %}

select
    {{ columns | join(', ') }},
    sum({{ value }}) as total
from {{ model }}
group by {{ columns | join(', ') }}
having sum({{ value }}) is distinct from {{ to }}

{% endtest %}
