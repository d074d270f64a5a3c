with

final as (
    {% for table, key in agreement_keys().items() %}
    {{ rules_of(table, key) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from final
