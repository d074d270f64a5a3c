with

final as (
    {% for table, key in agreement_keys().items() %}
        {{ rules_of(table, key) }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select * from final
