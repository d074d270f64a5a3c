with

names as (
    select * from {{ ref('int_clause_names') }}
),

reasons as (
    select clause_ids, count(*) over () as reasons
    from {{ ref('rejection_reasons') }}
    where {{ is_in_force() }}
),

-- What a clause would be accused of, were reasons given at random: its even share of them.
shares as (
    select accused.clause_id, count(*)::numeric / max(reasons.reasons) as even_share
    from reasons
    cross join unnest(string_to_array(reasons.clause_ids, ';')) as accused (clause_id)
    group by accused.clause_id
),

usual as (
    select
        definition_id,
        definition_version,
        {{ share_of('count(*) filter (where is_rejected)', 'count(*) filter (where is_answered)') }} as rejection_rate,
        {{ share_of('count(*) filter (where is_matured and is_converted)', 'count(*) filter (where is_matured)') }}
        as conversion_rate
    from {{ ref('int_handoff_verdicts') }}
    group by definition_id, definition_version
),

measured as (
    select
        counts.*,
        coalesce(names.label, counts.clause_id) as label,
        {{ interval_of("rejection", "rejected", "answered") }},
        {{ interval_of("accused", "accused", "answered") }},
        {{ interval_of("conversion", "converted", "matured") }},
        usual.rejection_rate as usual_rejection_rate,
        {{ share_of('(usual.rejection_rate * coalesce(shares.even_share, 0))', 1) }} as usual_accused_rate,
        usual.conversion_rate as usual_conversion_rate
    from {{ ref('int_clause_counts') }} as counts
    inner join usual using (definition_id, definition_version)
    left join shares using (clause_id)
    left join names using (definition_id, clause_kind, clause_id)
),

final as (
    select
        *,
        (row_number() over (
            partition by definition_id, definition_version
            order by
                accused_low desc nulls last, rejection_low desc nulls last, conversion_high nulls last,
                clause_kind, clause_id
        ))::int as place
    from measured
)

select * from final
