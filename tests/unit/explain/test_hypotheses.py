"""What would change a decision is asked with a fact that the clause's column can take, whatever clause is allowed."""

import csv
import shutil
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from handoff.agreement.rules import facts
from handoff.agreement.source import checkout, read
from handoff.explain import hypotheses
from handoff.explain.hypotheses import Change
from handoff.explain.supposed import Known
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


def in_force(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The one that is live on the day of the tests, without an end."""
    day = f"{NOON:%Y-%m-%d}"
    row = next(each for each in rows if each["status"] == "live" and each["valid_from"] <= day < each["valid_to"])
    return {**row, "valid_to": "9999-12-31"}


def loaded(connection: Connection, conditions: list[tuple[str, str, str]]) -> Load:
    """An agreement with a definition for each condition, which an act meets once its one requirement holds."""
    load = loads.newest(connection)
    assert load
    tables = dict(loads.agreement(connection, load.agreement_hash))
    definition = in_force(tables["definitions"])
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
        [],
    )
    turned = {each.rule_id for each in found}
    left = {each for number, each in enumerate(conditions) if f"req-d-{number}" not in turned}
    assert left == {each for each in conditions if each in NONE_CAN_BE_NAMED or each[0] == "created_at"}
    assert len(conditions) > 40


KEY = "platform-mql"
DEMO = "f0000000-0000-4000-8000-000000000001"
DANA = {
    **{"lead_id": "dana", "as_of": NOON.isoformat(), "is_enriched": True, "lifecycle_stage": "lead", "country": "DE"},
    **{"employees": 300, "industry": "Software", "region": "APAC", "email_domain": "firm.example"},
    **dict.fromkeys(("is_freemail", "is_opted_out", "is_bounced", "is_competitor", "is_internal"), False),
}
"""Company 20 + 15 points, address 5; what she does at work nobody knows."""


def act(kind: str, subject: str) -> dict[str, Any]:
    at = NOON.isoformat()
    about = {"lead_id": "dana", "summary": f"{kind} {subject}", "is_inbound": True, "extracted_at": at}
    return {"activity_id": f"{kind} {subject}", "kind": kind, "subject": subject, "occurred_at": at, **about}


def as_a_shadow(connection: Connection, **values: Any) -> Load:
    """The agreement with its definition a shadow, for which no product need have gone live."""
    load = loads.newest(connection)
    assert load
    tables = dict(loads.agreement(connection, load.agreement_hash))
    definition = in_force(tables["definitions"])
    tables["definitions"] = [{**definition, "status": "shadow", **values}]
    connection.execute("insert into handoff.agreements values ('a shadow', %s)", (Jsonb(tables),))
    return Load(load.load_id, load.loaded_at, "a shadow", load.models_hash)


def changed(
    connection: Connection, load: Load, known: Known, decision: str, parts: list[dict[str, Any]]
) -> list[Change]:
    return hypotheses.changes(connection, load, NOON, known, [{"definition_id": KEY, "decision": decision}], [], parts)


def part(rule: str, activity: dict[str, Any], points: float) -> dict[str, Any]:
    about = {"definition_id": KEY, "rule_id": rule, "activity_id": activity["activity_id"], "points": points}
    return {**about, "evidence": activity["summary"]}


def test_what_would_undo_an_mql_is_an_act_or_a_fact(connection: Connection) -> None:
    demo, pricing = act("form_submitted", DEMO), act("page_viewed", "/pricing")
    load = as_a_shadow(connection, threshold=70)
    parts = [part("sig-form-demo", demo, 50), part("sig-page-pricing", pricing, 12)]
    # Without the demo her score counts: 40 + 12 of 70.
    found = changed(connection, load, Known(DANA, [demo, pricing], []), "mql", parts)
    assert len(found) == 5
    assert (found[0].rule_id, found[0].score, found[0].decision) == ("sig-form-demo", 52, "not_yet")
    assert found[0].what == f"had it not done this: form_submitted {DEMO}"
    # Whoever raises a hand is asked for no requirement.
    assert {(each.rule_id[:3], each.decision) for each in found[1:]} == {("dq-", "disqualified")}


def test_by_score_a_fact_that_is_required_counts_as_well(connection: Connection) -> None:
    pricing, product = act("page_viewed", "/pricing"), act("page_viewed", "/product/a")
    load = as_a_shadow(connection, threshold=50)
    parts = [part("sig-page-pricing", pricing, 12), part("sig-page-product", product, 5)]
    # 40 + 12 + 5 of 50: without the one it is not reached, without the other it is.
    found = changed(connection, load, Known(DANA, [pricing, product], []), "mql", parts)
    assert (found[0].rule_id, found[0].decision, found[0].score) == ("sig-page-pricing", "not_yet", 45)
    required = {"req-company-size", "req-region", "req-industry"}
    assert {each.rule_id: each.decision for each in found[1:4]} == dict.fromkeys(required, "waiting")
    assert found[4].decision == "disqualified"


def test_a_rejected_lead_may_come_back_when_the_cooling_off_ends(connection: Connection) -> None:
    load = as_a_shadow(connection, requalify_cooling_off_days=30)
    rejected = (NOON - timedelta(days=1)).isoformat()
    ends = {"rejected_at": rejected, "ended_at": rejected}
    cycle = {"lead_id": "dana", "product_id": "platform", "cycle": 2, "is_handed_off": False, **ends}
    cooling = Known(DANA, [], [{**cycle, "cools_from": rejected}])
    free = Known(DANA, [], [{**cycle, "cools_from": None}])
    later, now = (
        {each.rule_id: each for each in changed(connection, load, known, "not_yet", [])} for known in (cooling, free)
    )
    assert len(later) == 5
    assert later.keys() == now.keys()
    assert {each.decision for each in (*later.values(), *now.values())} == {"mql"}
    until = f"from {NOON + timedelta(days=29):%Y-%m-%d %H:%M} UTC, when the cooling-off ends, "
    assert {each.what for each in later.values()} == {f"{until}{each.what}" for each in now.values()}
    assert {each.what[:13] for each in now.values()} == {"one more act:"}


def test_an_unknown_fact_may_be_worth_the_points_that_lack(connection: Connection) -> None:
    pricing = act("page_viewed", "/pricing")
    load = as_a_shadow(connection, threshold=61)
    found = changed(connection, load, Known(DANA, [pricing], []), "not_yet", [])
    # 40 + 12 are 52 of 61: a director's 12, of which fit may count 10, are enough; a manager's 8 are not.
    by_rule = {each.rule_id: each for each in found}
    assert {name: by_rule[name].score for name in by_rule if name.startswith("fit-")} == {
        "fit-seniority-top": 62,
        "fit-seniority-director": 62,
    }
    assert by_rule["fit-seniority-director"].what == "if it turned out so (it is unknown): Director or head"
    is_known = {**DANA, "seniority": "manager"}
    known = changed(connection, load, Known(is_known, [pricing], []), "not_yet", [])
    assert not [each for each in known if each.rule_id.startswith("fit-")]
