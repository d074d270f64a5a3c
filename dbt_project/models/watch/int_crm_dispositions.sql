with

assignments as (
    select * from {{ ref('int_current_assignments') }}
),

contacts as (
    select * from {{ ref('stg_hubspot__contacts') }}
),

recorded as (
    select * from {{ ref('stg_handoff__dispositions') }}
),

crm_dispositions as (
    select * from {{ ref('crm_dispositions') }}
),

final as (
    select
        assignments.handoff_id,
        assignments.assignment_id,
        contacts.owner_id,
        crm_dispositions.kind,
        case when crm_dispositions.takes_reason then contacts.rejection_reason_id end as reason_id,
        contacts.updated_at as occurred_at,
        jsonb_build_object(
            'contact_id', contacts.contact_id,
            'hs_lead_status', contacts.lead_status,
            'handoff_rejection_reason', contacts.rejection_reason_id,
            'updated_at', contacts.updated_at
        ) as evidence
    from assignments
    inner join contacts on assignments.lead_id = contacts.contact_id
    inner join crm_dispositions on contacts.lead_status = crm_dispositions.lead_status
    where
        contacts.updated_at >= assignments.assigned_at
        and not exists (
            select 1 from recorded
            where recorded.handoff_id = assignments.handoff_id and recorded.kind = crm_dispositions.kind
        )
)

select * from final
