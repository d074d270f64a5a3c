"""Data Docs: Great Expectations' own page, reduced to words, behind the login, and never a file."""

import re
from datetime import UTC, datetime

import pytest
from starlette.testclient import TestClient

from handoff.gates import documents, suites
from handoff.gates.judge import judge
from handoff.gates.plain_html import KEPT, plain
from handoff.ledger.db import connect as connect_ledger
from handoff.web.app import PREFIX
from tests.conftest import Database
from tests.unit.web.board_data import COOKIE, HOSTILE, site
from tests.unit.web.doors import connect

AT = datetime(2026, 3, 4, 12, tzinfo=UTC)
DOCS = f"{PREFIX}/data-docs"


@pytest.fixture(autouse=True)
def vendors(monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, "hubspot", {"portal_id": "4242424"})
    connect(monkeypatch, "slack", {})


def get(path: str, person: str | None = "reader") -> tuple[int, str]:
    client = TestClient(site(), cookies={COOKIE: person} if person else {})
    answer = client.get(path, headers={"accept": "*/*"}, follow_redirects=False)
    return answer.status_code, answer.text


def keep(*, render: bool = True) -> None:
    """The result of a stream whose name an attacker chose, far beyond its limit."""
    suite = suites.suite("stream_freshness")
    row = {"subject": f"minutes_behind: {HOSTILE} = 50", "measured": 50.0, "closes_beyond": 30.0, "warns_beyond": 10.0}
    with connect_ledger() as connection:
        documents.keep(connection, "stream_freshness", judge([row], suite, {}).validation, AT)
        if render:
            assert documents.render(connection, AT) == 1
            assert documents.render(connection, AT) == 0


def test_a_result_is_shown_as_great_expectations_writes_it(database: Database) -> None:
    keep()
    status, page = get(f"{DOCS}/stream_freshness")
    said = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert status == 200
    assert "Expectation Suite: stream_freshness" in said
    assert "Values in closes_beyond must always be greater than or equal to those in measured ." in said
    assert "▲ not met" in said
    assert f'href="{DOCS}/stream_freshness"' in get(DOCS)[1]


def test_nothing_of_the_page_runs_or_loads_anything(database: Database) -> None:
    keep()
    page = get(f"{DOCS}/stream_freshness")[1]
    assert "alert(1)" not in page
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src=)|javascript:|https?://", page)
    body = page.partition('aria-label="What Great Expectations found">')[2].partition("</main>")[0]
    assert set(re.findall(r"<(\w+)", body)) <= KEPT
    assert not re.search(r"<\w+\s", body)


@pytest.mark.parametrize(
    "name", ["no_such_gate", "..%2f..%2fetc%2fpasswd", "..%2frouter.py", "%2e%2e", "stream_freshness.json", "%00"]
)
def test_what_is_no_gate_s_name_is_no_page(database: Database, name: str) -> None:
    keep()
    status, page = get(f"{DOCS}/{name}")
    assert status in (400, 404)
    assert "root:" not in page


def test_a_result_without_a_page_yet_is_not_shown(database: Database) -> None:
    keep(render=False)
    assert get(f"{DOCS}/stream_freshness")[0] == 404
    assert "No gate has been judged yet" in get(DOCS)[1]


@pytest.mark.parametrize("path", [DOCS, f"{DOCS}/stream_freshness"])
def test_nobody_sees_them_without_signing_in(database: Database, path: str) -> None:
    keep()
    assert get(path, person=None) == (401, "sign in to Airflow\n")
    assert get(path, person="stranger")[0] == 403


@pytest.mark.parametrize(
    ("page", "kept"),
    [
        ('<p onclick="x()">a &lt;b&gt; &amp; c</p>', "<p>a &lt;b&gt; &amp; c</p>"),
        ("<head><title>t</title></head><p>a<script>alert(1)</script>b</p>", "<p>ab</p>"),
        ("</main></div><p>a", "<p>a</p>"),
        ("<table><tr><td>a</table>b", "<table><tr><td>a</td></tr></table>b"),
        ('<a href="javascript:x()">a</a><img src=x onerror=y>', "a"),
        ("<i class='fas text-success'></i>", "<i>✓ met</i>"),
        ("<script><p>a", ""),
    ],
)
def test_only_words_and_their_frame_are_kept(page: str, kept: str) -> None:
    assert plain(page) == kept
