"""The rows that a gate judges: what its view measures at a moment, beside the limits that the agreement sets."""

from datetime import datetime
from typing import Any

from psycopg import sql

from handoff.ledger.db import Connection, Row

ANY = "any"
"""Subject of a limit that holds for each subject without one of its own."""


def read(connection: Connection, suite: dict[str, Any], as_of: datetime) -> list[Row]:
    """Rows of the suite's view as of a moment; [] before the view has been built."""
    view = suite["meta"]["view"]
    with connection.transaction():
        connection.execute("select set_config('handoff.as_of', %s, true)", (as_of.isoformat(),))
        built = connection.execute("select to_regclass(%s) is not null as yes", (view,)).fetchone()
        if not (built and built["yes"]):
            return []
        relation = sql.Identifier(*view.split("."))
        if "measures" not in suite["meta"]:
            return connection.execute(sql.SQL("select * from {} order by subject").format(relation)).fetchall()
        where = {"gate": suite["name"], "at": as_of, "any": ANY}
        rows = connection.execute(sql.SQL(_MEASURED).format(relation), where).fetchall()
    return [row | {"subject": f"{row['measure']}: {row['subject']} = {row['measured']:.4g}"} for row in rows]


# A limit with the subject's own name comes before the one for any; below its sample, chance would judge.
_MEASURED = """
with limits as (
    select * from agreement.gate_limits
    where gate = %(gate)s and valid_from <= %(at)s and %(at)s < valid_to
)
select measured.subject, measured.measure, measured.measured::float8 as measured,
    (
        select beyond::float8 from limits
        where limits.measure = measured.measure and severity = 'critical'
        and limits.subject in (measured.subject, %(any)s) and measured.sample >= judged_from
        order by limits.subject = %(any)s limit 1
    ) as closes_beyond,
    (
        select beyond::float8 from limits
        where limits.measure = measured.measure and severity = 'warning'
        and limits.subject in (measured.subject, %(any)s) and measured.sample >= judged_from
        order by limits.subject = %(any)s limit 1
    ) as warns_beyond
from {} as measured where measured.measured is not null
order by measured.subject, measured.measure
"""
