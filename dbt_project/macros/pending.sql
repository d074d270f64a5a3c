{% macro pending_lead_ids() -%}
    array(select pending.lead_id from {{ source('handoff', 'pending_leads') }} as pending)
{%- endmacro %}

{% macro only_pending(lead_id='lead_id') -%}
    {#- Rendered on both paths, so that the dependency is known when dbt parses. -#}
    {%- set pending = pending_lead_ids() -%}
    {%- if is_incremental() -%} {{ lead_id }} = any({{ pending }}) {%- else -%} true {%- endif -%}
{%- endmacro %}

{% macro only_pending_contacts(contact_ids='contact_ids', lead_id='lead_id') -%}
    {#- The same for a record that concerns several contacts: the array is what the index answers; the subquery, which
        `is true` keeps from becoming a join, picks the lead among thousands by its hash. -#}
    {%- set pending = pending_lead_ids() -%}
    {%- if is_incremental() -%}
        {{ contact_ids }} && {{ pending }}
        and ({{ lead_id }} in (select pending.lead_id from {{ source('handoff', 'pending_leads') }} as pending)) is true
    {%- else -%} true {%- endif -%}
{%- endmacro %}
