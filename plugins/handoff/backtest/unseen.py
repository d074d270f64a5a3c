"""What of a change a backtest cannot show, so that "as many MQLs" is not read as "it changes nothing"."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from handoff.qualify.loads import Tables

Rows = Sequence[Mapping[str, Any]]

SHOWS: Mapping[str, tuple[str, frozenset[str]]] = {
    "absences": ("absence_id", frozenset()),
    "behaviours": ("behaviour_id", frozenset()),
    "company": ("company_id", frozenset({"time_zone"})),
    "competitors": ("competitor_id", frozenset()),
    "definitions": ("definition_id", frozenset({"requalify_cooling_off_days", "requalify_after_contact_days"})),
    "disqualifiers": ("disqualifier_id", frozenset()),
    "fit_points": ("rule_id", frozenset()),
    "pool_members": ("pool_member_id", frozenset()),
    "pools": ("pool_id", frozenset()),
    "reps": (
        "rep_id",
        frozenset({"calendar_id", "manager_id", "slack_user_id", "slack_channel", "max_open", "max_per_day"}),
    ),
    "requirements": ("requirement_id", frozenset()),
    "routing_steps": ("step", frozenset()),
    "score_caps": ("cap_id", frozenset()),
    "signals": ("rule_id", frozenset()),
    "territories": ("territory_id", frozenset()),
    "tiers": (
        "tier_id",
        frozenset({"response_minutes", "prefers_present", "snooze_minutes", "max_snoozes", "crm_task"}),
    ),
}
"""By table that a backtest asks: its key, and those of its columns that change nothing in one."""
SAYS_NOTHING = frozenset(
    {"why", "valid_from", "valid_to", "name", "label", "email", "agreed_by", "agreed_at", "version"}
)
DECIDES_NOTHING = frozenset({"golden_cases"})


def unseen(before: Tables, after: Tables) -> tuple[str, ...]:
    """What differs and cannot show, as `table.column`, or `table` where the backtest asks nothing of it.

    Args:
        before: with `after` the tables of the two, with the rows alone that count.
    """
    return tuple(
        name
        for table in sorted(before.keys() | after.keys())
        if table not in DECIDES_NOTHING
        for name in _of_table(table, before.get(table, []), after.get(table, []))
    )


def _of_table(table: str, before: Rows, after: Rows) -> Iterator[str]:
    if table not in SHOWS:
        if sorted(map(_said, before)) != sorted(map(_said, after)):
            yield table
        return
    key, blind = SHOWS[table]
    old = {row[key]: row for row in before}
    pairs = [(old[row[key]], row) for row in after if row[key] in old]
    for column in sorted(blind):
        if any(str(one.get(column)) != str(other.get(column)) for one, other in pairs):
            yield f"{table}.{column}"


def _said(row: Mapping[str, Any]) -> str:
    return str(sorted((name, str(value)) for name, value in row.items() if name not in SAYS_NOTHING))
