"""The agreement's row of the rep who had a lead."""


def rep_of(given: str) -> str:
    """SQL that joins, as `rep`, the newest row of `agreement.reps` that had begun when the lead was given; all null
    where there is none.

    It may have ended before: the row of whoever leaves today ends as today begins, and they had leads this morning.

    Args:
        given: what the query calls `handoff.assignments`.
    """
    return f"""left join lateral (
        select * from agreement.reps as known
        where known.rep_id = {given}.rep_id and known.valid_from <= {given}.assigned_at
        order by known.valid_from desc limit 1
    ) as rep on true"""
