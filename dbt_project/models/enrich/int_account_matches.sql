{{ config(materialized='view') }}

with

found as (
    select * from {{ ref('int_account_candidates') }}
),

rules as not materialized (
    select * from {{ ref('account_match_rules') }}
    where {{ is_in_force() }} and is_enabled
),

final as (
    select
        found.*,
        case when best.candidates = 1 then best.company_ids[1] end as account_id,
        case when best.candidates = 1 then best.method else 'none' end as account_match_method,
        case when best.candidates = 1 then best.confidence else 0 end as account_match_confidence,
        coalesce(best.candidates, 0) as account_candidates,
        coalesce(
            best.reason || case when best.candidates > 1 then ': ambiguous' else '' end,
            {{ why_no_account('found') }}
        ) as account_match_reason
    from found
    left join lateral (
        select
            rule.method,
            rule.confidence,
            outcome.company_ids,
            cardinality(outcome.company_ids) as candidates,
            case when cardinality(outcome.company_ids) > 1 then outcome.if_several else outcome.if_one end as reason
        from (
            values
            (
                'association', found.associated_ids, 'associated in the CRM',
                cardinality(found.associated_ids) || ' companies are associated and none is the primary one'
            ),
            (
                'domain', found.domain_ids, 'the only company at ' || found.shared_domain,
                cardinality(found.domain_ids) || ' companies share ' || found.shared_domain
            ),
            (
                'name', found.name_ids, 'the only company named “' || found.company_key || '”',
                cardinality(found.name_ids) || ' companies are named “' || found.company_key || '”'
            )
        ) as outcome (method, company_ids, if_one, if_several)
        inner join rules as rule on outcome.method = rule.method
        where outcome.company_ids is not null
        order by rule.rank
        limit 1
    ) as best on true
)

select * from final
