{% macro moved_lead_ids() -%}
    array(select moved.lead_id from {{ ref('int_moved_leads') }} as moved)
{%- endmacro %}

{% macro only_moved(lead_id='lead_id') -%}
    {#- Rendered on both paths, so that the dependency is known when dbt parses. -#}
    {%- set moved = moved_lead_ids() -%}
    {%- if is_incremental() -%} {{ lead_id }} = any({{ moved }}) {%- else -%} true {%- endif -%}
{%- endmacro %}

{% macro only_moved_contacts(contact_ids='contact_ids') -%}
    {%- set moved = moved_lead_ids() -%}
    {%- if is_incremental() -%} {{ contact_ids }} && {{ moved }} {%- else -%} true {%- endif -%}
{%- endmacro %}

{% macro and_not_in_built(table, lead_id) -%}
    {#- The table of the last build depends on the one that asks, so it cannot be its `ref`. -#}
    {%- set relation = api.Relation.create(database=target.database, schema=target.schema, identifier=table) -%}
    {%- set built = load_cached_relation(relation) if execute -%}
    {%- if built -%} and not exists (select 1 from {{ built }} as built where built.lead_id = {{ lead_id }}) {%- endif -%}
{%- endmacro %}

{% macro have_many_moved() -%}
    {#- Null stands for all leads. -#}
    {%- set many = run_query(
        "select coalesce(bool_or(lead_id is null), false) or count(*) > " ~ var('moved_leads_at_most')
        ~ " from " ~ ref('int_moved_leads')
    ) -%}
    {{ return(many.rows[0][0]) }}
{%- endmacro %}
