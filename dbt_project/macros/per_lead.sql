{% materialization per_lead, adapter='postgres' %}
    {{ return(replace_leads(pending_lead_ids())) }}
{% endmaterialization %}

{% materialization per_moved_lead, adapter='postgres' %}
    {{ return(replace_leads(moved_lead_ids())) }}
{% endmaterialization %}

{% macro replace_leads(lead_ids) %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- if is_incremental() -%}
        {%- if config.get('contract').enforced -%} {{ get_assert_columns_equivalent(sql) }} {%- endif -%}
        {% call statement('main') %}
            {{ config.get('sql_header', '') }}
            delete from {{ target }} where lead_id = any({{ lead_ids }});
            insert into {{ target }} {{ sql }}
        {% endcall %}
    {%- else -%}
        {%- set fresh = make_intermediate_relation(target) -%}
        {{ drop_relation_if_exists(load_cached_relation(fresh)) }}
        {% call statement('main') %}{{ get_create_table_as_sql(False, fresh, sql) }}{% endcall %}
        {% do create_indexes(fresh) %}
        {{ drop_relation_if_exists(existing) }}
        {{ adapter.rename_relation(fresh, target) }}
    {%- endif -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ return({'relations': [target]}) }}
{% endmacro %}

{% macro is_incremental() %}
    {#- Parsing asks nothing of the database. -#}
    {%- if not execute or should_full_refresh() or load_cached_relation(this) is none -%} {{ return(false) }} {%- endif -%}
    {%- set kind = model.config.materialized -%}
    {{ return(kind in ('incremental', 'per_lead') or (kind == 'per_moved_lead' and not have_many_moved())) }}
{% endmacro %}
