{{ review_table() }}

with

acts as (
    select * from {{ ref('int_touch_acts') }}
    where {{ only_moved() }}
),

tags as (
    select * from {{ ref('int_act_tags') }}
    where {{ only_moved() }}
),

campaigns as (
    select key, min(name) as name from {{ ref('stg_hubspot__campaigns') }}
    cross join lateral unnest(array[campaign_id, utm_campaign]) as key
    group by key
),

channels as materialized (
    select
        rule.*,
        allowed.value,
        row_number() over (order by rule.precedence, rule.rule_id) as place
    from {{ ref('touch_channels') }} as rule
    cross join lateral unnest(string_to_array(lower(rule.match_value), ';')) as allowed (value)
),

matches as (
    select acts.lead_id, acts.act_id, min(channels.place) as place
    from acts
    cross join lateral jsonb_each_text(acts.evidence) as pair
    cross join lateral unnest(array[lower(pair.value), '*']) as wanted (value)
    inner join channels on pair.key = channels.match_field and wanted.value = channels.value
    where {{ was_in_force('channels', 'acts.occurred_on') }}
    group by acts.lead_id, acts.act_id
),

final as (
    select
        acts.lead_id, acts.act_id, acts.act_rank, channels.channel, coalesce(tags.source, acts.source) as source,
        coalesce(tags.campaign, acts.campaign) as campaign_key,
        coalesce(campaigns.name, tags.campaign, acts.campaign) as campaign,
        coalesce(tags.content, acts.content) as content, channels.takes_visit_channel,
        make_interval(mins => channels.visit_minutes) as visit_gap, acts.occurred_at,
        acts.evidence || jsonb_build_object('rule_id', channels.rule_id) as evidence
    from acts
    inner join matches on acts.lead_id = matches.lead_id and acts.act_id = matches.act_id
    inner join channels on matches.place = channels.place
    left join tags on acts.lead_id = tags.lead_id and acts.act_id = tags.act_id
    left join campaigns on coalesce(tags.campaign, acts.campaign) = campaigns.key
)

select * from final
