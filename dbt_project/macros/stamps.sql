{% macro negative_stamps(pairs) -%}
    {#- The stamps that lie before what comes first, as a list in words; null when all are in order. -#}
    nullif(
        concat_ws(
            ', '
            {%- for stamp, before in pairs %},
            case when {{ stamp }} < {{ before }} then '{{ stamp }} before {{ before }}' end
            {%- endfor %}
        ),
        ''
    )
{%- endmacro %}
