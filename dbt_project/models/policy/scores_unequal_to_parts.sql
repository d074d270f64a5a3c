with

scores as (
    select * from {{ ref('int_scores') }}
),

parts as (
    select
        lead_id,
        definition_id,
        sum(points) as points
    from {{ ref('int_score_parts') }}
    group by lead_id, definition_id
),

final as (
    select
        scores.lead_id,
        scores.definition_id,
        scores.score,
        coalesce(parts.points, 0) as points
    from scores
    left join parts on scores.lead_id = parts.lead_id and scores.definition_id = parts.definition_id
    where
        scores.score <> coalesce(parts.points, 0)
        or scores.score <> scores.fit_points + scores.engagement_points
)

select * from final
