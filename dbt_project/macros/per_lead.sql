{% materialization per_lead, adapter='postgres' %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- if existing is none or should_full_refresh() -%}
        {%- set fresh = make_intermediate_relation(target) -%}
        {{ drop_relation_if_exists(load_cached_relation(fresh)) }}
        {% call statement('main') %}{{ get_create_table_as_sql(False, fresh, sql) }}{% endcall %}
        {% do create_indexes(fresh) %}
        {{ drop_relation_if_exists(existing) }}
        {{ adapter.rename_relation(fresh, target) }}
    {%- else -%}
        {% call statement('main') %}
            {{ config.get('sql_header', '') }}
            delete from {{ target }} where lead_id = any({{ pending_lead_ids() }});
            insert into {{ target }} {{ sql }}
        {% endcall %}
    {%- endif -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{% macro is_incremental() %}
    {#- Parsing asks nothing of the database. -#}
    {%- if not execute -%} {{ return(false) }} {%- endif -%}
    {%- set is_kept = model.config.materialized in ('incremental', 'per_lead') and not should_full_refresh() -%}
    {{ return(is_kept and load_cached_relation(this) is not none) }}
{% endmacro %}
