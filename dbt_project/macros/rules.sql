{% macro fact_matches(fact, operator, value) -%}
    {#- null when the fact is unknown: unknown is not false. -#}
    case {{ operator }}
        when 'is_known' then nullif({{ fact }} is not null, false)
        when 'equals' then lower({{ fact }}) = lower({{ value }})
        when 'one_of' then lower({{ fact }}) = any(string_to_array(lower({{ value }}), ';'))
        when 'none_of' then lower({{ fact }}) <> all(string_to_array(lower({{ value }}), ';'))
        when 'ends_with' then
            (
                select bool_or(right(lower({{ fact }}), length(ending)) = ending)
                from unnest(string_to_array(lower({{ value }}), ';')) as ending
            )
        when 'at_least' then {{ as_number(fact) }} >= {{ as_number(value) }}
        when 'at_most' then {{ as_number(fact) }} <= {{ as_number(value) }}
        when 'between' then
            {{ as_number(fact) }} between {{ as_number("split_part(" ~ value ~ ", ';', 1)") }}
            and {{ as_number("split_part(" ~ value ~ ", ';', 2)") }}
    end
{%- endmacro %}

{% macro subject_matches(subject, match_kind, match_value) -%}
    case {{ match_kind }}
        when 'any' then true
        when 'exact' then {{ subject }} = {{ match_value }}
        when 'prefix' then starts_with({{ subject }} || '/', {{ match_value }} || '/')
    end
{%- endmacro %}

{% macro running_points(points, scope) -%}
    sum(greatest({{ points }}, 0)) over (
        partition by lead_id, definition_id{{ ', ' ~ scope if scope }}
        order by occurred_at desc nulls first, rule_id, activity_id
        rows unbounded preceding
    )
{%- endmacro %}

{% macro capped_points(points, cap, scope=none) -%}
    {#- What this part adds while the running total of its scope, newest first, stays under the cap. Points below
        zero always count in full. Without a cap, `least` ignores the null. -#}
    case
        when {{ points }} <= 0 then {{ points }}
        else
            least({{ running_points(points, scope) }}, {{ cap }})
            - least({{ running_points(points, scope) }} - {{ points }}, {{ cap }})
    end
{%- endmacro %}

{% macro first_known(candidates) -%}
    coalesce({{ candidates.values() | join(', ') }})
{%- endmacro %}

{% macro origin_of(candidates) -%}
    case
    {%- for origin, value in candidates.items() %}
        when {{ value }} is not null then '{{ origin }}'
    {%- endfor %}
    end
{%- endmacro %}

{% macro is_domain_of(lead, owners) -%}
    exists (
        select 1 from {{ owners }} as owner
        where
            right('.' || {{ lead }}.email_domain, length(owner.domain) + 1) = '.' || owner.domain
            or right('.' || {{ lead }}.company_domain, length(owner.domain) + 1) = '.' || owner.domain
    )
{%- endmacro %}

{% macro line_table(settings='') -%}
    {#- The models write their joins in the order in which few leads fan out, so the planner need not search for it;
        compiling expressions costs more than running them once. -#}
    {{ config(
        materialized='per_lead',
        indexes=[{'columns': ['lead_id']}],
        sql_header="set local join_collapse_limit = 1; set local jit = off; set local work_mem = '64MB'; " ~ settings,
    ) }}
{%- endmacro %}

{% macro crm_kind(record_type, direction, status, origin) -%}
    (
        select mapping.kind
        from {{ ref('crm_activity_kinds') }} as mapping
        where
            mapping.record_type = {{ record_type }}
            and mapping.direction in ({{ direction }}, '*')
            and mapping.status in ({{ status }}, '*')
            and mapping.origin in ({{ origin }}, '*')
        order by mapping.precedence
        limit 1
    )
{%- endmacro %}

{% macro decayed(points, moment, occurred_at, half_life_days) -%}
    {#- points × ½^(age ÷ half-life), rounded to the two decimals in which points are counted. Exact arithmetic takes ten
        times as long, and is asked where doubles come so near to the middle of two hundredths that they might err. -#}
    {%- set age = "extract(epoch from (" ~ moment ~ " - " ~ occurred_at ~ "))" -%}
    {%- set half_life = "extract(epoch from make_interval(days => " ~ half_life_days ~ "))" -%}
    {#- Less than 2^-200 of the points is nothing, and further down doubles would raise an error. -#}
    {%- set halvings = "least(" ~ age ~ "::float8 / " ~ half_life ~ "::float8, 200)" -%}
    {%- set quick = points ~ " * power(2::float8, -" ~ halvings ~ ")" -%}
    {%- set hundredths, middle, near = "100::float8 * " ~ quick, 0.5, 0.001 -%}
    case
        when abs({{ hundredths }} - floor({{ hundredths }}) - {{ middle }}) > {{ near }}
            then round(({{ quick }})::numeric, 2)
        else round({{ points }} * power(2::numeric, -{{ age }} / {{ half_life }}), 2)
    end
{%- endmacro %}

{% macro cap_of(scope, scope_id) -%}
    (
        select cap.max_points::numeric
        from caps as cap
        where cap.definition_id = parts.definition_id and cap.scope = '{{ scope }}' and cap.scope_id = {{ scope_id }}
    )
{%- endmacro %}

{% macro needs_lookup(subject, fetched_at, is_found, is_private='false') -%}
    exists (
        select 1 from enrichment_policy as policy
        where
            policy.subject = '{{ subject }}'
            and (policy.includes_free_mail or not {{ is_private }})
            and (
                {{ fetched_at }} is null
                or {{ fetched_at }} < {{ as_of() }} - make_interval(
                    days => case when {{ is_found }} then policy.ttl_days else policy.negative_ttl_days end
                )
            )
    )
{%- endmacro %}

{% macro tier_of(decision) -%}
    (
        select tier.tier_id
        from {{ ref('tiers') }} as tier
        where
            {{ is_in_force('tier') }}
            and tier.definition_id = {{ decision }}.definition_id
            and tier.is_for_hand_raisers = {{ decision }}.is_hand_raiser
            and tier.min_score <= greatest({{ decision }}.score, 0)
        order by tier.min_score desc
        limit 1
    )
{%- endmacro %}
