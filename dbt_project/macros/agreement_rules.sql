{% macro agreement_keys() -%}
    {#- Tables of rules, with what tells their rules apart. Absences and golden cases are left out: why somebody is away
        is nobody's business in BI, and examples are no rules. -#}
    {{ return({
        'attribution_conversions': 'rule_id', 'attribution_models': 'model_id', 'behaviours': 'behaviour_id',
        'calendar_countries': 'calendar_country_id', 'calendars': 'opening_id', 'commitments': 'commitment_id',
        'company': 'company_id', 'competitors': 'competitor_id', 'definitions': 'definition_id',
        'disqualifiers': 'disqualifier_id', 'enrichment_policy': 'policy_id', 'escalations': 'escalation_id',
        'fit_points': 'rule_id', 'gate_limits': 'limit_id', 'handoff_policy': 'policy_id', 'holidays': 'holiday_id',
        'pool_members': 'pool_member_id', 'pools': 'pool_id', 'rejection_reasons': 'reason_id', 'reps': 'rep_id',
        'requirements': 'requirement_id', 'retention': 'subject', 'routing_steps': 'step', 'score_caps': 'cap_id',
        'signals': 'rule_id', 'special_hours': 'special_hours_id', 'territories': 'territory_id', 'tiers': 'tier_id',
        'touch_channels': 'rule_id', 'touch_parameters': 'parameter_id',
    }) }}
{%- endmacro %}

{% macro private_columns() -%}
    {{ return({'reps': ['name', 'email', 'slack_user_id'], 'definitions': ['agreed_by']}) }}
{%- endmacro %}

{% macro rules_of(table, key) -%}
    {%- set private = private_columns().get(table, []) -%}
    {%- set unprinted = [key, 'definition_id', 'label', 'name', 'valid_from', 'valid_to', 'why'] + private -%}
    select
        '{{ table }}' as kind,
        rule.{{ key }} as rule_id,
        to_jsonb(rule) ->> 'definition_id' as definition_id,
        coalesce(to_jsonb(rule) ->> 'label'{{ ", to_jsonb(rule) ->> 'name'" if 'name' not in private }}) as label,
        (
            select string_agg(replace(cell.name, '_', ' ') || ': ' || cell.value, '; ' order by cell.place)
            from json_each_text(row_to_json(rule)) with ordinality as cell (name, value, place)
            where cell.name <> all(array['{{ unprinted | join("', '") }}'])
        ) as text,
        rule.why,
        rule.valid_from,
        rule.valid_to
    from {{ ref(table) }} as rule
{%- endmacro %}
