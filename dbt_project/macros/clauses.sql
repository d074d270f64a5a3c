{% macro share_of(successes, trials) -%}
    {%- set decimals = "4" -%}
    round({{ successes }}::numeric / nullif({{ trials }}, 0), {{ decimals }})
{%- endmacro %}

{% macro wilson(successes, trials, side) -%}
    {#- One end, `-` or `+`, of Wilson's 95 % interval: it holds with few trials and at shares of 0 and 1 as well. The
        constant is the 97.5 % quantile of the normal distribution, from mathematics and not from the agreement. -#}
    {%- set z = "1.959964" -%}
    {%- set decimals = "4" -%}
    round(
        (
            {{ successes }} + power({{ z }}, 2) / 2
            {{ side }} {{ z }} * sqrt(
                {{ successes }} * ({{ trials }} - {{ successes }}) / nullif({{ trials }}, 0)::numeric
                + power({{ z }} / 2, 2)
            )
        ) / ({{ trials }} + power({{ z }}, 2)),
        {{ decimals }}
    )
{%- endmacro %}

{% macro interval_of(name, successes, trials) -%}
    {{ share_of(successes, trials) }} as {{ name }}_rate,
    {{ wilson(successes, trials, '-') }} as {{ name }}_low,
    {{ wilson(successes, trials, '+') }} as {{ name }}_high
{%- endmacro %}
