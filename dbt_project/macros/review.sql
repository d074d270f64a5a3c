{% macro week_of(instant) -%}
    date_trunc('week', {{ instant }} at time zone (select company.time_zone from company))::date
{%- endmacro %}

{% macro commitment_of(metric, day, promise="true") -%}
    {#- Of all products that `promise` lets in, numbers add up, and a share counts where it is the same for each. -#}
    (
        select
            {% if metric == 'handoffs_per_week' -%}
                sum(commitments.target)
            {%- else -%}
                case when min(commitments.target) = max(commitments.target) then max(commitments.target) end
            {%- endif %}
        from commitments
        where commitments.metric = '{{ metric }}' and {{ was_in_force('commitments', day) }} and {{ promise }}
    )
{%- endmacro %}

{% macro median_of(value) -%}
    {%- set half = "0.5" -%}
    (percentile_cont({{ half }}) within group (order by {{ value }}))::numeric
{%- endmacro %}

{% macro labelled(dimension) -%}
    coalesce({{ dimension }}, '(blank)')
{%- endmacro %}

{% macro tail_of(value) -%}
    {%- set part = "0.9" -%}
    (percentile_cont({{ part }}) within group (order by {{ value }}))::numeric
{%- endmacro %}

{% macro is_taken_on(handoff) -%}
    {#- Whoever calls a lead has accepted it; one that nobody answered, or that was taken back, counts for neither side. -#}
    case
        when {{ handoff }}.withdrawn_at is not null then null
        when coalesce({{ handoff }}.accepted_at, {{ handoff }}.contacted_at) is not null then true
        when {{ handoff }}.rejected_at is not null then false
    end
{%- endmacro %}

{% macro maturity() -%}
    {#- A handoff younger than this counts for neither side. -#}
    select make_interval(days => limits.value::int) as span from {{ ref('suggest_limits') }} as limits
    where limits.limit_id = 'maturity_days'
{%- endmacro %}
