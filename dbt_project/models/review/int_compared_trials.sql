with

kept as (
    select make_interval(days => keep_days) as span from {{ ref('retention') }}
    where {{ is_in_force() }} and subject = 'shadow_decisions'
),

final as (
    select
        product_id,
        definition_id,
        definition_version,
        greatest(began_at, {{ as_of() }} - (select kept.span from kept)) as began_at,
        least(ends_at, {{ as_of() }}) as ends_at
    from {{ ref('int_shadow_trials') }}
    where began_at <= {{ as_of() }}
)

select * from final
