{{ review_table() }}

with

parameters as (
    select * from {{ ref('touch_parameters') }}
),

pairs as (
    select acts.lead_id, acts.act_id, acts.occurred_on, pair.key, pair.value
    from {{ ref('int_touch_acts') }} as acts
    cross join lateral jsonb_each_text(acts.evidence) as pair
    where {{ only_moved('acts.lead_id') }}
),

final as (
    select
        pairs.lead_id,
        pairs.act_id,
        {{ filled_by('source') }} as source,
        {{ filled_by('campaign') }} as campaign,
        {{ filled_by('content') }} as content
    from pairs
    inner join parameters on pairs.key = parameters.parameter_id
    -- HubSpot's own tags of an event were not read from the address, where such values are left out.
    where {{ was_in_force('parameters', 'pairs.occurred_on') }} and pairs.value not like '%@%'
    group by pairs.lead_id, pairs.act_id
)

select * from final
