{{ review_table() }}

with

touches as (
    select * from {{ ref('int_touches') }}
    where {{ only_moved() }}
),

credits as (
    select * from {{ ref('int_touch_credits') }}
    where {{ only_moved() }}
),

conversions as (
    select * from {{ ref('int_conversions') }}
    where {{ only_moved() }}
),

final as (
    select
        coalesce(credits.touch_credit_id, touches.touch_id) as touch_credit_id,
        touches.touch_id,
        touches.lead_id,
        credits.conversion_id,
        conversions.handoff_id,
        credits.model_id,
        conversions.conversion_kind,
        touches.channel,
        touches.source,
        touches.campaign,
        touches.content,
        touches.touch_order,
        touches.acts,
        coalesce(credits.credit, 0) as credit,
        touches.occurred_at,
        conversions.occurred_at as converted_at
    from touches
    left join credits on touches.touch_id = credits.touch_id
    left join conversions on credits.conversion_id = conversions.conversion_id
)

select * from final
