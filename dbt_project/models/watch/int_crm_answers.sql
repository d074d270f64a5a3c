with

assignments as (
    select * from {{ ref('int_answerable_assignments') }}
),

crm_dispositions as (
    select *, make_interval(mins => reason_within_minutes) as patience from {{ ref('crm_dispositions') }}
),

contacts as (
    select
        contact.*, crm_dispositions.kind, crm_dispositions.takes_reason, crm_dispositions.patience,
        -- A contact changes for many reasons, our own write-back among them; its lead status changed when it says so,
        -- and of a rejection the reason may be given anew under the same status. One answer may take two saves.
        coalesce(contact.lead_status_at, contact.updated_at) as status_at,
        greatest(
            coalesce(contact.lead_status_at, contact.updated_at),
            case
                when
                    crm_dispositions.takes_reason and (
                        contact.rejection_reason_by is distinct from contact.lead_status_by
                        or contact.rejection_reason_at > contact.lead_status_at + crm_dispositions.patience
                    )
                    then contact.rejection_reason_at
            end
        ) as answered_at,
        case
            when crm_dispositions.takes_reason and contact.rejection_reason_at > contact.lead_status_at
                then contact.rejection_reason_by
            else contact.lead_status_by
        end as answered_by
    from {{ ref('stg_hubspot__contacts') }} as contact
    inner join crm_dispositions on contact.lead_status = crm_dispositions.lead_status
    where contact.is_lead_status_by_hand
),

-- HubSpot names the user who made a change; where it does not, or the user owns nothing there, it was the owner's.
people as (
    select user_id, max(owner_id) as owner_id from {{ ref('stg_hubspot__owners') }} group by user_id
),

rejection_reasons as (
    select * from {{ ref('rejection_reasons') }}
    where {{ is_in_force() }}
),

final as (
    select
        assignments.handoff_id, assignments.assignment_id, assignments.lead_id, assignments.product_id,
        coalesce(people.owner_id, contacts.owner_id) as owner_id,
        case
            when contacts.takes_reason and rejection_reasons.next_step = 'reroute' then 'declined'
            else contacts.kind
        end as kind,
        case when contacts.takes_reason then contacts.rejection_reason_id end as reason_id,
        case
            when contacts.takes_reason and contacts.rejection_reason_id is null
                then contacts.answered_at + contacts.patience
        end as waits_until,
        contacts.answered_at as occurred_at,
        contacts.status_at,
        jsonb_build_object(
            'contact_id', contacts.contact_id, 'hs_lead_status', contacts.lead_status,
            'handoff_rejection_reason', contacts.rejection_reason_id, 'updated_at', contacts.updated_at
        ) as evidence,
        row_number() over (
            partition by assignments.lead_id, assignments.product_id
            order by
                assignments.is_contacted desc,
                case when assignments.is_contacted then assignments.routed_at end desc,
                assignments.routed_at, assignments.handoff_id
        ) as place
    from assignments
    inner join contacts
        on
            assignments.lead_id = contacts.contact_id
            and contacts.answered_at >= assignments.assigned_at
            and contacts.answered_at < coalesce(assignments.ended_at, 'infinity')
            -- What somebody changes of a reason is said of whatever the status was set for.
            and contacts.status_at >= assignments.routed_at
            and contacts.status_at < coalesce(assignments.followed_at, 'infinity')
    left join people on contacts.answered_by = people.user_id
    left join rejection_reasons on contacts.rejection_reason_id = rejection_reasons.reason_id
)

select * from final
