select
    version.id as submission_id,
    version.email,
    version.payload ->> 'formId' as form_id,
    {{ as_text("version.payload ->> 'formName'") }} as form_name,
    {{ as_text("version.payload ->> 'pageUrl'") }} as page_url,
    {{ as_instant("version.payload ->> 'submittedAt'") }} as occurred_at,
    version.loaded_at as extracted_at
from {{ source('raw', 'hubspot_form_submissions') }} as version
where
    version.loaded_at <= {{ known_by() }}
    and {{ is_newest_version(source('raw', 'hubspot_form_submissions'), 'version') }}
    and ({{ is_readable('hubspot_form_submissions') }})
