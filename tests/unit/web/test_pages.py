"""The pages: who may see them, what the board says, and what hostile values cannot do."""

import html
import json
import re
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import httpx
import psycopg
import pytest
from airflow.api_fastapi.core_api.datamodels.plugins import ExternalViewResponse
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from markupsafe import escape
from starlette.routing import BaseRoute
from starlette.testclient import TestClient

from handoff import airflow_guard, clock
from handoff.extract.overview import StreamState
from handoff.extract.quarantine import Quarantine
from handoff.extract.sources import CONTACTS, LISTED, SEARCHED, SOURCES, Source
from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.review import policies
from handoff.settings import REPOSITORY
from handoff.web.app import HUBSPOT_PATH, PREFIX, SLACK_PATH
from handoff.web.pages import board, board_streams, filters, reading, review, route, router
from handoff_plugin import HandoffPlugin, web_app
from tests.conftest import Database
from tests.unit.web.board_data import COOKIE, HOSTILE, LOGIN, REASON, hold, judge, plant, plant_funnel, site
from tests.unit.web.doors import connect

BOARD, HANDOFFS = f"{PREFIX}/board", f"{PREFIX}/handoffs"
STYLE = f"{PREFIX}/static/handoff.css"
BROWSER = {"accept": "text/html,application/xhtml+xml"}
AT = datetime(2026, 3, 4, 12, 0, 0, tzinfo=UTC)
# What Airflow does not guard: two doors that verify signatures, one that wants a token, an answer that tells nothing.
OPEN = {("POST", HUBSPOT_PATH), ("POST", SLACK_PATH), ("GET", "/health"), ("GET", "/metrics")}


@pytest.fixture(autouse=True)
def portal(monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, "hubspot", {"portal_id": "4242424"})
    connect(monkeypatch, "slack", {})


def get(path: str, person: str | None = "reader", headers: dict[str, str] = BROWSER) -> httpx.Response:
    client = TestClient(site(), cookies={COOKIE: person} if person else {})
    answer: httpx.Response = client.get(path, headers=headers, follow_redirects=False)
    return answer


def words(page: str) -> str:
    """What a person reads, in one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def rows(page: str, table: int) -> list[str]:
    """The words of each body row of the page's nth table."""
    body = re.findall(r"<tbody>(.*?)</tbody>", page, re.DOTALL)[table]
    return [words(row) for row in re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)]


def test_the_board_shows_what_is_wrong_and_what_is_not(database: Database) -> None:
    plant(database.admin_dsn, clock.now())
    page = get(BOARD).text
    said = words(page)
    for tile in (
        "Closed gates 1 ▲ nothing is handed over",
        "Late streams 1 ▲ the line may stand still",
        f"Streams without access 1 ▲ of {len(SOURCES)}",
        "Quarantined 5 ▲ records 3, values 2",
        "Missed by the fast pass 1,207 ●",
        "Missed by both 2 ▲",
        "MQLs held 1 ▲ nobody has them",
        "Inbox waiting 4 ●",
        "Outbox waiting 5 ▲ and 5 given up in 7 days",
        "Breakers open 1 ▲ a vendor does not answer",
        "Drift 2 ● 7 days, a person chose otherwise in HubSpot",
    ):
        assert tile in said
    assert "The gate hubspot_contacts is closed since" in said
    assert "so that nothing is handed over: half of the contacts have no e-mail address" in said
    assert "No access to emails : grant the scope sales-email-read" in said
    assert "Without it: e-mails by sales do not stop a clock, and answers by leads do not count." in said
    streams = {row.split(" ")[0]: row for row in rows(page, 0)}
    assert len(streams) == len(SOURCES)
    assert re.fullmatch(r"contacts ✓ read .+ 19 min 1,204 2 2", streams["contacts"])
    assert re.fullmatch(r"emails ▲ no access .* 0 0 0", streams["emails"])
    assert re.fullmatch(r"deals ▲ late .* 0 0 0", streams["deals"])
    assert re.fullmatch(r"owners ✓ read (.+) \1 \d+ s 0 0 0", streams["owners"])
    (waiting,) = rows(page, 2)
    assert waiting.startswith("77 everybody is away ")
    held = rows(page, 1)
    assert len(held) == 5
    assert re.match(r"events – objectId whole record '' is no record id Correct it in the CRM\. ", held[1])
    assert f"contacts 512901 numberofemployees this value {REASON} Correct it in the CRM." in held[4]


