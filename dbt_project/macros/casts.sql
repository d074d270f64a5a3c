{% macro as_text(value) -%}
    nullif(btrim({{ value }}), '')
{%- endmacro %}

{% macro as_number(value) -%}
    case when btrim({{ value }}) ~ '^[+-]?[0-9]{1,15}([.][0-9]{1,9})?$' then btrim({{ value }})::numeric end
{%- endmacro %}

{% macro as_count(value) -%}
    case when btrim({{ value }}) ~ '^[0-9]{1,9}([.]0+)?$' then trunc(btrim({{ value }})::numeric)::int end
{%- endmacro %}

{% macro as_flag(value) -%}
    case lower(btrim({{ value }})) when 'true' then true when 'false' then false end
{%- endmacro %}

{% macro as_instant(value) -%}
    {#- ISO 8601 with an offset, or milliseconds since 1970. A bare date or a time without offset is read as UTC.
        Only from about 1995 to 2100, as when landing: a placeholder is no moment, and Python cannot hold every one. -#}
    {%- set day = '(199[5-9]|20[0-9]{2})-[0-9]{2}-[0-9]{2}' -%}
    {%- set time = '[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,9})?)?' -%}
    {%- set offset = '(Z|[+-](0[0-9]|1[0-5]):?[0-5][0-9])' -%}
    case
        when btrim({{ value }}) ~ '^(7[89][0-9]{10}|[89][0-9]{11}|[1-3][0-9]{12}|40[0-9]{11})$'
            then to_timestamp(btrim({{ value }})::numeric / 1000)
        when btrim({{ value }}) ~ '^{{ day ~ time ~ offset }}$' and pg_input_is_valid(btrim({{ value }}), 'timestamptz')
            then btrim({{ value }})::timestamptz
        when btrim({{ value }}) ~ '^{{ day }}({{ time }})?$' and pg_input_is_valid(btrim({{ value }}), 'timestamp')
            then btrim({{ value }})::timestamp at time zone 'UTC'
    end
{%- endmacro %}

{% macro property(name) -%}
    {{ as_text("version.payload #>> '{properties," ~ name ~ "}'") }}
{%- endmacro %}

{% macro version_of(name, key) -%}
    {#- A merge keeps the value of one record and the histories of both, so the newest version may hold another. -#}
    jsonb_path_query_first(
        version.payload, '$.propertiesWithHistory.{{ name }}[*] ? (@.value == $present)',
        jsonb_build_object('present', version.payload #> '{properties,{{ name }}}')
    ) ->> '{{ key }}'
{%- endmacro %}

{% macro url_path(value) -%}
    coalesce(
        nullif(rtrim(regexp_replace(lower({{ value }}), '^[a-z]+://[^/?#]*|[?#].*$', '', 'g'), '/'), ''),
        case when {{ value }} is not null then '/' end
    )
{%- endmacro %}

{% macro one_line(value) -%}
    left(btrim(regexp_replace({{ value }}, '[[:space:][:cntrl:]]+', ' ', 'g')), 200)
{%- endmacro %}

{% macro email_domain(value) -%}
    case
        when lower({{ value }}) ~ '^[^@[:space:]]+@[^@[:space:].]+([.][^@[:space:].]+)+$'
            then split_part(lower({{ value }}), '@', 2)
    end
{%- endmacro %}

{% macro plain_words(value) -%}
    btrim(regexp_replace(lower(replace({{ value }}, '&', ' and ')), '[^[:alnum:]]+', ' ', 'g'))
{%- endmacro %}
