{{ line_table() }}

with

decisions as (
    select * from {{ ref('int_decisions') }}
    where {{ only_pending() }}
),

final as (
    select
        lead_id, product_id, definition_id, definition_version, cycle, decision, reason, score, fit_points,
        engagement_points, tier_id, is_hand_raiser, is_handed_off, trigger_activity_id, trigger_kind, trigger_at,
        trigger_summary, rejected_at, qualified_at
    from decisions
    where not is_shadow
)

select * from final
