{% materialization in_turns, adapter='postgres' %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- set all_leads = existing is none or should_full_refresh() -%}
    {%- set leads = run_query("select count(*) from " ~ ref('int_leads' if all_leads else 'int_moved_leads')).rows[0][0] -%}
    {% call statement('prepare') %}
        {%- if all_leads -%}
            drop table if exists {{ target }};
            create table {{ target }} as select * from ({{ sql }}) as shape limit 0;
        {%- else -%}
            delete from {{ target }} where lead_id = any({{ moved_lead_ids() }});
        {%- endif -%}
    {% endcall %}
    {%- set turns = leads // var('leads_a_turn') + 1 -%}
    {%- for turn in range(turns) -%}
        {% call statement('main') %}
            {{ config.get('sql_header', '') }}
            set local handoff.turns = {{ turns }};
            set local handoff.turn = {{ turn }};
            insert into {{ target }} {{ sql }}
        {% endcall %}
    {%- endfor -%}
    {%- if all_leads -%} {% do create_indexes(target) %} {%- endif -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{% macro is_its_turn(lead_id='lead_id') -%}
    {#- Outside a materialization in turns there is only one. -#}
    coalesce(
        mod(abs(hashtext({{ lead_id }})::bigint), nullif(current_setting('handoff.turns', true), '')::bigint)
        = nullif(current_setting('handoff.turn', true), '')::bigint,
        true
    )
{%- endmacro %}
