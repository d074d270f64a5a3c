{% macro is_newest_version(source_relation, version) -%}
    {#- A boolean subquery instead of an anti-join: one index descent for each row that survives the caller's filters.
        The planner can neither turn it into a scan of the whole history nor mistake it for a rare match. -#}
    coalesce((
        select false
        from {{ source_relation }} as later
        where
            later.id = {{ version }}.id
            and (later.updated_at, later.version_id) > ({{ version }}.updated_at, {{ version }}.version_id)
            and later.loaded_at <= {{ known_by() }}
        limit 1
    ), true)
{%- endmacro %}
