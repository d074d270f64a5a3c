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

recorded as (
    select dispositions.*, handoffs.lead_id, handoffs.product_id
    from {{ ref('stg_handoff__dispositions') }} as dispositions
    inner join {{ ref('stg_handoff__handoffs') }} as handoffs on dispositions.handoff_id = handoffs.handoff_id
),

rejection_reasons as (
    select * from {{ ref('rejection_reasons') }}
    where {{ is_in_force() }}
),

answers as (
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
        jsonb_build_object(
            'contact_id', contacts.contact_id, 'hs_lead_status', contacts.lead_status,
            'handoff_rejection_reason', contacts.rejection_reason_id, 'updated_at', contacts.updated_at
        ) as evidence,
        row_number() over (
            partition by assignments.lead_id, assignments.product_id
            order by assignments.is_contacted desc, assignments.routed_at, assignments.assignment_id
        ) as place
    from assignments
    inner join contacts
        on
            assignments.lead_id = contacts.contact_id
            and contacts.answered_at >= assignments.assigned_at
            and contacts.answered_at < coalesce(assignments.answerable_until, 'infinity')
            -- What somebody changes of a reason is said of whatever the status was set for.
            and coalesce(contacts.lead_status_at, contacts.updated_at) >= assignments.routed_at
    left join people on contacts.answered_by = people.user_id
    left join rejection_reasons on contacts.rejection_reason_id = rejection_reasons.reason_id
),

-- Of two handoffs that a merge brought together one is answered, and no other by the same answer. Whoever wishes for
-- another rep once more, as nobody else could take it, is heard again.
final as (
    select
        handoff_id, assignment_id, lead_id, owner_id, kind, reason_id, waits_until, occurred_at, evidence
    from answers
    where
        place = 1
        and not exists (
            select 1 from recorded
            where
                recorded.lead_id = answers.lead_id
                and recorded.product_id = answers.product_id
                and recorded.kind = answers.kind
                and case
                    when recorded.handoff_id <> answers.handoff_id then recorded.occurred_at = answers.occurred_at
                    else
                        recorded.assignment_id = answers.assignment_id
                        and (answers.kind <> 'declined' or recorded.occurred_at >= answers.occurred_at)
                end
        )
)

select * from final
