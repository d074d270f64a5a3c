{{ review_table() }}

-- depends_on: {{ ref('int_ahead_leads') }}

with

parameters as (
    select * from {{ ref('touch_parameters') }}
),

acts as (
    select
        lead_id, act_id, act_rank, url, source, campaign, content, occurred_at, evidence,
        {{ utc_day('occurred_at') }} as occurred_on
    from {{ ref('int_activity_acts') }}
    where {{ only_moved() }}
    union all
    select
        lead_id, act_id, act_rank, url, source, campaign, content, occurred_at, evidence,
        {{ utc_day('occurred_at') }} as occurred_on
    from {{ ref('int_source_acts') }}
    where {{ only_moved() }}
),

-- Of an address only the parameters are kept that the agreement names.
final as (
    select
        acts.lead_id,
        acts.act_id,
        acts.act_rank,
        acts.source,
        acts.campaign,
        acts.content,
        acts.occurred_at,
        acts.occurred_on,
        jsonb_strip_nulls(acts.evidence) || coalesce(found.tags, '{}') as evidence
    from acts
    left join
        lateral (
            select jsonb_object_agg(tag.name, tag.value order by tag.place desc) as tags
            from {{ url_parameters('acts.url') }} as tag
            inner join parameters on tag.name = parameters.parameter_id
            where tag.value is not null and {{ was_in_force('parameters', 'acts.occurred_on') }}
        ) as found
        on strpos(acts.url, '?') > 0
    where acts.occurred_at <= {{ as_of() }}
)

select * from final
