"""What the facts alone say: a rule asks for one fact, so each value of it is judged once, not each lead."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from handoff.backtest.bounds import Flags, Floats
from handoff.backtest.decide import Judge, Value, judged_values, told_facts
from handoff.backtest.history import Numbers
from handoff.ledger.db import Connection

TABLES = {"fit_points": "rule_id", "requirements": "requirement_id", "disqualifiers": "disqualifier_id"}
"""Tables of the agreement whose rows ask for a fact, and their keys."""


@dataclass(frozen=True)
class Facts:
    """Versions of what was known, one place each.

    Attributes:
        lead: number of the lead.
        fit: exact fit points by one definition.
        is_ruled_out: a disqualifier holds, or a requirement fails.
        is_unknown: a required fact is not known.
    """

    lead: Numbers
    fit: Floats
    is_ruled_out: Flags
    is_unknown: Flags


def judge(connection: Connection, judge: Judge, definition_id: str, caps: Mapping[tuple[str, str], float]) -> Facts:
    """Judge every version of every lead's facts by one definition."""
    day = judge.end.date().isoformat()
    rules = [
        (table, row)
        for table in TABLES
        for row in judge.tables[table]
        if row["definition_id"] == definition_id
        and str(row["valid_from"]) <= day < str(row["valid_to"])
        and row.get("basis") != "all_activity"
    ]
    fields = sorted({str(row["field"]) for _, row in rules})
    versions = told_facts(connection, judge, fields)
    lead = np.array([row["lead_no"] for row in versions], dtype=np.int64)
    codes: dict[str, Numbers] = {}
    values: list[Value] = []
    of_field: dict[str, list[int]] = {}
    for field in fields:
        seen: dict[str | None, int] = {}
        codes[field] = np.array([seen.setdefault(row[field], len(seen)) for row in versions], dtype=np.int64)
        of_field[field] = list(range(len(values), len(values) + len(seen)))
        values += [Value(field, value) for value in seen]
    asking: dict[str, list[str]] = defaultdict(list)
    for table, row in rules:
        asking[str(row["field"])].append(str(row[TABLES[table]]))
    states, matched = judged_values(connection, judge, definition_id, values, asking)
    ruled_out, unknown = np.zeros(len(lead), dtype=bool), np.zeros(len(lead), dtype=bool)
    gained: dict[tuple[str, str], Floats] = defaultdict(lambda: np.zeros(len(lead)))
    lost = np.zeros(len(lead))
    for table, row in rules:
        key, field = str(row[TABLES[table]]), str(row["field"])
        if table == "fit_points":
            holds = np.array([key in matched[place] for place in of_field[field]], dtype=bool)[codes[field]]
            points = holds * float(row["points"])
            gained[str(row["cap_group"]), key] += np.maximum(points, 0)
            lost += np.minimum(points, 0)
        else:
            state = np.array([states[place].get(key, "") for place in of_field[field]])[codes[field]]
            ruled_out |= state == ("held" if table == "disqualifiers" else "failed")
            unknown |= (state == "unknown") & (table == "requirements")
    return Facts(lead, _capped(gained, caps, len(lead)) + lost, ruled_out, unknown)


def _capped(gained: Mapping[tuple[str, str], Floats], caps: Mapping[tuple[str, str], float], number: int) -> Floats:
    groups: dict[str, Floats] = defaultdict(lambda: np.zeros(number))
    for (group, rule), points in gained.items():
        groups[group] += np.minimum(points, caps.get(("rule", rule), np.inf))
    total = np.zeros(number)
    for group, points in groups.items():
        total += np.minimum(points, caps.get(("group", group), np.inf))
    return np.minimum(total, caps.get(("family", "fit"), np.inf))
