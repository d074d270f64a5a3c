{{ review_table() }}

-- depends_on: {{ ref('int_ahead_leads') }}

with

-- A later version forgets what was merged or cut off, so every version is asked.
entries as (
    select distinct
        coalesce(aliases.lead_id, changes.contact_id) as lead_id,
        changes.contact_id as record_id,
        changes.lifecycle_stage,
        changes.occurred_at
    from {{ ref('stg_hubspot__stage_changes') }} as changes
    left join {{ ref('stg_handoff__aliases') }} as aliases on changes.contact_id = aliases.former_lead_id
    where changes.occurred_at <= {{ as_of() }} and {{ only_moved('changes.contact_id') }}
),

-- HubSpot's result of a merge repeats what the merged records say.
merged as (
    select distinct on (lead_id, occurred_at, lifecycle_stage) *
    from entries
    order by lead_id, occurred_at, lifecycle_stage, record_id <> lead_id, record_id
),

followed as (
    select
        *,
        lag(lifecycle_stage) over path as stage_before,
        row_number() over path as turn
    from merged
    window path as (partition by lead_id order by occurred_at, lifecycle_stage nulls first)
),

-- The same stage said again is no new stay; one that was emptied ends the stay before it.
changed as (
    select * from followed
    where turn = 1 or lifecycle_stage is distinct from stage_before
),

stays as (
    select
        *,
        lead(lifecycle_stage) over path as stage_after,
        lead(occurred_at) over path as left_at
    from changed
    window path as (partition by lead_id order by turn)
),

final as (
    select
        concat_ws(':', lead_id, extract(epoch from occurred_at), lifecycle_stage) as stage_stay_id,
        lead_id,
        record_id,
        lifecycle_stage,
        stage_before as previous_stage,
        stage_after as next_stage,
        row_number() over (partition by lead_id order by turn) as place,
        occurred_at as entered_at,
        left_at
    from stays
    where lifecycle_stage is not null
)

select * from final
