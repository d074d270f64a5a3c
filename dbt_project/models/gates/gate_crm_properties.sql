with

properties as (
    select * from {{ ref('stg_handoff__crm_properties') }}
),

reasons as (
    select
        'contacts.handoff_rejection_reason' as property_id,
        reason_id,
        {{ is_in_force() }} as is_offered
    from {{ ref('rejection_reasons') }}
),

stage_facts as (
    select field, value from {{ ref('disqualifiers') }} where {{ is_in_force() }}
    union all
    select field, value from {{ ref('requirements') }} where {{ is_in_force() }}
    union all
    select field, value from {{ ref('fit_points') }} where {{ is_in_force() }}
),

-- What is decided by, and what is written.
needed as (
    select property_id, value from {{ ref('crm_written_values') }}
    union all
    select 'contacts.hs_lead_status' as property_id, lead_status as value from {{ ref('crm_dispositions') }}
    union all
    select 'contacts.lifecyclestage' as property_id, match_value as value from {{ ref('attribution_conversions') }}
    where evidence_kind = 'reached_stage' and {{ is_in_force() }}
    union all
    select read_from.property_id, stage.value
    from stage_facts
    inner join (
        values ('lifecycle_stage', 'contacts.lifecyclestage'), ('company_lifecycle_stage', 'companies.lifecyclestage')
    ) as read_from (field, property_id) on stage_facts.field = read_from.field
    cross join unnest(string_to_array(stage_facts.value, ';')) as stage (value)
),

-- A property that is missing or has another type has lost its values with that, which is told as such. Our own has the
-- agreement's reasons, whatever it had before.
changes as (
    select
        properties.property_id,
        option.value,
        option.value = any(properties.options) as is_new,
        exists(
            select 1 from needed
            where needed.property_id = properties.property_id and lower(needed.value) = lower(option.value)
        ) as is_needed
    from properties
    cross join unnest(properties.options || properties.accepted_options) as option (value)
    where
        properties.is_present
        and properties.type is not distinct from properties.accepted_type
        and not (option.value = any(properties.options) and option.value = any(properties.accepted_options))
        and not exists (
            select 1 from reasons
            where
                reasons.property_id = properties.property_id
                and (reasons.reason_id = option.value or not option.value = any(properties.options))
        )
),

told as (
    select
        property_id,
        string_agg(distinct value, ', ' order by value) filter (where is_new) as new_values,
        string_agg(distinct value, ', ' order by value) filter (where not is_new and is_needed) as needed_values_gone,
        string_agg(distinct value, ', ' order by value) filter (where not is_new and not is_needed) as values_gone
    from changes
    group by property_id
),

final as (
    select
        properties.property_id as subject,
        properties.is_present,
        properties.accepted_type,
        properties.type,
        told.new_values,
        told.needed_values_gone,
        told.values_gone,
        (
            select string_agg(reasons.reason_id, ', ' order by reasons.reason_id) from reasons
            where
                reasons.property_id = properties.property_id
                and reasons.is_offered
                and not reasons.reason_id = any(properties.options)
        ) as reasons_not_offered
    from properties
    left join told on properties.property_id = told.property_id
)

select * from final
