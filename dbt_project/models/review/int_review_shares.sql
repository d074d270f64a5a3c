with

outcomes as (
    select * from {{ ref('fct_sla_outcomes') }}
),

handoffs as (
    select * from {{ ref('int_review_handoffs') }}
),

-- A null in is_counted is in no share; is_open says that it may still change.
facts as (
    select
        'handoffs' as figure, handoff_id, routed_week as week_starts_on, null::boolean as is_counted,
        false as is_open
    from handoffs
    union all
    select
        'acceptance' as figure, handoff_id, routed_week as week_starts_on, is_taken_on as is_counted,
        is_unanswered as is_open
    from handoffs
    union all
    select
        'attainment' as figure, handoff_id, routed_week as week_starts_on, is_in_time as is_counted,
        is_in_time is null and is_running as is_open
    from handoffs
    union all
    select
        'conversion' as figure, handoff_id, qualified_week as week_starts_on,
        coalesce(sql_at < window_ends_at, false) as is_counted,
        sql_at is null and may_go_on as is_open
    from handoffs
),

told_by (figure, dimension) as (
    values
    ('handoffs', 'all'), ('handoffs', 'product'), ('handoffs', 'tier'), ('handoffs', 'source'),
    ('acceptance', 'all'), ('acceptance', 'product'), ('acceptance', 'version'),
    ('attainment', 'all'), ('attainment', 'product'), ('attainment', 'tier'),
    ('conversion', 'all'), ('conversion', 'product'), ('conversion', 'source'), ('conversion', 'campaign'),
    ('conversion', 'segment'), ('conversion', 'version')
),

faces as (
    select handoffs.handoff_id, handoffs.lead_id, face.dimension, face.member
    from handoffs
    cross join
        lateral (
            values
            ('all', 'all'),
            ('product', handoffs.product_id),
            ('tier', handoffs.tier_id),
            ('source', {{ labelled('handoffs.first_source') }}),
            ('campaign', {{ labelled('handoffs.campaign') }}),
            ('segment', {{ labelled('handoffs.segment') }}),
            ('version', handoffs.definition_id || ' ' || handoffs.definition_version)
        ) as face (dimension, member)
),

-- Of each rep what they had themselves, whoever had it before or after.
by_rep as (
    select
        handoffs.routed_week as week_starts_on, outcomes.rep_id, handoffs.lead_id, outcomes.handoff_id,
        case when outcomes.outcome in ('met', 'breached') then outcomes.outcome = 'met' end as is_counted,
        outcomes.outcome = 'open' as is_open
    from outcomes
    inner join handoffs on outcomes.handoff_id = handoffs.handoff_id
),

final as (
    select
        facts.week_starts_on, facts.figure, faces.dimension, faces.member, faces.lead_id, facts.handoff_id,
        facts.is_counted, facts.is_open
    from facts
    inner join told_by on facts.figure = told_by.figure
    inner join faces on facts.handoff_id = faces.handoff_id and told_by.dimension = faces.dimension
    union all
    select
        week_starts_on, 'attainment' as figure, 'rep' as dimension, rep_id as member, lead_id, handoff_id,
        is_counted, is_open
    from by_rep
)

select * from final
