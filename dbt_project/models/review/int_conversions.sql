with

evidence as (
    select * from {{ ref('int_conversion_evidence') }}
),

final as (
    select distinct on (conversion_id)
        concat_ws(
            ':', conversion_kind, lead_id, case when not is_once then coalesce(handoff_id, occurred_at::text) end
        ) as conversion_id,
        lead_id,
        handoff_id,
        conversion_kind,
        occurred_at
    from evidence
    order by conversion_id, occurred_at, rule_id
)

select * from final
