with

rows_by_rep as (
    select * from {{ ref('reps') }}
    where valid_from <= {{ as_of_date() }}
),

-- Facts name those who left, too.
newest as (
    select distinct on (rep_id) * from rows_by_rep
    order by rep_id, valid_from desc
),

present as (
    select * from {{ ref('int_reps') }}
),

everybody as (
    select rep_id from newest
    union
    select rep_id from {{ ref('int_assignments') }}
),

final as (
    select
        everybody.rep_id,
        newest.manager_id,
        newest.crm_owner_id,
        newest.calendar_id,
        newest.name,
        newest.email,
        newest.time_zone,
        present.rep_id is null as has_left,
        case when present.rep_id is not null then present.unavailable_because is not null end as is_away
    from everybody
    left join newest on everybody.rep_id = newest.rep_id
    left join present on everybody.rep_id = present.rep_id
    where everybody.rep_id is not null
)

select * from final
