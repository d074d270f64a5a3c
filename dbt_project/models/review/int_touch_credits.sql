{{ review_table() }}

{%- set decimals = 12 -%}

with

shared as (
    select
        *,
        weight / sum(weight) over (partition by conversion_id, model_id) as share
    from {{ ref('int_touch_weights') }}
    where {{ only_moved() }}
),

rounded_down as (
    select
        *,
        trunc(share, {{ decimals }}) as rounded,
        row_number() over (
            partition by conversion_id, model_id order by share - trunc(share, {{ decimals }}) desc, place desc
        ) as turn,
        round(power(10::numeric, -{{ decimals }}), {{ decimals }}) as last_decimal
    from shared
),

-- What is then missing from 1 goes, one last decimal each, to the touches that lost most of one.
final as (
    select
        touch_id || ' ' || conversion_id || ' ' || model_id as touch_credit_id,
        touch_id,
        conversion_id,
        model_id,
        lead_id,
        place,
        touches,
        rounded + case
            when turn * last_decimal <= 1 - sum(rounded) over (partition by conversion_id, model_id)
                then last_decimal
            else 0
        end as credit
    from rounded_down
)

select * from final
