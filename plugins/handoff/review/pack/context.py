"""What stands beside the numbers: the worst clause, shadows, changes of the agreement, and the data's health."""

from datetime import date, datetime

from handoff.agreement.document import Section, Table
from handoff.agreement.model import Agreement
from handoff.ledger.db import Connection
from handoff.review import policies
from handoff.review.performance import ranking
from handoff.review.verdicts import verdicts

NOTHING = "Nothing."


def worst_clause(connection: Connection, agreement: Agreement, day: date) -> Section:
    """What to try about the clauses that let the wrong leads in, each with the backtest that is ready to run."""
    found = verdicts(ranking(connection), agreement, day)
    tried = tuple(
        f"{each.clause_id}: {'; '.join(each.because)}. {each.says}{f': {each.command}' if each.command else '.'}"
        for each in found.suggestions
    )
    none = f"No clause does worse than chance would, among {len(found.clauses)} that let leads in."
    return Section("The worst clause", tried or (none,))


def shadows(connection: Connection, week: date) -> Section:
    """Definitions on trial beside the live ones, in leads of the week."""
    rows = connection.execute(
        "select * from marts.rpt_shadow_definitions where week_starts_on = %s order by product_id, definition_id",
        (week,),
    ).fetchall()
    if not rows:
        return Section("Shadow against live", ("No definition was on trial.",))
    names = ("live_mqls", "shadow_mqls", "both_mqls", "only_live_sqls", "only_shadow_sqls")
    return Section(
        "Shadow against live",
        (),
        (
            Table(
                "MQLs of the week, and SQLs that only one of the two would have handed over",
                ("Shadow definition", "Live", "Shadow", "Both", "SQL, live alone", "SQL, shadow alone"),
                tuple(
                    (f"{row['definition_id']} {row['definition_version']}", *(f"{row[name]:,}" for name in names))
                    for row in rows
                ),
            ),
        ),
    )


def changes(connection: Connection, week: date, until: date) -> Section:
    """Rules that began or ended on a day from `week` to before `until`; the agreement's days are of UTC."""
    rows = connection.execute(
        """select kind, rule_id, definition_version, coalesce(label, text) as says, why, valid_from, valid_to
        from marts.dim_agreement
        where (valid_from >= %(week)s and valid_from < %(until)s) or (valid_to >= %(week)s and valid_to < %(until)s)
        order by kind, rule_id, valid_from""",
        {"week": week, "until": until},
    ).fetchall()
    lines = tuple(
        (
            row["rule_id"],
            f"{row['kind'].replace('_', ' ')}: {row['says']}",
            f"began {row['valid_from']}" if row["valid_from"] >= week else f"ended {row['valid_to']}",
            row["why"] or "–",
        )
        for row in rows
    )
    if not lines:
        return Section("What changed in the agreement", (NOTHING,))
    return Section(
        "What changed in the agreement", (), (Table("Rules that began or ended", ("Id", "What", "When", "Why"), lines),)
    )


def health(connection: Connection, since: datetime, until: datetime) -> Section:
    """What was not as it should be in the week, and which policies are broken now."""
    row = connection.execute(_HEALTH, {"since": since, "until": until}).fetchone()
    assert row is not None
    lines = tuple((name, f"{row[key]:,}") for key, name in _NAMES.items())
    broken = tuple(
        f"Broken now: {each.name}, {each.broken:,} of them. {each.means}"
        for each in policies.read(connection)
        if each.broken
    )
    return Section("Drift and data health", broken, (Table("In this week", ("What", "Count"), lines),))


_NAMES = {
    "drifted": "Write-backs where a person had chosen something else in HubSpot",
    "given_up": "Messages and write-backs that were given up",
    "quarantined": "Records and values that could not be read",
    "missed": "Versions that the fast pass missed and the slow one found",
    "swept": "Versions that both missed and the nightly sweep found",
    "gates_closed": "Gates that were closed at some time",
    "floods": "Times the breaker held more MQLs than usual",
}
_HEALTH = """
select
    (select count(*) from handoff.outbox where kind = 'hubspot_contact' and sent_at >= %(since)s
        and sent_at < %(until)s and result -> 'drift' <> '{}') as drifted,
    (select count(*) from handoff.outbox where state = 'dead' and last_attempt_at >= %(since)s
        and last_attempt_at < %(until)s) as given_up,
    (select count(*) from raw.quarantine where loaded_at >= %(since)s and loaded_at < %(until)s) as quarantined,
    (select coalesce(sum(missed), 0) from handoff.passes where kind = 'settle' and finished_at >= %(since)s
        and finished_at < %(until)s) as missed,
    (select coalesce(sum(missed), 0) from handoff.passes where kind = 'sweep' and finished_at >= %(since)s
        and finished_at < %(until)s) as swept,
    (select count(distinct gate) from handoff.gates where not is_open and evaluated_at >= %(since)s
        and evaluated_at < %(until)s) as gates_closed,
    (select count(*) from handoff.floods where opened_at >= %(since)s and opened_at < %(until)s) as floods
"""
