{% test one_path(model, key, starts, ends) %}

select * from (
    select
        {{ key }},
        {{ starts }},
        {{ ends }},
        lead({{ starts }}) over (partition by {{ key }} order by {{ starts }}, {{ ends }} nulls last) as next_starts
    from {{ model }}
) as path
where {{ ends }} < {{ starts }} or next_starts < coalesce({{ ends }}, 'infinity')

{% endtest %}
