{{ config(materialized='view') }}

with

calls as (
    select
        'call' as record_type, 'call:' || call_id as activity_id, contact_ids, direction,
        -- Nobody was spoken to in a completed call that lasted no time; a blank duration says nothing.
        case when status = 'COMPLETED' and duration_ms = 0 then 'COMPLETED_WITHOUT_DURATION' else status end as status,
        origin, owner_id, title as subject, is_archived, occurred_at, logged_at, extracted_at
    from {{ ref('stg_hubspot__calls') }}
),

emails as (
    select
        'email' as record_type, 'email:' || email_id as activity_id, contact_ids, direction, status, origin, owner_id,
        subject, is_archived, occurred_at, logged_at, extracted_at
    from {{ ref('stg_hubspot__emails') }}
),

meetings as (
    select
        'meeting' as record_type, 'meeting:' || meeting_id as activity_id, contact_ids, booked_through as direction,
        outcome as status, origin, owner_id, title as subject, is_archived,
        -- A meeting is planned for later; what happened is that it was booked.
        least(logged_at, occurred_at) as occurred_at, logged_at, extracted_at
    from {{ ref('stg_hubspot__meetings') }}
),

communications as (
    select
        'communication' as record_type, 'communication:' || communication_id as activity_id, contact_ids,
        logged_from as direction, null::text as status, origin, owner_id, body as subject, is_archived,
        occurred_at, logged_at, extracted_at
    from {{ ref('stg_hubspot__communications') }}
),

unioned as (
    select * from calls
    union all
    select * from emails
    union all
    select * from meetings
    union all
    select * from communications
),

final as (
    select
        unioned.*,
        {{ crm_kind('unioned.record_type', 'unioned.direction', 'unioned.status', 'unioned.origin') }} as kind
    from unioned
)

select * from final
where not is_archived
