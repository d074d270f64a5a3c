{{ line_table() }}

with

activity_log as (
    select * from {{ ref('int_activity_log') }}
    where {{ only_pending_contacts() }}
),

activity_kinds as (
    select * from {{ ref('activity_kinds') }}
),

recorded_kinds as (
    select distinct lead_id, kind from activity_log
    where not is_counter
),

final as (
    select
        activity_log.activity_id,
        activity_log.lead_id,
        activity_log.owner_id,
        activity_log.kind,
        coalesce(
            replace(activity_kinds.sentence, '%s', {{ one_line('activity_log.label') }}), activity_kinds.sentence_bare
        ) as summary,
        activity_log.subject,
        activity_log.url,
        activity_kinds.is_inbound,
        activity_log.occurred_at,
        activity_log.extracted_at
    from activity_log
    inner join activity_kinds on activity_log.kind = activity_kinds.kind
    left join recorded_kinds
        on activity_log.lead_id = recorded_kinds.lead_id and activity_log.kind = recorded_kinds.kind
    -- HubSpot's counters on the contact stand in for events only where the portal records none of that kind.
    where not activity_log.is_counter or recorded_kinds.lead_id is null
)

select * from final