def test_an_empty_ledger_says_that_nothing_is_wrong(database: Database) -> None:
    page = get(BOARD).text
    said = words(page)
    assert "Nothing is in quarantine: every record and value of the CRM could be read." in said
    assert "Closed gates 0 ✓ all open" in said
    assert all(row.endswith("● not read yet – – – 0 0 0") for row in rows(page, 0))
    assert "▲" not in said


@pytest.mark.parametrize(
    "page",
    [
        *("", "/2026-W10", "/2026-W10/pack.pdf", "/2026-W10/funnel.svg"),
        "/2026-W10/leads?figure=handoffs&dimension=all&member=all",
        "/2026-W10/leads?figure=clause&dimension=platform-mql+1&member=dq-customer",
    ],
)
def test_before_the_first_build_of_the_marts_the_review_says_so(page: str, database: Database) -> None:
    found = get(f"{PREFIX}/review{page}")
    assert found.status_code == 404
    assert "the marts have not been built yet: `handoff status` says whether handoff_marts runs." in words(found.text)


def test_after_an_upgrade_the_review_waits_for_the_next_build(database: Database) -> None:
    with psycopg.connect(database.admin_dsn) as admin:
        for mart in ("fct_clause_performance", "rpt_weekly_review"):
            admin.execute(f"create table marts.{mart} (definition_id text, definition_version text, place int)")
            admin.execute(f"grant select on marts.{mart} to handoff_app")
    found = get(f"{PREFIX}/review/2026-W10")
    assert found.status_code == 404
    assert "the marts are those of an earlier release: the next run of handoff_marts renews them." in words(found.text)


PROMISE = "comment on table line.a_broken is 'Must be empty. One row per lead.'"
REBUILD = """
create table line.{name}__dbt_tmp as table line.{name};
alter table line.{name} rename to {name}__dbt_backup;
alter table line.{name}__dbt_tmp rename to {name};
grant select on line.{name} to handoff_app;
"""
"""As dbt makes a table anew, up to its commit; what was there before is dropped in a transaction of its own."""


def test_what_is_built_anew_while_the_board_is_read_is_on_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now()
    plant_funnel(database.admin_dsn, now, (9, 8, 4, 2, 1))
    with psycopg.connect(database.admin_dsn) as admin:
        admin.execute("create table line.a_broken as select 1 as lead_id; grant select on line.a_broken to handoff_app")
        admin.execute(PROMISE)
    seen = board.quarantine.read

    def rebuilt_meanwhile(connection: Connection, most: int) -> Quarantine:
        found = seen(connection, most)
        with psycopg.connect(database.admin_dsn, autocommit=True) as admin:
            for name in ("a_broken", "int_review_stages"):
                with admin.transaction():
                    admin.execute(REBUILD.format(name=name))
                    admin.execute(PROMISE)
        return found

    monkeypatch.setattr(board.quarantine, "read", rebuilt_meanwhile)
    with db.connect() as connection:
        found = board.read(connection, now)
        assert [(each.name, each.broken) for each in found.policies] == [("a_broken", 1)]
        assert [each.reached for each in found.funnel] == [9, 8, 4, 2, 1]
        # What the build has not dropped yet, or never will because it was killed, is no policy.
        assert [each.name for each in policies.read(connection)] == ["a_broken"]


