"""What stands beside the numbers: the worst clause, shadows, and the data's health."""

from datetime import date

from handoff.agreement.document import Section, Table
from handoff.agreement.model import Agreement
from handoff.ledger.db import Connection
from handoff.review import policies
from handoff.review.pack.figures import Figures
from handoff.review.performance import ranking
from handoff.review.verdicts import verdicts


def worst_clause(connection: Connection, agreement: Agreement, day: date) -> Section:
    """What to try about the clauses that let the wrong leads in, each with the backtest that is ready to run."""
    found = verdicts(ranking(connection), agreement, day)
    labels = {(each.definition_id, each.clause_id): each.label for each in found.clauses}
    tried = tuple(
        f"{labels[each.definition_id, each.clause_id]} ({each.clause_id}): {'; '.join(each.because)}. "
        f"{each.says}{f': {each.command}' if each.command else '.'}"
        for each in found.suggestions
    )
    none = f"No clause does worse than chance would, among {len(found.clauses)} that let leads in."
    return Section("The worst clause", tried or (none,))


def shadows(figures: Figures, week: date) -> Section:
    """Definitions on trial beside the live ones, in leads of the week."""
    counts = {name: {each.member: each.handoffs for each in figures.of(week, "shadow", name)} for name in SHADOW}
    members = sorted(counts["live_mqls"])
    if not members:
        return Section("Shadow against live", ("No definition was on trial.",))
    table = Table(
        "MQLs of the week, and SQLs that only one of the two would have handed over",
        ("Shadow definition", *SHADOW.values()),
        tuple((member, *(f"{counts[name][member]:,}" for name in SHADOW)) for member in members),
    )
    return Section("Shadow against live", (), (table,))


def health(connection: Connection, figures: Figures, week: date) -> Section:
    """What was not as it should be in the week, and which policies are broken now."""
    found = {each.member: each for each in figures.of(week, "health", "incident")}
    broken = tuple(
        f"Broken now: {each.name}, {each.broken:,} of them. {each.means}"
        for each in policies.read(connection)
        if each.broken
    )
    table = Table(
        "In this week",
        ("What", "Count"),
        tuple((text, f"{found[name].handoffs:,}" if name in found else "0") for name, text in INCIDENTS.items()),
        tuple(found[name].link if name in found and name in OF_HANDOFFS else "" for name in INCIDENTS),
    )
    return Section("Drift and data health", broken, (table,))


SHADOW = {
    "live_mqls": "Live",
    "shadow_mqls": "Shadow",
    "both_mqls": "Both",
    "only_live_sqls": "SQL, live alone",
    "only_shadow_sqls": "SQL, shadow alone",
}
INCIDENTS = {
    "drifted": "Write-backs where a person had chosen something else in HubSpot",
    "given_up": "Messages and write-backs that were given up",
    "quarantined": "Records and values that could not be read",
    "missed": "Versions that the fast pass missed and the slow one found",
    "swept": "Versions that both missed and the nightly sweep found",
    "gates_closed": "Gates that were closed at some time",
    "floods": "Times the breaker held more MQLs than usual",
}
OF_HANDOFFS = frozenset({"drifted", "given_up"})
"""Those with leads behind them."""
