with

stays as (
    select * from {{ ref('int_stage_stays') }}
),

-- Empty until the portal's properties were first read: then nobody can say what it has.
portal as (
    select options from {{ ref('stg_handoff__crm_properties') }}
    where property_id = 'contacts.lifecyclestage' and cardinality(options) > 0
),

final as (
    select
        stays.stage_stay_id,
        stays.lead_id,
        stays.record_id,
        stays.lifecycle_stage,
        stays.previous_stage,
        stays.next_stage,
        stays.place::int as place,
        stays.entered_at,
        stays.left_at,
        extract(epoch from (stays.left_at - stays.entered_at)) as stay_seconds,
        stays.left_at is null as is_current,
        stays.record_id <> stays.lead_id as is_from_merged_record,
        not stays.lifecycle_stage = any(portal.options) as is_removed_stage
    from stays
    left join portal on true
)

select * from final
