{{ review_table() }}

with

conversions as (
    select * from {{ ref('int_conversions') }}
    where {{ only_moved() }}
),

models as (
    select * from {{ ref('attribution_models') }}
),

touches as (
    select * from {{ ref('int_touches') }}
    where {{ only_moved() }}
),

within_look_back as (
    select
        conversions.conversion_id,
        conversions.lead_id,
        models.*,
        touches.touch_id,
        row_number() over in_order as place,
        count(*) over all_of_them as touches,
        -- Before the last touch, not before the conversion: the shares are the same, and none is too small to count.
        extract(epoch from (max(touches.occurred_at) over all_of_them - touches.occurred_at))
        / extract(epoch from make_interval(days => 1)) as days_before_last
    from conversions
    inner join models on {{ was_in_force('models', utc_day('conversions.occurred_at')) }}
    inner join touches
        on
            conversions.lead_id = touches.lead_id
            and touches.occurred_at <= conversions.occurred_at
            and touches.occurred_at >= conversions.occurred_at - make_interval(days => models.look_back_days)
    window
        all_of_them as (partition by conversions.conversion_id, models.model_id),
        in_order as (all_of_them order by touches.occurred_at, touches.touch_order)
),

final as (
    select
        conversion_id, model_id, touch_id, lead_id, place::int as place, touches::int as touches,
        trim_scale(case
            when kind = 'linear' then 1
            when kind = 'time_decay' then power(2::numeric, -days_before_last / half_life_days)
            when touches = 1 then 1
            when touches = 2 and place = 1 then first_of_two_weight
            when touches = 2 then 1 - first_of_two_weight
            when place = 1 then first_weight
            when place = touches then last_weight
            else (1 - first_weight - last_weight) / (touches - 2)
        end) as weight
    from within_look_back
)

select * from final
