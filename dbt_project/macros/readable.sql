{% macro readable_rules(stream) -%}
    {#- (field, expression) that make a version valid when all hold; else, or when null, it is quarantined. -#}
    {%- set properties = ('properties', "jsonb_typeof(version.payload -> 'properties') = 'object'") -%}
    {%- set numeric_id = ('id', "version.id ~ '^[0-9]{1,20}$'") -%}
    {%- set happened = ('hs_timestamp', as_instant("version.payload #>> '{properties,hs_timestamp}'") ~ ' is not null') -%}
    {%- set rules = {
        'hubspot_contacts': [numeric_id, properties],
        'hubspot_companies': [numeric_id, properties],
        'hubspot_events': [
            ('objectId', "version.payload ->> 'objectId' ~ '^[0-9]{1,20}$'"),
            ('eventType', "version.payload ->> 'eventType' is not null"),
            ('occurredAt', as_instant("version.payload ->> 'occurredAt'") ~ ' is not null'),
        ],
        'hubspot_form_submissions': [
            ('formId', "version.payload ->> 'formId' is not null"),
            ('submittedAt', as_instant("version.payload ->> 'submittedAt'") ~ ' is not null'),
        ],
    } -%}
    {{ return(rules.get(stream, [numeric_id, properties, happened])) }}
{%- endmacro %}

{% macro is_readable(stream) -%}
    {#- Wrapped in coalesce, into which the planner does not look: it would take each pattern for a rare match. -#}
    coalesce(
        {%- for field, rule in readable_rules(stream) %}
        ({{ rule }}){{ ' and' if not loop.last }}
        {%- endfor %},
        false
    )
{%- endmacro %}

{% macro unreadable_field(stream) -%}
    case
    {%- for field, rule in readable_rules(stream) %}
        when ({{ rule }}) is not true then '{{ field }}'
    {%- endfor %}
    end
{%- endmacro %}