@pytest.mark.parametrize(("zone", "has_begun"), [("Pacific/Auckland", True), ("UTC", False)])
def test_the_funnel_is_of_the_company_s_weeks(database: Database, zone: str, has_begun: bool) -> None:
    # Monday one o'clock in Auckland.
    now = datetime(2026, 3, 8, 12, tzinfo=UTC)
    plant_funnel(database.admin_dsn, datetime(2026, 3, 10, tzinfo=UTC), (9, 8, 4, 2, 1))
    with psycopg.connect(database.admin_dsn) as admin:
        admin.execute("update agreement.company set time_zone = %s", (zone,))
    with db.connect() as connection:
        assert [each.reached for each in review.funnel(connection, now)] == ([9, 8, 4, 2, 1] if has_begun else [])


def test_policies_stand_on_the_board_broken_ones_first(database: Database) -> None:
    assert "Policies broken 0 ✓ not checked yet" in words(get(BOARD).text)
    with psycopg.connect(database.admin_dsn) as admin:
        for name, rows_of_it in (("a_kept", 0), ("a_broken", 4)):
            many = f"select n as lead_id, null as gone from generate_series(1, {rows_of_it}) as n"
            admin.execute(f"create table line.{name} as {many}")
            admin.execute(f"comment on table line.{name} is 'Must be empty. One row per <b>lead</b>.'")
        admin.execute("create table line.dim_x as select 1 as lead_id")
        admin.execute("grant select on all tables in schema line to handoff_app")
    assert "Policies broken 1 ▲ of 2, checked more than a week ago" in words(get(BOARD).text)
    # What could not be built this time stands as it was found before; the oldest of them speaks for all.
    with psycopg.connect(database.admin_dsn) as admin:
        admin.execute(
            """insert into handoff.model_builds (built_at, node, folder, status, seconds, message)
            select now() - ago, node, 'policy', status, 1, '' from (values
                (interval '90 minutes', 'a_kept', 'success'), (interval '44 minutes', 'a_kept', 'success'),
                (interval '1 minute', 'a_kept', 'skipped'), (interval '3 hours', 'a_broken', 'success')
            ) as built (ago, node, status)"""
        )
    page = get(BOARD).text
    assert "Policies broken 1 ▲ of 2, checked 3 h ago" in words(page)
    assert rows(page, len(re.findall("<tbody>", page)) - 1) == [
        "a_broken ▲ broken 4 One row per <b>lead</b>. lead_id: 1 lead_id: 2 lead_id: 3",
        "a_kept ✓ kept 0 One row per <b>lead</b>.",
    ]
    with psycopg.connect(database.admin_dsn) as admin:
        admin.execute("drop table line.a_broken")
    assert "Policies broken 0 ✓ of 1, checked 44 min ago" in words(get(BOARD).text)
    with psycopg.connect(database.admin_dsn) as admin:
        admin.execute("update handoff.model_builds set built_at = built_at - interval '2 minutes'")
    page = get(BOARD).text
    assert "Policies broken 0 ● of 1, checked 46 min ago" in words(page)
    assert re.search("as the build of the marts of [0-9a-zA-Z :]+ found it", words(page))


def test_what_was_released_opened_or_found_long_ago_is_not_shown(database: Database) -> None:
    plant(database.admin_dsn, clock.now() - timedelta(days=8))
    judge(database.admin_dsn, clock.now(), is_open=True)
    with psycopg.connect(database.admin_dsn) as admin:
        admin.execute("update raw.quarantine set released_at = loaded_at")
    said = words(get(BOARD).text)
    assert "Closed gates 0 ✓" in said
    assert "is closed" not in said
    assert "Quarantined 0 ✓" in said
    assert "Missed by the fast pass 0 ✓" in said
    assert "Outbox waiting 5 ● messages and write-backs" in said


def test_the_newest_hundred_are_shown_and_all_are_counted(database: Database) -> None:
    now = clock.now()
    hold(database.admin_dsn, now, *(("hubspot_contacts", str(n), "value", "f", "r") for n in range(1, 1106)))
    page = get(BOARD).text
    assert "The newest 100 of 1,105 records and values that could not be read" in words(page)
    shown = [row.split()[1] for row in rows(page, 1)]
    assert shown == [str(n) for n in range(1105, 1005, -1)]


