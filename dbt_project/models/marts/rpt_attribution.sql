with

company as (
    select time_zone from {{ ref('company') }}
    where {{ is_in_force() }}
),

models as (
    select * from {{ ref('attribution_models') }}
),

-- A conversion before which no touch is known counts too, so that every model adds up to all conversions.
conversions as (
    select
        conversion.conversion_id,
        conversion.conversion_kind,
        models.model_id,
        models.name as model_name,
        {{ week_of('conversion.occurred_at') }} as week_starts_on
    from {{ ref('int_conversions') }} as conversion
    inner join models on {{ was_in_force('models', utc_day('conversion.occurred_at')) }}
),

credits as (
    select * from {{ ref('fct_touches') }}
    where credit > 0
),

final as (
    select
        conversions.week_starts_on,
        conversions.conversion_kind,
        conversions.model_id,
        conversions.model_name,
        coalesce(credits.channel, 'unknown') as channel,
        credits.source,
        credits.campaign,
        sum(coalesce(credits.credit, 1)) as credit
    from conversions
    left join credits
        on conversions.conversion_id = credits.conversion_id and conversions.model_id = credits.model_id
    group by
        conversions.week_starts_on, conversions.conversion_kind, conversions.model_id, conversions.model_name,
        coalesce(credits.channel, 'unknown'), credits.source, credits.campaign
)

select * from final
