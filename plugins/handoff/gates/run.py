"""Judge what flows: every gate each quarter of an hour, and those that are closed with each run of the line."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from handoff.gates import documents, measures, state, suites
from handoff.gates.judge import Verdict, judge
from handoff.ledger.db import Connection, only_one


def run(connection: Connection, as_of: datetime) -> dict[str, Any]:
    """Judge every gate that looks at a view, and bring the pages of all of them up to date; returns counts."""
    with only_one(connection, "gates") as free:
        if not free:
            return {"skipped": "another process judges the gates"}
        verdicts = _each(connection, (name for name in suites.names() if name != suites.CONTACTS), as_of)
        rendered = documents.render(connection, as_of)
        return {
            "judged": len(verdicts),
            "closed": list(state.closed(connection)),
            "warned": sorted(name for name, verdict in verdicts.items() if verdict.warnings),
            "rendered": rendered,
        }


def again(connection: Connection, as_of: datetime) -> None:
    """Judge the gates that are closed once more, so that what was held goes out a minute after it was mended."""
    held = [name for name in state.closed(connection) if name != suites.CONTACTS and name in suites.names()]
    if held:
        with only_one(connection, "gates") as free:
            if free:
                _each(connection, held, as_of)


def _each(connection: Connection, names: Iterable[str], as_of: datetime) -> dict[str, Verdict]:
    newest = connection.execute("select coalesce(max(batch_id), 0) as batch_id from raw.batches").fetchone()
    assert newest is not None
    verdicts = {}
    for name in names:
        suite = suites.suite(name)
        rows = measures.read(connection, suite, as_of)
        verdict = judge(rows, suite, {}) if rows else Verdict(True, "nothing to judge yet")
        verdicts[name] = state.settle(connection, name, newest["batch_id"], verdict, as_of)
    return verdicts