def test_hostile_values_are_shown_as_the_text_they_are(database: Database) -> None:
    plant(database.admin_dsn, clock.now())
    page = get(BOARD).text
    assert page.count(str(escape(HOSTILE))) == words(page).count(HOSTILE) == 4
    assert page.count("alert(1)") == 4


@pytest.mark.parametrize(
    ("stream", "record_id", "url"),
    [
        ("hubspot_contacts", "501", "https://app.hubspot.com/contacts/4242424/record/0-1/501"),
        ("hubspot_meetings", "7", "https://app.hubspot.com/contacts/4242424/record/0-47/7"),
        ("hubspot_form_submissions", "501", None),
        ("hubspot_contacts", "javascript:alert(1)", None),
        ("hubspot_contacts", "../501", None),
        ("hubspot_contacts", "٥٠١", None),
        ("hubspot_contacts", None, None),
    ],
)
def test_only_a_record_of_the_crm_is_linked(
    stream: str, record_id: str | None, url: str | None, database: Database
) -> None:
    hold(database.admin_dsn, clock.now(), (stream, record_id, "record", "field", "reason"))
    links = re.findall(r'<a href="([^"]*)" target="_blank" rel="noopener noreferrer">', get(BOARD).text)
    assert links == ([url] if url else [])


@pytest.mark.parametrize("extra", [{}, {"portal_id": ""}, {"portal_id": '1"onclick='}])
def test_without_a_portal_nothing_is_linked(
    extra: dict[str, str], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, "hubspot", extra)
    hold(database.admin_dsn, clock.now(), ("hubspot_contacts", "501", "record", "field", "reason"))
    page = get(BOARD).text
    assert "501" in page
    assert "onclick" not in page
    assert "_blank" not in page


def test_the_first_page_is_that_of_the_handoffs() -> None:
    answer = get(f"{PREFIX}/")
    assert (answer.status_code, answer.headers["location"]) == (303, HANDOFFS)


@pytest.mark.parametrize("path", [f"{PREFIX}/", BOARD, STYLE, f"{PREFIX}/static/no-such-file"])
def test_nobody_s_browser_is_sent_to_the_login_and_anything_else_is_refused(path: str) -> None:
    answer = get(path, person=None)
    assert (answer.status_code, answer.headers["location"], answer.text) == (303, LOGIN, "")
    for accept in ("*/*", "text/css,*/*;q=0.1", "application/json"):
        refused = get(path, person=None, headers={"accept": accept})
        assert (refused.status_code, refused.text) == (401, "sign in to Airflow\n")


@pytest.mark.parametrize("path", [f"{PREFIX}/", BOARD, STYLE, f"{PREFIX}/static/no-such-file"])
def test_a_stranger_is_told_which_right_is_missing(path: str) -> None:
    answer = get(path, person="<b>stranger</b>")
    assert answer.status_code == 403
    assert "You may not see this <b>stranger</b> may not read the DAG handoff_line" in words(answer.text)
    assert "<b>" not in answer.text
    # Nothing that the guard would refuse as well.
    assert "/static/" not in answer.text


@pytest.mark.parametrize("person", ["reader", "stranger", None])
@pytest.mark.parametrize("path", [f"{PREFIX}/", BOARD, STYLE, f"{PREFIX}/static/no-such-file"])
def test_every_answer_has_the_headers(path: str, person: str | None, database: Database) -> None:
    headers = get(path, person).headers
    policy = dict(part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";"))
    assert policy == {
        "default-src": "'none'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "script-src": "'self'",
        "connect-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'self'",
    }
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    is_file = path == STYLE and person == "reader"
    assert headers["cache-control"] == ("private, no-cache" if is_file else "no-store")


def test_every_static_file_that_a_page_names_is_there_and_nothing_beside_them(database: Database) -> None:
    named = set(re.findall(r'(?:href|src)="([^"]*/static/[^"]*)"', get(BOARD).text))
    assert {path.rpartition("/")[2] for path in named} == {"handoff.css", "handoff.svg", "frame.js", "refresh.js"}
    for path in named:
        assert get(path).status_code == 200, path
    assert get(STYLE).headers["content-type"] == "text/css; charset=utf-8"
    for name in ("..%2frouter.py", "..%2ftemplates%2fbase.html", "no-such-file", "%2e%2e"):
        assert get(f"{PREFIX}/static/{name}").status_code == 404, name


