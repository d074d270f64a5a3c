{% test no_overlapping_validity(model, key) %}

select
    earlier.{{ key }},
    earlier.valid_from,
    earlier.valid_to,
    later.valid_from as next_valid_from
from (select *, row_number() over (order by {{ key }}, valid_from, valid_to) as position from {{ model }}) as earlier
left join (select *, row_number() over (order by {{ key }}, valid_from, valid_to) as position from {{ model }}) as later
    on earlier.{{ key }} = later.{{ key }} and earlier.position < later.position
where
    earlier.valid_from >= earlier.valid_to
    or later.valid_from < earlier.valid_to

{% endtest %}
