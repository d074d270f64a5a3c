"""The page of a lead tells what the models decided, at any moment; the page of the agreement is the agreement."""

import html
import re
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from starlette.testclient import TestClient

from handoff import clock
from handoff.explain import ANSWERS, explain, story
from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.web.app import PREFIX
from tests.agreement.acting import END, START, Admin, live
from tests.conftest import Database
from tests.unit.web.board_data import COOKIE, site
from tests.unit.web.doors import connect

LEADS = 40


@pytest.fixture(scope="module")
def connection(admin: Admin, module_agreement_database: Database) -> Iterator[Connection]:
    with pytest.MonkeyPatch.context() as patch, db.connect() as connection:
        connect(patch, "hubspot", {"portal_id": "4242424"})
        live(admin, connection, LEADS)
        admin.execute(
            """update line.int_leads set full_name = '<script>alert(1)</script>', title = '"><b>' where lead_id = '1'"""
        )
        yield connection


def get(path: str) -> httpx.Response:
    client = TestClient(site(), cookies={COOKIE: "reader"})
    answer: httpx.Response = client.get(f"{PREFIX}/{path}", headers={"accept": "text/html"}, follow_redirects=False)
    return answer


def words(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_a_lead_is_explained_part_by_part(connection: Connection) -> None:
    decided = connection.execute("select distinct on (decision) lead_id, decision from line.int_decisions").fetchall()
    assert len(decided) >= 2
    for row in decided:
        told = explain(connection, row["lead_id"])
        said = words(get(f"lead/{row['lead_id']}").text)
        (decision,) = told.decisions
        assert f"Score {decision['score']} = fit {decision['fit_points']} + engagement" in said
        for part in told.parts:
            assert f"{' '.join(part['evidence'].split())} {part['points']:+.2f} {part['raw_points']:+.2f}" in said
        for clause in told.clauses:
            assert clause["detail"] in said
        for change in told.changes:
            assert f"{change.what} → score {change.score:.2f}, {ANSWERS[change.decision]} {change.rule_id}" in said
        assert ("What would undo it" in said) == (decision["decision"] == "mql" and bool(told.changes))
        assert "Never handed over." in said


def test_a_long_story_goes_on_on_the_next_page_and_leads_back(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(story, "MOST_ACTS", 2)
    row = connection.execute(
        "select lead_id, count(*) as acts from line.int_activities group by lead_id order by 2 desc limit 1"
    ).fetchone()
    assert row
    assert row["acts"] > 5
    path, seen, at = f"lead/{row['lead_id']}", [], f"{END:%Y-%m-%dT%H:%M:%S}"
    following: str | None = f"{path}?at={at}"
    while following:
        page = get(following).text
        shown = re.findall(r'<li class="(?:lead|sales)">.*?<span class="what">(.*?)</span>', page, re.DOTALL)
        assert len(shown) <= 2
        seen += shown
        link = re.search(rf'href="{PREFIX}/({path}[^"]+)">… and ([\d,]+) acts before', page)
        assert (int(link[2]) if link else 0) == row["acts"] - len(seen)
        following = html.unescape(link[1]) if link else None
        assert following is None or f"at={at.replace(':', '%3A')}" in following
    told = explain(connection, row["lead_id"], END)
    assert len(seen) == row["acts"]
    assert f'href="{PREFIX}/{path}?at=' in page
    assert told.story.newer_acts == 0
    assert get(f"{path}?newer_acts=-1").status_code in (400, 422)


def test_a_moment_of_the_past_is_another_answer(connection: Connection) -> None:
    row = connection.execute(
        "select lead_id, min(occurred_at) as at from line.int_activities group by lead_id having count(*) > 5 limit 1"
    ).fetchone()
    assert row
    at = row["at"] + timedelta(hours=1)
    (decision,) = explain(connection, row["lead_id"], at).decisions
    page = get(f"lead/{row['lead_id']}?at={at:%Y-%m-%dT%H:%M:%S}")
    assert f"Score {decision['score']} = " in words(page.text)
    assert f'value="{at:%Y-%m-%dT%H:%M:%S}"' in page.text


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("lead/404404", 404, "no lead '404404'"),
        ("lead/1?at=soon", 400, "Invalid isoformat string"),
        ("lead/1?at=2999-01-01T00:00", 400, "has not come yet"),
        (f"lead/1?at={START - timedelta(days=30):%Y-%m-%dT%H:%M}", 404, "was not known at"),
        ("lead/%27%3B%20drop%20table%20x", 404, "no lead"),
    ],
)
def test_what_cannot_be_told_says_why(connection: Connection, path: str, status: int, said: str) -> None:
    answer = get(path)
    assert answer.status_code == status
    assert said in words(answer.text)


def test_what_a_lead_wrote_is_text(connection: Connection) -> None:
    page = get("lead/1").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_the_agreement_is_shown_whole(connection: Connection) -> None:
    page = get("agreement")
    assert page.status_code == 200
    said = words(page.text)
    for row in connection.execute(
        """select rule_id as id from agreement.signals union all select rule_id from agreement.fit_points
        union all select disqualifier_id from agreement.disqualifiers union all select tier_id from agreement.tiers"""
    ):
        assert row["id"] in said
    assert clock.now() > END


def test_a_page_of_files_that_do_not_decide_says_so(connection: Connection, admin: Admin) -> None:
    assert "This is not what decides" not in words(get("agreement").text)
    admin.execute("update agreement.signals set points = points + 1 where rule_id = 'sig-page-blog'")
    admin.execute(
        """insert into agreement.competitors
        select 'planted', name, domain, valid_from, valid_to, why from agreement.competitors limit 1"""
    )
    said = words(get("agreement").text)
    assert "This is not what decides: since the last load (" in said
    assert "the files have changed in competitors, signals. They decide from `handoff agreement load` on." in said
    admin.execute("update agreement.signals set points = points - 1 where rule_id = 'sig-page-blog'")
    admin.execute("delete from agreement.competitors where competitor_id = 'planted'")
    assert "This is not what decides" not in words(get("agreement").text)
