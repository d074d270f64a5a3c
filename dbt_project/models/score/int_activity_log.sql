{{ config(materialized='view') }}

with

contacts as not materialized (
    select * from {{ ref('stg_hubspot__contacts') }}
    where not is_archived
),

event_kinds as (
    select * from {{ ref('crm_activity_kinds') }}
    where record_type = 'event'
),

engagements as (
    select
        engagement.activity_id, contact.lead_id, engagement.contact_ids, engagement.kind, engagement.subject,
        engagement.subject as label, null::text as url, engagement.owner_id, engagement.occurred_at,
        engagement.extracted_at,
        false as is_counter
    from {{ ref('int_engagements') }} as engagement
    cross join lateral unnest(engagement.contact_ids) as contact (lead_id)
),

submissions as (
    select
        'form:' || submission.submission_id as activity_id, contacts.contact_id as lead_id, contacts.contact_ids,
        'form_submitted' as kind, submission.form_id as subject, submission.form_name as label,
        submission.page_url as url, null::text as owner_id, submission.occurred_at, submission.extracted_at,
        false as is_counter
    from contacts
    cross join lateral unnest(contacts.emails) as own (email)
    inner join {{ ref('stg_hubspot__form_submissions') }} as submission on own.email = submission.email
),

events as (
    select
        'event:' || event.event_id as activity_id, event.contact_id as lead_id, event.contact_ids,
        coalesce(event_kinds.kind, {{ crm_kind("'event'", 'null', 'null', 'null') }}) as kind,
        coalesce({{ url_path('event.url') }}, event.email_subject) as subject,
        coalesce({{ url_path('event.url') }}, event.email_subject) as label, event.url, null::text as owner_id,
        event.occurred_at, event.extracted_at,
        false as is_counter
    from {{ ref('stg_hubspot__events') }} as event
    left join event_kinds on event.event_type = event_kinds.direction
),

counters as (
    select
        counter.kind || ':' || contacts.contact_id || ':' || extract(epoch from counter.occurred_at)::bigint
        as activity_id,
        contacts.contact_id as lead_id, contacts.contact_ids, counter.kind, null::text as subject, counter.label,
        null::text as url, null::text as owner_id, counter.occurred_at, contacts.extracted_at,
        true as is_counter
    from contacts
    cross join
        lateral (
            values
            ('page_viewed', contacts.page_views || ' pages', contacts.last_visit_at),
            ('email_opened', null, contacts.last_email_open_at),
            ('email_clicked', null, contacts.last_email_click_at)
        ) as counter (kind, label, occurred_at)
    where counter.occurred_at is not null
),

final as (
    select * from engagements
    union all
    select * from submissions
    union all
    select * from events
    union all
    select * from counters
)

select * from final
