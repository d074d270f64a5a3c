"""What would have changed a decision: the models are asked again, each time with one act or one fact more."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from handoff.explain.values import satisfying
from handoff.ledger.db import Connection, Row
from handoff.qualify import loads, replica
from handoff.qualify.loads import Load, Tables

SHOWN = 5
ACT = "hypothesis"


@dataclass(frozen=True)
class Change:
    """One act or fact that would have made the lead an MQL of a definition. `score` is what it would then have had."""

    definition_id: str
    rule_id: str
    what: str
    score: float


@dataclass(frozen=True)
class Known:
    """The lead as the models saw it: its row of `int_leads`, and its rows of `int_activities` and
    `int_handoff_cycles`, as JSON."""

    lead: Mapping[str, Any]
    activities: Sequence[Mapping[str, Any]]
    cycles: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class _Hypothesis:
    definition_id: str
    rule_id: str
    what: str
    facts: Mapping[str, Any]
    act: Mapping[str, Any] | None = None


def changes(
    connection: Connection,
    load: Load,
    at: datetime,
    known: Known,
    decisions: Sequence[Row],
    clauses: Sequence[Row],
) -> list[Change]:
    """Single changes that turn a decision into "MQL", at most five a definition: facts first, then the smallest acts.

    Args:
        decisions: the lead's rows of `int_decisions`; those that are MQLs need no change.
        clauses: its rows of `int_clauses`.
    """
    tables = loads.agreement(connection, load.agreement_hash)
    asked = {row["definition_id"] for row in decisions if row["decision"] != "mql"}
    every = [*_facts(connection, tables, at, asked, clauses), *_acts(tables, at, asked)]
    if not every:
        return []
    keys = [f"{known.lead['lead_id']}|{number}" for number in range(len(every))]
    models = replica.Replica(
        loads.models(connection, load.models_hash),
        ("int_decisions",),
        at,
        tables,
        {
            "int_leads": replica.these(
                "int_leads",
                ({**known.lead, **each.facts, "lead_id": key} for key, each in zip(keys, every, strict=True)),
            ),
            "int_activities": replica.these("int_activities", _activities(keys, every, known, at)),
            "int_handoff_cycles": replica.these(
                "int_handoff_cycles", ({**each, "lead_id": key} for key in keys for each in known.cycles)
            ),
        },
    )
    with replica.opened(connection, models, keys):
        decided = {
            (row["lead_id"], row["definition_id"]): row
            for row in replica.rows(connection, "int_decisions", "lead_id, definition_id")
        }
    found = [
        Change(each.definition_id, each.rule_id, each.what, float(row["score"]))
        for key, each in zip(keys, every, strict=True)
        if (row := decided.get((key, each.definition_id))) and row["decision"] == "mql"
    ]
    return [each for name in sorted(asked) for each in [one for one in found if one.definition_id == name][:SHOWN]]


def _activities(
    keys: Sequence[str], every: Sequence[_Hypothesis], known: Known, at: datetime
) -> Iterator[Mapping[str, Any]]:
    for key, each in zip(keys, every, strict=True):
        yield from ({**activity, "lead_id": key} for activity in known.activities)
        if each.act is not None:
            moment = at.isoformat()
            yield {
                **each.act,
                "lead_id": key,
                "activity_id": ACT,
                "is_inbound": True,
                "occurred_at": moment,
                "extracted_at": moment,
                "summary": each.what,
            }


def _in_force(tables: Tables, name: str, at: datetime, definitions: set[str]) -> list[dict[str, Any]]:
    day = at.date().isoformat()
    return [
        row
        for row in tables[name]
        if row["definition_id"] in definitions and row["valid_from"] <= day < row["valid_to"]
    ]


def _acts(tables: Tables, at: datetime, definitions: set[str]) -> Iterator[_Hypothesis]:
    signals = [row for row in _in_force(tables, "signals", at, definitions) if row["can_trigger"]]
    for row in sorted(signals, key=lambda row: (row["points"], row["rule_id"])):
        subject = None if row["match_kind"] == "any" else row["match_value"]
        act = {"kind": row["activity_kind"], "subject": subject}
        yield _Hypothesis(row["definition_id"], row["rule_id"], f"one more act: {row['label']}", {}, act)


def _facts(
    connection: Connection, tables: Tables, at: datetime, definitions: set[str], clauses: Sequence[Row]
) -> Iterator[_Hypothesis]:
    states = {(row["definition_id"], row["clause_id"]): row["state"] for row in clauses}
    requirements = _in_force(tables, "requirements", at, definitions)
    fitting = satisfying(connection, ((row["field"], row["operator"], row["value"]) for row in requirements))
    for row in requirements:
        state = states.get((row["definition_id"], row["requirement_id"]))
        value = fitting.get((row["field"], row["operator"], row["value"]))
        if state in ("failed", "unknown") and value is not None:
            what = f"if it held (it {'failed' if state == 'failed' else 'is unknown'}): {row['label']}"
            yield _Hypothesis(row["definition_id"], row["requirement_id"], what, {row["field"]: value})
    for row in _in_force(tables, "disqualifiers", at, definitions):
        if row["basis"] == "fact" and states.get((row["definition_id"], row["disqualifier_id"])) == "held":
            what = f"without the disqualifier: {row['label']}"
            yield _Hypothesis(row["definition_id"], row["disqualifier_id"], what, {row["field"]: None})
