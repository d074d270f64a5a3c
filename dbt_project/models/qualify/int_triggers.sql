{{ config(materialized='ephemeral') }}

with

acts as (
    select * from {{ ref('int_signal_matches') }}
    where can_trigger and is_inbound
),

definitions as (
    select * from {{ ref('int_definitions') }}
),

go_live as (
    select * from {{ ref('stg_handoff__go_live') }}
),

final as (
    select
        acts.lead_id,
        acts.definition_id,
        acts.is_hand_raiser,
        acts.activity_id,
        acts.kind,
        acts.summary,
        acts.occurred_at,
        acts.extracted_at,
        definitions.product_id,
        make_interval(days => definitions.requalify_cooling_off_days) as cooling_off
    from acts
    inner join definitions on acts.definition_id = definitions.definition_id
    left join go_live on definitions.product_id = go_live.product_id
    where
        (acts.occurred_at >= go_live.live_at or definitions.is_shadow)
        and acts.occurred_at >= acts.aged_until - make_interval(hours => definitions.max_trigger_age_hours)
)

select * from final