def test_pages_hold_no_style_or_script_of_their_own_and_name_no_other_host(database: Database) -> None:
    plant(database.admin_dsn, clock.now())
    page = get(BOARD).text
    assert not re.search(
        r"<style|\sstyle=|\son\w+=|<script(?! src=)|javascript:", page.replace(str(escape(HOSTILE)), "")
    )
    loaded = re.findall(r'src="([^"]+)"|<link [^>]*href="([^"]+)"', page)
    assert loaded
    assert all(address.startswith(f"{PREFIX}/static/") for found in loaded for address in found if address)


def test_a_database_that_is_away_is_said_without_its_address(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = {"conn_type": "postgres", "host": "127.0.0.1", "port": 9, "login": "secret_login", "schema": "x"}
    monkeypatch.setenv("AIRFLOW_CONN_HANDOFF_DB", json.dumps(value))
    answer = get(BOARD)
    assert answer.status_code == 503
    assert f"The database does not answer {route.UNREACHABLE}" in words(answer.text)
    assert "secret_login" not in answer.text
    assert "127.0.0.1" not in answer.text


def test_a_database_that_is_too_slow_is_not_waited_for(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert reading.STATEMENT_SECONDS == 5
    monkeypatch.setattr(reading, "STATEMENT_SECONDS", 0.1)
    with psycopg.connect(database.admin_dsn) as admin:
        admin.execute("lock table handoff.gates in access exclusive mode")
        answer = get(BOARD)
    assert answer.status_code == 503
    assert route.TOO_SLOW in words(answer.text)
    assert "canceling statement due to statement timeout" in caplog.text


def test_a_fault_of_our_own_is_said_and_logged(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    with psycopg.connect(database.admin_dsn) as admin:
        admin.execute("drop table handoff.lacks")
    answer = get(BOARD)
    assert answer.status_code == 500
    assert "This page failed" in words(answer.text)
    assert "lacks" not in answer.text
    assert 'relation "handoff.lacks" does not exist' in caplog.text
    assert answer.headers["cache-control"] == "no-store"


def unguarded(routes: Iterable[BaseRoute]) -> list[str]:
    """Routes that neither ask who looks nor are one of the three that need not; anything but a plain route counts."""

    def asks(dependant: Dependant) -> bool:
        return dependant.call is airflow_guard.may_look or any(map(asks, dependant.dependencies))

    found = []
    for each in routes:
        path = str(getattr(each, "path", each))
        if not isinstance(each, APIRoute):
            found.append(path)
        elif not asks(each.dependant):
            found += [path for method in each.methods if (method, path) not in OPEN]
    return found


def test_every_route_of_the_web_app_asks_who_looks_or_is_known_to_need_no_asking() -> None:
    app = web_app()
    assert unguarded(app.routes) == []
    paths = {(method, each.path) for each in app.routes if isinstance(each, APIRoute) for method in each.methods}
    assert paths >= OPEN | {("GET", "/"), ("GET", "/board"), ("GET", "/static/{name}")}


def test_a_route_that_asks_nobody_is_found() -> None:
    planted = FastAPI()
    assert set(unguarded(planted.routes)) == {"/openapi.json", "/docs", "/docs/oauth2-redirect", "/redoc"}
    planted = FastAPI(openapi_url=None)
    planted.include_router(router.router)
    planted.mount("/files", FastAPI())
    planted.add_api_route("/health", lambda: None, methods=["GET", "POST"])
    assert sorted(unguarded(planted.routes)) == [
        *("/", "/agreement", "/board", "/data-docs", "/data-docs/{gate}"),
        *("/docs", "/docs/images/{name}", "/docs/models/index", "/docs/{name}"),
        *("/files", "/handoffs", "/health", "/lead/{lead_id}", "/marts", "/rep/{rep_id}", "/static/{name}"),
    ]


def test_without_the_plugin_there_are_no_pages() -> None:
    program = "from handoff.web.app import app; print(sorted(route.path for route in app.routes))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(REPOSITORY / "plugins")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == str(sorted(path for _, path in OPEN))


def test_the_board_is_in_airflow_s_menu_with_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    (view,) = HandoffPlugin().external_views
    shown = ExternalViewResponse.model_validate(view)
    assert (shown.name, shown.destination, shown.nav_top_level) == ("Handoff", "nav", True)
    # Relative, because Airflow's own page names the base; a route makes Airflow show it in its own frame.
    assert f"/{shown.href}" == HANDOFFS
    assert shown.url_route == "handoff"
    assert get(f"/{shown.icon}").headers["content-type"] == "image/svg+xml"
    connect(monkeypatch, "slack", {"signing_secret": ""})
    assert HandoffPlugin().external_views == []


@pytest.mark.parametrize(
    ("source", "seen", "certain", "lacks", "word"),
    [
        (CONTACTS, timedelta(minutes=5), timedelta(minutes=60), None, "read"),
        (CONTACTS, timedelta(minutes=5, seconds=1), timedelta(minutes=20), None, "late"),
        (CONTACTS, timedelta(minutes=1), timedelta(minutes=60, seconds=1), None, "not certain"),
        (CONTACTS, timedelta(minutes=1), None, None, "not certain"),
        (CONTACTS, None, None, None, "not read yet"),
        (CONTACTS, None, None, "refused", "no access"),
        (SEARCHED[1], timedelta(minutes=12), timedelta(minutes=20), None, "read"),
        (SEARCHED[1], timedelta(minutes=12, seconds=1), timedelta(minutes=20), None, "late"),
        (LISTED[0], timedelta(minutes=30), None, None, "read"),
        (LISTED[0], timedelta(minutes=31), None, None, "late"),
    ],
)
def test_a_stream_s_state_is_told_by_its_turns(
    source: Source, seen: timedelta | None, certain: timedelta | None, lacks: str | None, word: str
) -> None:
    state = StreamState(
        stream=source.stream.name,
        way=source.way,
        path=source.path,
        scope=source.scope,
        without=source.without,
        history=(),
        cursor_property="",
        seen_until=AT - seen if seen else None,
        watermark=AT - certain if certain else None,
        missed=0,
        swept=0,
        quarantined=0,
        lacks=lacks,
    )
    (row,) = board_streams.rows([state], AT)
    assert row.word == word
    assert row.lag == (seen if source.way == "list" else certain)
    assert (row.mark == "fine") == (word == "read")
    assert (row.mark == "act") == (word in ("late", "no access"))


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (timedelta(seconds=-3), "0 s"),
        (timedelta(seconds=59.9), "59 s"),
        (timedelta(seconds=60), "1 min"),
        (timedelta(seconds=200), "3 min 20 s"),
        (timedelta(seconds=659), "10 min"),
        (timedelta(hours=2, minutes=5, seconds=9), "2 h 5 min"),
        (timedelta(hours=24), "1 d"),
        (timedelta(days=3, hours=4, minutes=59), "3 d 4 h"),
    ],
)
def test_a_span_is_said_in_its_two_largest_units(time: timedelta, text: str) -> None:
    assert filters.span(time) == text


def test_a_moment_names_its_day_unless_it_is_today_s() -> None:
    assert filters.moment(AT) == "4 Mar 12:00:00"
    assert filters.moment(AT, AT + timedelta(hours=11)) == "12:00:00"
    assert filters.moment(AT, AT + timedelta(hours=12)) == "4 Mar 12:00:00"
    assert filters.iso(datetime.fromisoformat("2026-03-04T13:00:00+01:00")) == "2026-03-04T12:00:00Z"
    assert filters.number(1234567) == "1,234,567"
    assert filters.stream("hubspot_form_submissions") == "form submissions"
