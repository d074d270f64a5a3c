with

answers as (
    select * from {{ ref('int_crm_answers') }}
),

recorded as (
    select dispositions.*, handoffs.lead_id, handoffs.product_id
    from {{ ref('stg_handoff__dispositions') }} as dispositions
    inner join {{ ref('stg_handoff__handoffs') }} as handoffs on dispositions.handoff_id = handoffs.handoff_id
),

-- Of two handoffs that a merge brought together one is answered, and no other by the same answer. Whoever wishes for
-- another rep once more, as nobody else could take it, is heard again.
final as (
    select
        handoff_id, assignment_id, lead_id, owner_id, kind, reason_id, waits_until, occurred_at, status_at, evidence
    from answers
    where
        place = 1
        and not exists (
            select 1 from recorded
            where
                recorded.lead_id = answers.lead_id
                and recorded.product_id = answers.product_id
                and case
                    when recorded.handoff_id <> answers.handoff_id
                        then recorded.is_of_crm and recorded.occurred_at >= answers.status_at
                    else
                        recorded.assignment_id = answers.assignment_id and recorded.kind = answers.kind
                        and (answers.kind <> 'declined' or recorded.occurred_at >= answers.occurred_at)
                end
        )
)

select * from final
