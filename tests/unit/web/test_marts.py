"""The page of the marts: how each model did in the last build, and what readers have when it failed."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from handoff.ledger import db
from handoff.qualify.dbt_results import Node, Result
from handoff.review import builds
from handoff.web.app import PREFIX
from tests.conftest import Database
from tests.unit.web.board_data import COOKIE, HOSTILE, site
from tests.unit.web.doors import connect

AT = datetime(2026, 3, 4, 12, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


@pytest.fixture(autouse=True)
def vendors(monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, "hubspot", {"portal_id": "4242424"})
    connect(monkeypatch, "slack", {})


def note(at: datetime, seconds: float, *failed: Node) -> None:
    model = Node("fct_handoffs", "model", "marts", "success", seconds, "INSERT 0 7")
    quick = Node("dim_reps", "model", "marts", "success", 0.1, "INSERT 0 6")
    passed = Node("fct_handoffs__handoff_id__unique", "test", "marts", "pass", 0.01, "")
    with db.connect() as connection:
        builds.note(connection, Result({}, 1.0, [quick, model, passed, *failed], []), at)


def page() -> str:
    client = TestClient(site(), cookies={COOKIE: "reader"})
    return client.get(f"{PREFIX}/marts").text


def lines(text: str) -> list[list[str]]:
    """The cells of each row of the table, as one reads them."""
    body = text.partition("<tbody>")[2]
    return [
        [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)]
        for row in re.findall(r"<tr>.*?</tr>", body, re.DOTALL)
    ]


def test_before_the_first_build_the_page_says_so(database: Database) -> None:
    assert "The marts have not been built yet" in page()


def test_each_model_is_shown_with_its_time_and_what_is_usual(database: Database) -> None:
    for number, seconds in enumerate((1.0, 9.0, 2.0)):
        note(AT + number * QUARTER, seconds)
    found = lines(page())
    assert [row[0] for row in found] == ["fct_handoffs", "dim_reps"]
    assert found[0][1:5] == ["marts", "✓ built", "2.00", "2.00"]
    assert f"{AT + 2 * QUARTER:%Y-%m-%dT%H:%M:%SZ}" in page()


def test_what_failed_stands_first_and_readers_are_said_to_have_an_earlier_build(database: Database) -> None:
    with db.connect("handoff_admin") as admin:
        admin.execute(
            """create table marts.mart_builds as select 'fct_handoffs' as mart, %s::timestamptz as built_at,
                1234 as row_count, 5 as rows_deleted, 6 as rows_inserted""",
            (AT,),
        )
        admin.execute("grant select on marts.mart_builds to handoff_app")
    failed = Node("dim_leads__lead_id__unique", "test", "marts", "fail", 0.2, f"Got 1 result {HOSTILE}")
    skipped = Node("rpt_funnel", "model", "marts", "skipped", 0.0, "")
    note(AT + QUARTER, 1.0, failed, skipped)
    text = page()
    found = lines(text)
    assert [(row[0], row[2].split()[-1]) for row in found] == [
        ("dim_leads__lead_id__unique", "failed"),
        ("rpt_funnel", "skipped"),
        ("fct_handoffs", "built"),
        ("dim_reps", "built"),
    ]
    assert found[0][7].startswith("Got 1 result")
    assert "<script>alert" not in text
    assert found[2][5:7] == ["1,234", "11"]
    assert "That build failed, or the agreement was loaded meanwhile, so readers have the one of" in text


def test_builds_are_kept_for_a_week(database: Database) -> None:
    note(AT, 1.0)
    note(AT + builds.KEPT, 1.0)
    note(AT + builds.KEPT + QUARTER, 1.0)
    with db.connect() as connection:
        kept = connection.execute("select distinct built_at from handoff.model_builds order by 1").fetchall()
    assert [row["built_at"] for row in kept] == [AT + builds.KEPT, AT + builds.KEPT + QUARTER]
