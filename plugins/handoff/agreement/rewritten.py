"""Versions of definitions that were loaded, and whose rules now read otherwise: two texts decide under one version."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from handoff.agreement import stored
from handoff.agreement.change import Change
from handoff.agreement.diff import changes
from handoff.agreement.model import Agreement, Row
from handoff.agreement.rules.versions import DECIDING
from handoff.agreement.seeds import Seed
from handoff.qualify.loads import Tables

TOLD = 5
"""Of one version, so many changes are told; `handoff agreement diff` tells them all."""
_SAY_NOTHING = frozenset({"why", "label", "name", "agreed_by", "agreed_at"})
"""Columns that decide nothing."""


def warnings(loaded: Tables, agreement: Agreement, day: date) -> Iterator[str]:
    """One sentence for each version that has other deciding rows than when it was last loaded.

    Args:
        loaded: the tables of the newest load, as it stored them.
        agreement: what is about to be loaded.
        day: today; a version, or a row of it, that begins later has decided nothing yet.
    """
    for definition in agreement.rows("definitions", status="live"):
        version = definition["version"]
        asked = (definition.key, version, "live")
        was_live = any(
            (row["definition_id"], row["version"], row["status"]) == asked for row in loaded.get("definitions", ())
        )
        if was_live and (found := list(_changes(loaded, agreement, definition, day))):
            told = "; ".join(str(replace(each, rewrites_since=None)) for each in found[:TOLD])
            more = f"; and {len(found) - TOLD} more" if len(found) > TOLD else ""
            yield (
                f"version {version} of {definition.label} was loaded before and reads otherwise now: {told}{more}. "
                "Decisions before and after carry one version: write the rows as they were, end them, and add what is "
                "new with the definition's next version"
            )


def _changes(loaded: Tables, agreement: Agreement, definition: Row, day: date) -> Iterator[Change]:
    begins, ends = definition.span
    names = [name for name in ("definitions", *DECIDING) if name in agreement.tables and name in loaded]
    seeds = {name: agreement.seeds[name] for name in names}
    after = {name: [row.cells for row in agreement.rows(name, definition_id=definition.key)] for name in names}
    before = {name: [row for row in loaded[name] if row["definition_id"] == definition.key] for name in names}
    old, new = (_as_agreement(agreement, seeds, tables) for tables in (before, after))
    for each in changes(old, new, day):
        # Days on which another version decides are that one's.
        is_of_version = max(each.from_day, begins) < min(each.until, ends)
        if is_of_version and each.from_day <= day and begins <= day and not _says_nothing(each):
            yield each


def _says_nothing(change: Change) -> bool:
    return change.kind == "changed" and {cell.column for cell in change.cells} <= _SAY_NOTHING


def _as_agreement(
    agreement: Agreement, seeds: Mapping[str, Seed], tables: Mapping[str, Sequence[Mapping[str, Any]]]
) -> Agreement:
    """Rows whose cells are written alike, whether they come from a file or from Postgres."""
    rows = {
        name: tuple(replace(row, line=line) for line, row in enumerate(stored.rows_of(seed, tables[name])))
        for name, seed in seeds.items()
    }
    return replace(agreement, seeds=seeds, tables=rows, problems=())
