{{ review_table() }}

with

-- An arrival is an act with a channel of its own.
placed as (
    select
        acts.*,
        row_number() over in_order as act_order,
        count(*) filter (where not takes_visit_channel) over in_order as arrival
    from {{ ref('int_channelled_acts') }} as acts
    where {{ only_moved() }}
    window in_order as (partition by lead_id order by occurred_at, act_rank, act_id)
),

-- A form or a meeting takes the channel by which the lead last arrived, as long as that is the same visit.
arrived as (
    select
        placed.*,
        case
            when arrival > 0 and occurred_at - first_value(occurred_at) over arrivals <= visit_gap
                then first_value(channel) over arrivals
            else channel
        end as visit_channel
    from placed
    window arrivals as (partition by lead_id, arrival order by act_order)
),

started as (
    select
        arrived.*,
        coalesce(occurred_at - lag(occurred_at) over visits > visit_gap, true) as is_new_visit
    from arrived
    window visits as (partition by lead_id, visit_channel order by act_order)
),

numbered as (
    select
        started.*,
        count(*) filter (where is_new_visit) over (partition by lead_id, visit_channel order by act_order) as visit
    from started
),

final as (
    select
        lead_id || ' ' || {{ first_value_of('act_id', 'act_order', 'true') }} as touch_id,
        lead_id,
        visit_channel as channel,
        {{ first_value_of('source', 'act_order', 'source is not null') }} as source,
        {{ first_value_of('campaign', 'act_order', 'campaign is not null') }} as campaign,
        {{ first_value_of('content', 'act_order', 'content is not null') }} as content,
        row_number() over (partition by lead_id order by min(act_order))::int as touch_order,
        count(*)::int as acts,
        min(occurred_at) as occurred_at,
        {{ first_value_of('evidence', 'act_order', 'true') }} as evidence
    from numbered
    group by lead_id, visit_channel, visit
)

select * from final
