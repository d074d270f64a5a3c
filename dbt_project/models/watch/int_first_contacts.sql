with

handoffs as (
    select * from {{ ref('int_awaited_contacts') }}
),

assignments as (
    select * from {{ ref('int_assignments') }}
),

breaches as (
    select
        given.handoff_id, marked.due_at, marked.marked_at
    from {{ ref('stg_handoff__breaches') }} as marked
    inner join {{ ref('stg_handoff__assignments') }} as given on marked.assignment_id = given.assignment_id
),

outreach_kinds as (
    select * from {{ ref('activity_kinds') }}
    where is_outreach
),

-- The row of whoever leaves ends as that day begins, and they called in the morning; but not for who takes over.
reps as (
    select
        rep_id, crm_owner_id, valid_from,
        valid_to
        + (lead(valid_from) over (partition by crm_owner_id order by valid_from) is distinct from valid_to)::int
        as valid_to
    from {{ ref('reps') }}
),

first_outreach as (
    select
        handoffs.handoff_id,
        outreach.*
    from handoffs
    cross join lateral (
        select
            engagement.activity_id, engagement.owner_id, reps.rep_id, engagement.kind,
            engagement.occurred_at, engagement.logged_at, counted.first_contact_at
        from {{ ref('int_engagements') }} as engagement
        inner join outreach_kinds on engagement.kind = outreach_kinds.kind
        inner join reps
            on
                engagement.owner_id = reps.crm_owner_id
                and {{ was_in_force('reps', utc_day('engagement.occurred_at')) }}
        -- A record made long after what it tells of proves no more than that it was made, nor does one made when the
        -- deadline that it would have kept was known to be missed.
        cross join
            lateral (
                select
                    case
                        when
                            engagement.logged_at
                            > engagement.occurred_at + make_interval(mins => outreach_kinds.late_after_minutes)
                            or exists (
                                select 1 from breaches
                                where
                                    breaches.handoff_id = handoffs.handoff_id
                                    and breaches.due_at >= engagement.occurred_at
                                    and breaches.marked_at < engagement.logged_at
                            )
                            then engagement.logged_at
                        else engagement.occurred_at
                    end as first_contact_at
            ) as counted
        where
            engagement.contact_ids && array[handoffs.lead_id]
            -- What was planned, or is said to have happened, before the handoff is no answer to it.
            and least(engagement.occurred_at, engagement.logged_at) >= handoffs.handed_over_at
            and counted.first_contact_at <= least({{ as_of() }}, handoffs.closed_at)
        order by counted.first_contact_at, engagement.activity_id
        limit 1
    ) as outreach
),

final as (
    select
        first_outreach.handoff_id,
        assignments.assignment_id,
        assignments.lead_id,
        first_outreach.activity_id,
        first_outreach.owner_id,
        first_outreach.kind,
        case when assignments.rep_id = first_outreach.rep_id then 'owner' else 'colleague' end as made_by,
        first_outreach.first_contact_at,
        first_outreach.occurred_at,
        first_outreach.logged_at,
        first_outreach.first_contact_at <= assignments.due_at as is_in_time
    from first_outreach
    inner join assignments
        on
            first_outreach.handoff_id = assignments.handoff_id
            and first_outreach.first_contact_at >= assignments.assigned_at
            and first_outreach.first_contact_at < coalesce(assignments.ended_at, 'infinity')
)

select * from final
