{{ review_table() }}

with

versions as (
    select
        coalesce(aliases.lead_id, versions.contact_id) as lead_id, aliases.lead_id is not null as is_former, versions.*
    from {{ ref('stg_hubspot__contact_sources') }} as versions
    left join {{ ref('stg_handoff__aliases') }} as aliases on versions.contact_id = aliases.former_lead_id
    where {{ only_moved('versions.contact_id') }}
),

-- The newest word counts, because people correct the first source by hand.
present as (
    select distinct on (lead_id)
        *,
        min(latest_source_at) over (partition by lead_id) as earliest_session_at
    from versions
    where not is_former
    order by lead_id, updated_at desc, version_id desc
),

earliest_acts as (
    select lead_id, min(occurred_at) as occurred_at from {{ ref('int_activities') }}
    where is_inbound and {{ only_moved() }}
    group by lead_id
),

first_sources as (
    select
        present.lead_id, 'first_source' as act_id, 0 as act_rank, present.first_source as analytics_source,
        present.first_url as url, present.first_source_detail as source, present.first_campaign as campaign,
        -- Whatever the lead did, it did in its first session or after it.
        least(present.created_at, present.earliest_session_at, earliest_acts.occurred_at) as occurred_at
    from present
    left join earliest_acts on present.lead_id = earliest_acts.lead_id
    where not present.is_archived
),

latest_sources as (
    select distinct on (lead_id, latest_source_at)
        lead_id, 'latest_source:' || extract(epoch from latest_source_at) as act_id, 1 as act_rank,
        latest_source as analytics_source, null as url, latest_source_detail as source, latest_campaign as campaign,
        latest_source_at as occurred_at
    from versions
    order by lead_id, latest_source_at, updated_at desc, version_id desc
),

final as (
    select sources.*, null::text as content, to_jsonb(named.*) as evidence
    from (
        select * from first_sources
        union all
        select * from latest_sources
    ) as sources
    cross join lateral (select sources.analytics_source) as named
    where sources.analytics_source is not null and sources.occurred_at is not null
)

select * from final
