{%- set streams = [
    'hubspot_contacts', 'hubspot_companies', 'hubspot_form_submissions', 'hubspot_calls', 'hubspot_emails',
    'hubspot_meetings', 'hubspot_communications', 'hubspot_events',
] -%}

with

{% for stream in streams %}
unreadable_{{ stream }} as (
    select
        '{{ stream }}' as stream,
        version.id,
        version.version_id,
        {{ unreadable_field(stream) }} as field,
        version.loaded_at as extracted_at
    from {{ source('raw', stream) }} as version
    where
        version.loaded_at <= {{ known_by() }}
        and {{ is_newest_version(source('raw', stream), 'version') }}
        and not {{ is_readable(stream) }}
),

{% endfor %}
final as (
    {% for stream in streams %}
    select * from unreadable_{{ stream }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from final
