{%- set streams = [
    'hubspot_contacts', 'hubspot_companies', 'hubspot_form_submissions', 'hubspot_calls', 'hubspot_emails',
    'hubspot_meetings', 'hubspot_communications', 'hubspot_events',
] -%}

{% for stream in streams %}
select
    '{{ stream }}' as stream,
    version.batch_id
from {{ source('raw', stream) }} as version
where version.loaded_at <= {{ known_by() }}
{{ 'union all' if not loop.last }}
{% endfor %}
