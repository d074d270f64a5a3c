"""What the facts alone say: a rule asks for one fact, so each value of it is judged once, not each lead."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from psycopg import sql
from psycopg.types.json import Jsonb

from handoff.backtest.bounds import Flags, Floats
from handoff.backtest.decide import MADE_BY_HANDOFF, Judge, domains
from handoff.backtest.history import Numbers
from handoff.ledger.db import Connection, Row
from handoff.qualify import replica

TABLES = {"fit_points": "rule_id", "requirements": "requirement_id", "disqualifiers": "disqualifier_id"}
"""Tables of the agreement whose rows ask for a fact, and their keys."""


@dataclass(frozen=True)
class Verdicts:
    """What rules of one definition say, one place a version of what was known or a moment.

    Attributes:
        fit: fit points, exact where all the rules look at one version, otherwise never below the exact ones.
        is_blocked: a disqualifier holds.
        is_refused: a requirement fails or its fact is not known, which stops whoever is no hand-raiser.
    """

    fit: Floats
    is_blocked: Flags
    is_refused: Flags

    def at(self, places: Numbers) -> "Verdicts":
        """Those of some places."""
        return Verdicts(self.fit[places], self.is_blocked[places], self.is_refused[places])

    def __or__(self, other: "Verdicts") -> "Verdicts":
        """Of two sets of rules, place by place. What caps both of them is left out."""
        return Verdicts(self.fit + other.fit, self.is_blocked | other.is_blocked, self.is_refused | other.is_refused)


@dataclass(frozen=True)
class Facts:
    """Versions of what was known, one place each, in order of lead and time.

    Attributes:
        lead: number of the lead.
        since: from when on it was known, in microseconds since 1970.
        found: verdicts of the rules over facts that may be found out after an act.
        made: those of the rules over facts that a handoff makes.
    """

    lead: Numbers
    since: Numbers
    found: Verdicts
    made: Verdicts

    def verdicts(self, lead: Numbers, at: Numbers, wait: int) -> Verdicts:
        """Of leads at moments, with what was found out of them until `wait` microseconds later."""
        return self.found.at(self._versions(lead, at + wait)) | self.made.at(self._versions(lead, at))

    def _versions(self, lead: Numbers, at: Numbers) -> Numbers:
        """Places of what was known of leads at moments; of one that was first known later, of its first version."""
        moments = np.unique(self.since)
        # A number for lead and moment that sorts as the two do.
        each = self.lead * (len(moments) + 1) + np.searchsorted(moments, self.since) + 1
        wanted = lead * (len(moments) + 1) + np.searchsorted(moments, at, side="right")
        places = np.searchsorted(each, wanted, side="right") - 1
        is_later = (places < 0) | (self.lead[places] != lead)
        return np.asarray(places + is_later)


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
    versions = _told_facts(connection, judge, fields)
    lead, since = (np.array([row[name] for row in versions], dtype=np.int64) for name in ("lead_no", "since"))
    codes: dict[str, Numbers] = {}
    values: list[_Value] = []
    of_field: dict[str, list[int]] = {}
    for field in fields:
        seen: dict[str | None, int] = {}
        codes[field] = np.array([seen.setdefault(row[field], len(seen)) for row in versions], dtype=np.int64)
        of_field[field] = list(range(len(values), len(values) + len(seen)))
        values += [_Value(field, value) for value in seen]
    asking: dict[str, list[str]] = defaultdict(list)
    for table, row in rules:
        asking[str(row["field"])].append(str(row[TABLES[table]]))
    states, matched = _judged_values(connection, judge, definition_id, values, asking)

    def verdicts(*, are_made: bool) -> Verdicts:
        blocked, refused = (np.zeros(len(lead), dtype=bool) for _ in range(2))
        gained: dict[tuple[str, str], Floats] = defaultdict(lambda: np.zeros(len(lead)))
        lost = np.zeros(len(lead))
        for table, row in rules:
            key, field = str(row[TABLES[table]]), str(row["field"])
            if (field in MADE_BY_HANDOFF) != are_made:
                continue
            if table == "fit_points":
                holds = np.array([key in matched[place] for place in of_field[field]], dtype=bool)[codes[field]]
                points = holds * float(row["points"])
                gained[str(row["cap_group"]), key] += np.maximum(points, 0)
                lost += np.minimum(points, 0)
            else:
                state = np.array([states[place].get(key, "") for place in of_field[field]])[codes[field]]
                blocked |= (state == "held") & (table == "disqualifiers")
                refused |= np.isin(state, ("failed", "unknown")) & (table == "requirements")
        return Verdicts(_capped(gained, caps, len(lead)) + lost, blocked, refused)

    return Facts(lead, since, verdicts(are_made=False), verdicts(are_made=True))


def _capped(gained: Mapping[tuple[str, str], Floats], caps: Mapping[tuple[str, str], float], number: int) -> Floats:
    groups: dict[str, Floats] = defaultdict(lambda: np.zeros(number))
    for (group, rule), points in gained.items():
        groups[group] += np.minimum(points, caps.get(("rule", rule), np.inf))
    total = np.zeros(number)
    for group, points in groups.items():
        total += np.minimum(points, caps.get(("group", group), np.inf))
    return np.minimum(total, caps.get(("family", "fit"), np.inf))


@dataclass(frozen=True)
class _Value:
    """One value of one fact; None is unknown."""

    field: str
    value: str | None


def _judged_values(
    connection: Connection,
    judge: Judge,
    definition_id: str,
    values: Sequence[_Value],
    asking: Mapping[str, Sequence[str]],
) -> tuple[list[dict[str, str]], list[set[str]]]:
    """The state of each clause, and the fit rules that match, for a lead of whom one fact alone is known.

    Args:
        asking: ids of the clauses that ask for each fact; of others nothing is returned.
    """
    leads = [
        {"lead_id": str(place), "as_of": judge.end.isoformat(), **({each.field: each.value} if each.value else {})}
        for place, each in enumerate(values)
    ]
    given: dict[str, sql.Composable] = {
        "int_leads": replica.these("int_leads", leads),
        "int_activities": replica.these("int_activities", []),
        "int_scores": replica.these("int_scores", []),
    }
    asked = replica.Replica(judge.models, ("int_clauses", "int_fit_matches"), judge.end, judge.tables, given)
    states: list[dict[str, str]] = [{} for _ in values]
    matched: list[set[str]] = [set() for _ in values]
    with replica.opened(connection, asked, ()):
        for field in {each.field for each in values}:
            places = [str(place) for place, each in enumerate(values) if each.field == field]
            for row in connection.execute(
                """select lead_id, clause_id, state from pg_temp.int_clauses
                where definition_id = %s and clause_id = any(%s) and lead_id = any(%s)""",
                (definition_id, list(asking.get(field, ())), places),
            ):
                states[int(row["lead_id"])][row["clause_id"]] = row["state"]
        for row in connection.execute(
            "select lead_id, rule_id from pg_temp.int_fit_matches where definition_id = %s", (definition_id,)
        ):
            matched[int(row["lead_id"])].add(row["rule_id"])
    return states, matched


def _told_facts(connection: Connection, judge: Judge, fields: Sequence[str]) -> list[Row]:
    """Every version of every lead's facts in order: `lead_no`, `since`, and the asked fields as text."""
    said = domains(judge)
    replaced = {"is_competitor": said["competitor"], "is_internal": said["internal"]}
    columns = sql.SQL(", ").join(
        (
            sql.SQL("known.lead_no, (extract(epoch from told.known_from) * 1000000)::int8 as since"),
            *(
                sql.SQL("({})::text as {}").format(
                    replaced.get(field, sql.SQL("told.facts ->> {}").format(sql.Literal(field))), sql.Identifier(field)
                )
                for field in fields
            ),
        )
    )
    with connection.transaction(force_rollback=True):
        for name in ("competitors", "company"):
            connection.execute(
                sql.SQL(
                    "create temp table {name} as select * from jsonb_populate_recordset(null::agreement.{name}, %s)"
                ).format(name=sql.Identifier(name)),
                (Jsonb(judge.tables[name]),),
            )
        return connection.execute(
            sql.SQL(
                "select {} from handoff.lead_facts as told"
                " inner join backtest_leads as known on told.lead_id = known.lead_id order by 1, 2"
            ).format(columns)
        ).fetchall()
