"""What would change a decision is asked with a fact that the clause's column can take, whatever clause is allowed."""

import csv
import shutil
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from handoff.agreement.rules import facts
from handoff.agreement.source import checkout, read
from handoff.explain import hypotheses
from handoff.explain.hypotheses import Known
from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.qualify import loads
from handoff.qualify.loads import Load
from tests.unit.agreement.conftest import PROJECT
from tests.unit.route.handed import NOON

VALUES = {
    "is_known": ["*"],
    "equals": ["7", "true", "false", "Another", "Software"],
    "one_of": ["7;8", "false;true", "vp;director"],
    "none_of": ["1;2", "1", "true", "false", "true;false", "another;Another one", "vp"],
    "ends_with": [".edu;.ac.uk"],
    "at_least": ["20.5", "20", "0.5", "-3", "99999999999"],
    "at_most": ["20.5", "20", "-0.5", "-99999999999"],
    "between": ["20.5;30", "0.5;0.9", "20;199", "20.2;20.8"],
}
FIELDS = ("employees", "account_match_confidence", "is_freemail", "title", "created_at")
NONE_CAN_BE_NAMED = {
    *(("employees", "at_least", "99999999999"), ("employees", "at_most", "-99999999999")),
    *(("employees", "between", "0.5;0.9"), ("employees", "between", "20.2;20.8")),
    ("is_freemail", "none_of", "true;false"),
}
"""No head count is so large, none lies between, and a flag has two values. A moment is never made up."""


@pytest.fixture
def connection(agreement_database: object) -> Iterator[Connection]:
    with db.connect() as connection:
        yield connection


def allowed(directory: Path) -> list[tuple[str, str, str]]:
    """What of all fields, operators and values `handoff agreement check` lets through: a definition each."""
    shutil.copytree(PROJECT / "seeds", directory, dirs_exist_ok=True)
    path = directory / "agreement" / "requirements.csv"
    every = [(field, each, value) for each, values in VALUES.items() for field, value in product(FIELDS, values)]
    with path.open(newline="", encoding="utf-8") as file:
        like = next(csv.DictReader(file))
    with path.open("w", newline="", encoding="utf-8") as file:
        lines = csv.DictWriter(file, list(like))
        lines.writeheader()
        lines.writerows(
            like | {"requirement_id": f"req-{number}", "field": field, "operator": operator, "value": value}
            for number, (field, operator, value) in enumerate(every)
        )
    wrong = {each.line for each in facts.problems(read(directory)) if each.file.endswith("requirements.csv")}
    return [each for line, each in enumerate(every, 2) if line not in wrong]


def loaded(connection: Connection, conditions: list[tuple[str, str, str]]) -> Load:
    """An agreement with a definition for each condition, which an act meets once its one requirement holds."""
    load = loads.newest(connection)
    assert load
    tables = dict(loads.agreement(connection, load.agreement_hash))
    (definition,) = tables["definitions"]
    requirement = tables["requirements"][0]
    signal = next(each for each in tables["signals"] if each["rule_id"] == "sig-page-pricing")
    tier = next(each for each in tables["tiers"] if not each["is_for_hand_raisers"] and each["min_score"] == 0)
    named = [{"definition_id": f"d-{number}"} for number in range(len(conditions))]
    asked = [dict(zip(("field", "operator", "value"), each, strict=True)) for each in conditions]
    of_each: dict[str, list[dict[str, Any]]] = {
        "definitions": [{**definition, **each, "threshold": 1, "status": "shadow"} for each in named],
        "requirements": [
            {**requirement, **each, **condition, "requirement_id": f"req-{each['definition_id']}"}
            for each, condition in zip(named, asked, strict=True)
        ],
        "signals": [{**signal, **each} for each in named],
        "tiers": [{**tier, **each} for each in named],
    }
    for name in ("behaviours", "disqualifiers", "fit_points", "score_caps"):
        of_each[name] = []
    connection.execute("insert into handoff.agreements values ('every condition', %s)", (Jsonb({**tables, **of_each}),))
    return Load(load.load_id, load.loaded_at, "every condition", load.models_hash)


def test_a_value_is_found_for_each_clause_that_the_check_allows(connection: Connection, tmp_path: Path) -> None:
    conditions = allowed(tmp_path / "seeds")
    assert {operator for _, operator, _ in conditions} == set(
        checkout().seeds["requirements"].columns["operator"].accepted
    )
    load = loaded(connection, conditions)
    act = {
        "activity_id": "1",
        "lead_id": "dana",
        "kind": "page_viewed",
        "subject": "/pricing",
        "summary": "Viewed pricing",
        "is_inbound": True,
        "occurred_at": NOON.isoformat(),
        "extracted_at": NOON.isoformat(),
    }
    lead = {"lead_id": "dana", "as_of": NOON.isoformat(), "is_enriched": True}
    numbers = range(len(conditions))
    found = hypotheses.changes(
        connection,
        load,
        NOON,
        Known(lead, [act], []),
        [{"definition_id": f"d-{number}", "decision": "not_yet"} for number in numbers],
        [{"definition_id": f"d-{number}", "clause_id": f"req-d-{number}", "state": "unknown"} for number in numbers],
    )
    turned = {each.rule_id for each in found}
    left = {each for number, each in enumerate(conditions) if f"req-d-{number}" not in turned}
    assert left == {each for each in conditions if each in NONE_CAN_BE_NAMED or each[0] == "created_at"}
    assert len(conditions) > 40
