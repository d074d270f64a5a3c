{{ config(materialized='table') }}

with

moved as (
    select
        lead_id,
        count(*) over () as leads
    from {{ ref('int_moved_leads') }}
    where lead_id is not null
),

-- Each act of a lead is counted at each later one, so the cost grows with the square of what a lead does.
few as (
    select lead_id from moved
    where leads <= {{ var('moved_leads_at_most') }}
),

unfollowed as (
    select distinct lead_id from {{ ref('int_scores') }} as scores
    where scores.engagement_points > 0 {{ and_not_in_built('int_score_timeline', 'scores.lead_id') }}
    order by lead_id
    limit {{ var('leads_caught_up') }}
),

final as (
    select lead_id from few
    union
    select lead_id from unfollowed
)

select * from final
