"""What stands beside the numbers: the worst clause, shadows, and the data's health."""

import logging
from collections.abc import Callable, Sequence
from datetime import date, datetime
from traceback import format_tb

from handoff.agreement.document import Section, Table
from handoff.agreement.model import Agreement
from handoff.agreement.what_if import Edit
from handoff.ledger.db import Connection
from handoff.review import policies
from handoff.review.pack.figures import CLAUSE, Figures, link
from handoff.review.performance import ranking
from handoff.review.verdicts import Suggestion, nothing, verdicts
from handoff.route import unforeseen

log = logging.getLogger(__name__)

Trial = Callable[[Connection, Agreement, Edit, datetime], str]
UNTRIED = "Told once the pack is posted"


def worst_clause(
    connection: Connection, agreement: Agreement, week: date, as_of: datetime, trial: Trial | None = None
) -> Section:
    """What to try about the clauses that let the wrong leads in, each with the backtest that is ready to run.

    Args:
        week: whose pack it is, below which the leads are found.
        trial: says what the change for the worst of a definition would have done; takes up to a minute each.
    """
    found = verdicts(ranking(connection), agreement, as_of.date())
    if not found.suggestions:
        return Section("The worst clause", (nothing(found),))
    outcomes = _outcomes(connection, agreement, found.suggestions, as_of, trial)
    labels = {(each.definition_id, each.clause_id): each.label for each in found.clauses}
    table = Table(
        "What let the wrong leads in, of all handoffs so far",
        ("Clause", "Because", "What to try", "What that would have done", "Whom: ready to run"),
        tuple(
            (
                f"{labels[each.definition_id, each.clause_id]} ({each.clause_id})",
                *("; ".join(each.because), each.says),
                outcomes.get((each.definition_id, each.clause_id), "–"),
                each.command or "–",
            )
            for each in found.suggestions
        ),
        tuple(
            (link(week, CLAUSE, f"{each.definition_id} {each.definition_version}", each.clause_id),)
            for each in found.suggestions
        ),
    )
    return Section("The worst clause", (), (table,))


def _outcomes(
    connection: Connection,
    agreement: Agreement,
    suggestions: Sequence[Suggestion],
    as_of: datetime,
    trial: Trial | None,
) -> dict[tuple[str, str], str]:
    """By definition and clause, for the worst clause of each definition that a next value can be named for."""
    worst = {each.definition_id: each for each in reversed(suggestions) if each.edit}
    if trial is None:
        return {(each.definition_id, each.clause_id): UNTRIED for each in worst.values()}
    told = {}
    for each in worst.values():
        assert each.edit is not None
        try:
            told[each.definition_id, each.clause_id] = trial(connection, agreement, each.edit, as_of)
        except unforeseen.PASSES:
            raise
        except Exception as error:
            # The meeting does without this one cell rather than without its pack.
            why = unforeseen.describe(error)
            log.error("%s could not be tried: %s\n%s", each.edit, why, "".join(format_tb(error.__traceback__)))
            told[each.definition_id, each.clause_id] = f"It could not be tried: {why}"
    return told


def shadows(figures: Figures, week: date) -> Section:
    """Definitions on trial beside the live ones, in leads of the week."""
    found = {name: {each.member: each for each in figures.of(week, "shadow", name)} for name in SHADOW}
    members = sorted(found["live_mqls"])
    if not members:
        return Section("Shadow against live", ("No definition was on trial.",))
    counts = [[found[name][member] for name in SHADOW] for member in members]
    table = Table(
        "MQLs of the week, and SQLs that only one of the two would have handed over",
        ("Shadow definition", *SHADOW.values()),
        tuple((member, *(f"{each.handoffs:,}" for each in row)) for member, row in zip(members, counts, strict=True)),
        tuple(("", *(each.link if each.handoffs else "" for each in row)) for row in counts),
    )
    return Section("Shadow against live", (), (table,))


def health(connection: Connection, figures: Figures, week: date) -> Section:
    """What was not as it should be in the week, and which policies are broken now."""
    found = {each.member: each for each in figures.of(week, "health", "incident")}
    broken = [each for each in policies.read(connection) if each.broken]
    week_of_it = Table(
        "In this week",
        ("What", "Count"),
        tuple((text, f"{found[name].handoffs:,}" if name in found else "0") for name, text in INCIDENTS.items()),
        tuple((BOARD[name] if name in BOARD else found[name].link if name in found else "",) for name in INCIDENTS),
    )
    now = Table(
        "Policies broken now",
        ("Policy", "Found", "What one is"),
        tuple((each.name, f"{each.broken:,}", each.means) for each in broken),
        tuple(("/board#policies",) for _ in broken),
    )
    return Section("Drift and data health", (), (week_of_it, now) if broken else (week_of_it,))


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
BOARD = {
    **dict.fromkeys(("quarantined", "missed", "swept"), "/board#data"),
    **{"gates_closed": "/board#gates", "floods": "/board"},
}
"""Where those are looked into that have no leads behind them."""
