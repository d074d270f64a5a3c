{{ review_table() }}

with

activities as (
    select
        coalesce(aliases.lead_id, activity.lead_id) as lead_id,
        activity.activity_id as act_id,
        activity.kind as activity_kind,
        activity.url,
        activity.occurred_at
    from {{ ref('int_activities') }} as activity
    left join {{ ref('stg_handoff__aliases') }} as aliases on activity.lead_id = aliases.former_lead_id
    -- What sales does is no touch.
    where activity.is_inbound and {{ only_moved('activity.lead_id') }}
),

kinds as (
    select distinct unnest(string_to_array(match_value, ';')) as activity_kind
    from {{ ref('touch_channels') }}
),

events as (
    select 'event:' || event_id as act_id, email_campaign, utm_source, utm_medium, utm_campaign
    from {{ ref('stg_hubspot__events') }}
    where
        coalesce(email_campaign, utm_source, utm_medium, utm_campaign) is not null and {{ only_moved_contacts() }}
),

submissions as (
    select 'form:' || submission_id as act_id, form_name
    from {{ ref('stg_hubspot__form_submissions') }}
),

-- After a merge an act may stand under both ids.
final as (
    select distinct on (activities.lead_id, activities.act_id)
        activities.lead_id,
        activities.act_id,
        2 as act_rank,
        activities.url,
        null::text as source,
        events.email_campaign as campaign,
        submissions.form_name as content,
        activities.occurred_at,
        to_jsonb(named.*) as evidence
    from activities
    left join events on activities.act_id = events.act_id
    left join submissions on activities.act_id = submissions.act_id
    cross join
        lateral (
            select activities.activity_kind, events.utm_source, events.utm_medium, events.utm_campaign
        ) as named
    where
        activities.activity_kind in (select kinds.activity_kind from kinds)
        or strpos(activities.url, '?') > 0
        or events.act_id is not null
    order by activities.lead_id, activities.act_id, activities.occurred_at
)

select * from final
