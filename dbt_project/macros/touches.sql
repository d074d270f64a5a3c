{% macro utc_day(instant) -%}
    ({{ instant }} at time zone 'UTC')::date
{%- endmacro %}

{% macro was_in_force(relation, day) -%}
    {{ relation }}.valid_from <= {{ day }} and {{ day }} < {{ relation }}.valid_to
{%- endmacro %}

{% macro url_decoded(value) -%}
    {#- What does not decode to valid UTF-8 stays as it stands: Postgres would refuse it and the run would fail. -#}
    {%- set rest = '[89ab][0-9a-f]' -%}
    {%- set characters = [
        '0[1-9a-f]|[1-7][0-9a-f]', '(c[2-9a-f]|d[0-9a-f])' ~ rest, 'e0[ab][0-9a-f]' ~ rest,
        'e[1-9a-cef](' ~ rest ~ '){2}', 'ed[89][0-9a-f]' ~ rest, 'f0[9ab][0-9a-f](' ~ rest ~ '){2}',
        'f[1-3](' ~ rest ~ '){3}', 'f48[0-9a-f](' ~ rest ~ '){2}',
    ] -%}
    case when {{ value }} !~ '[%+]' then {{ value }} else (
        select case when bytes.hex ~ '^({{ characters | join("|") }})*$'
            then convert_from(decode(bytes.hex, 'hex'), 'UTF8') else {{ value }} end
        from (
            select string_agg(case when piece.found[1] ~ '^%.' then lower(substr(piece.found[1], 2))
                else encode(convert_to(piece.found[1], 'UTF8'), 'hex') end, '' order by piece.place) as hex
            from regexp_matches(replace({{ value }}, '+', ' '), '%[0-9A-Fa-f]{2}|[^%]+|%', 'g')
                with ordinality as piece (found, place)
        ) as bytes
    ) end
{%- endmacro %}

{% macro url_parameters(url) -%}
    {#- What looks like an e-mail address is left out: nobody is to be found in what a campaign is called. -#}
    (
        select
            pair.place,
            lower(pair.found[1]) as name,
            {{ as_text(one_line(url_decoded('pair.found[2]'))) }} as value
        from regexp_matches({{ url }}, '[?&]([^=&#]+)=([^&#]+)', 'g') with ordinality as pair (found, place)
        where pair.found[2] !~ '@|%40'
    )
{%- endmacro %}

{% macro first_value_of(column, ordering, condition) -%}
    (array_agg({{ column }} order by {{ ordering }}) filter (where {{ condition }}))[1]
{%- endmacro %}

{% macro filled_by(column) -%}
    {{ first_value_of('pairs.value', 'parameters.precedence, pairs.key', "parameters.fills = '" ~ column ~ "'") }}
{%- endmacro %}

{% macro review_table() -%}
    {#- Histories of leads are joined, grouped and sorted here: of those that have moved, or at first of all. The planner
        takes those that have moved for very few, and would look for each act of theirs among all others. -#}
    {{ config(
        materialized='per_moved_lead',
        indexes=[{'columns': ['lead_id']}],
        sql_header="set local jit = off; set local enable_nestloop = off; set local work_mem = '64MB';",
    ) }}
{%- endmacro %}
