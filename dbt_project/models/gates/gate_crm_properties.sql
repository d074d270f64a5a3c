with

properties as (
    select * from {{ ref('stg_handoff__crm_properties') }}
),

final as (
    select
        property_id as subject,
        is_present,
        accepted_type,
        type,
        (
            select string_agg(option.value, ', ' order by option.value)
            from unnest(properties.options) as option (value)
            where not option.value = any(properties.accepted_options)
        ) as new_values
    from properties
)

select * from final
