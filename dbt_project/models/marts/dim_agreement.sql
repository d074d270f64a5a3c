with

rules as (
    select * from {{ ref('int_agreement_rules') }}
),

versions as (
    select definition_id, version, valid_from, valid_to from {{ ref('definitions') }}
),

-- A rule of a definition is of each version that was in force while it was.
final as (
    select
        concat_ws(
            ':', rules.kind, rules.rule_id, versions.version, greatest(rules.valid_from, versions.valid_from)
        ) as agreement_rule_id,
        rules.kind,
        rules.rule_id,
        rules.definition_id,
        versions.version as definition_version,
        rules.label,
        rules.text,
        rules.why,
        greatest(rules.valid_from, versions.valid_from) as valid_from,
        least(rules.valid_to, versions.valid_to) as valid_to,
        greatest(rules.valid_from, versions.valid_from) <= {{ as_of_date() }}
        and {{ as_of_date() }} < least(rules.valid_to, versions.valid_to) as is_in_force
    from rules
    left join versions
        on
            rules.definition_id = versions.definition_id
            and rules.valid_from < versions.valid_to
            and versions.valid_from < rules.valid_to
)

select * from final
