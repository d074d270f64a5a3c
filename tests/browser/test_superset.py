"""The real Superset with the dashboard from the repository, over marts with known figures, in a real browser."""

import configparser
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from handoff import connections
from handoff.bi import run
from handoff.ledger import migrate
from handoff.local import airflow_env, health, progress, scratch, state, supervisor
from handoff.settings import REPOSITORY, settings
from tests.browser.chromium import Visit
from tests.conftest import Database
from tests.unit.bi import company
from tests.unit.web.doors import connect

pytestmark = [pytest.mark.bi, pytest.mark.timeout(600)]

READY_S = 300
SHOWN_MS = 120_000


@dataclass(frozen=True)
class Superset:
    """A running Superset, and a session that may read everything."""

    url: str
    password: str
    ledger: psycopg.Connection


@pytest.fixture(scope="module")
def superset(module_agreement_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Superset]:
    """Prepared and started by the commands that `make bi` uses, without Airflow."""
    where = state.Layout(tmp_path_factory.mktemp("bi"))
    with pytest.MonkeyPatch.context() as patch:
        connect(patch, "slack", {})
        connect(patch, "hubspot", {"portal_id": "4242424"})
        company.plant()
        patch.setenv("HANDOFF_HOME", str(where.home))
        patch.setenv("HANDOFF_BI_PORT", str(scratch.free_port()))
        settings.cache_clear()
        secrets = state.prepare(where)
        for name, value in airflow_env.environment(settings(), where, secrets, os.environ).items():
            patch.setenv(name, value)
        migrate.allow_reading(connections.get(connections.ADMIN).dsn, connections.get(connections.BI))
        run.prepare(where)
        # A second time, as after a change of the files.
        run.prepare(where)
        with (where.logs / "superset.log").open("w") as output:
            server = subprocess.Popen(command(), cwd=REPOSITORY, stdout=output, stderr=output)
        try:
            ready = progress.wait(lambda: health.superset(settings()), timeout_s=READY_S)
            assert ready, (where.logs / "superset.log").read_text()
            with psycopg.connect(module_agreement_database.admin_dsn) as ledger:
                yield Superset(f"http://127.0.0.1:{settings().bi_port}", secrets.superset_admin, ledger)
        finally:
            server.terminate()
            server.wait(timeout=30)


def command() -> list[str]:
    """What the supervisor runs."""
    parser = configparser.RawConfigParser(comment_prefixes=(";",))
    parser.read(supervisor.CONFIG)
    return shlex.split(parser["program:superset"]["command"].partition("handoff.local.launch")[2])


@pytest.fixture(scope="module")
def dashboard(chromium: Browser, superset: Superset) -> Iterator[Visit]:
    """The dashboard of somebody who signed in."""
    context = chromium.new_context(viewport={"width": 1440, "height": 2300}, base_url=superset.url)
    context.set_default_timeout(SHOWN_MS)
    visit = Visit(context.new_page())
    page = visit.page
    page.goto("/login/", wait_until="networkidle")
    page.locator("#username").fill("admin")
    page.locator("#password").fill(superset.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/welcome/**", timeout=SHOWN_MS)
    page.goto(run.DASHBOARD, wait_until="networkidle")
    yield visit
    context.close()


def chart(page: Page, title: str) -> Locator:
    """The box of one chart."""
    found = page.locator(".dashboard-component-chart-holder").filter(
        has=page.locator(".header-title").get_by_text(title, exact=True)
    )
    expect(found).to_have_count(1, timeout=SHOWN_MS)
    found.scroll_into_view_if_needed()
    return found


def rows(page: Page, title: str) -> list[list[str]]:
    """The cells of a table, row by row."""
    # The header is a table of its own, above the rows.
    found = chart(page, title).locator("tbody tr:visible")
    expect(found.first).to_be_visible(timeout=SHOWN_MS)
    return [row.locator("td").all_inner_texts() for row in found.all()]


def asked(superset: Superset, query: str) -> list[list[str]]:
    """What the database says, as text."""
    return [list(row) for row in superset.ledger.execute(query.encode()).fetchall()]


@pytest.mark.parametrize(
    ("title", "query"),
    [
        (
            "Event to message, median (s)",
            """select to_char(percentile_cont(0.5) within group (order by
                extract(epoch from outbox.sent_at - handoffs.event_at)), 'FM990.0')
            from handoff.handoffs as handoffs inner join handoff.outbox as outbox using (handoff_id)
            where outbox.kind = 'slack_dm'""",
        ),
        (
            "Message to first contact, median (open min)",
            """select to_char(percentile_cont(0.5) within group (order by
                extract(epoch from answers.occurred_at - outbox.sent_at)) / 60, 'FM990.0')
            from handoff.dispositions as answers inner join handoff.outbox as outbox using (handoff_id)
            where answers.kind = 'contacted' and outbox.kind = 'slack_dm'""",
        ),
        (
            "SLA attainment",
            """select to_char(100.0 * count(*) filter (where answers.occurred_at <= assignments.due_at) / count(*),
                'FM990.0') || '%'
            from handoff.assignments as assignments inner join handoff.dispositions as answers using (handoff_id)
            where answers.kind in ('contacted', 'rejected')""",
        ),
    ],
)
def test_a_big_number_is_what_the_ledger_says(superset: Superset, dashboard: Visit, title: str, query: str) -> None:
    ((expected,),) = asked(superset, query)
    expect(chart(dashboard.page, title).locator(".header-line")).to_have_text(expected, timeout=SHOWN_MS)


def test_attainment_by_rep_is_what_the_ledger_says(superset: Superset, dashboard: Visit) -> None:
    expected = asked(
        superset,
        """select rep_id, count(*)::text, (count(*) filter (where is_met))::text,
            (count(*) filter (where not is_met))::text,
            to_char(100.0 * count(*) filter (where is_met) / count(*), 'FM990.0') || '%'
        from (
            select assignments.rep_id, min(answers.occurred_at) <= assignments.due_at as is_met
            from handoff.assignments as assignments inner join handoff.dispositions as answers using (handoff_id)
            where answers.kind in ('contacted', 'rejected')
            group by assignments.assignment_id
        ) as judged
        group by rep_id order by avg(is_met::int)""",
    )
    assert len(expected) == 2
    assert rows(dashboard.page, "SLA by rep") == expected


def test_the_funnel_is_what_the_ledger_says(superset: Superset, dashboard: Visit) -> None:
    expected = asked(
        superset,
        """select 'mql', count(*)::text from handoff.handoffs
        union all
        select kind, count(distinct handoff_id)::text from handoff.dispositions
        where kind in ('accepted', 'contacted') group by kind""",
    )
    shown = rows(dashboard.page, "Funnel in figures")
    assert [row[0] for row in shown] == ["mql", "accepted", "contacted", "sql", "won"]
    assert sorted(row[:2] for row in shown[:3]) == sorted(expected)
    # Half of the MQLs were rejected; of the oldest week, whose time is up, two were not won and one is no SQL.
    assert [row[:4] for row in rows(dashboard.page, "Bottleneck: where most are lost")] == [
        ["accepted", "12", "50.0%", "0"],
        ["won", "2", "100.0%", "6"],
        ["sql", "1", "11.1%", "3"],
        ["contacted", "0", "0.0%", "0"],
    ]
    expect(chart(dashboard.page, "Funnel").locator("canvas")).to_be_visible(timeout=SHOWN_MS)


def test_conversion_tells_a_cohort_whose_time_is_up_from_one_that_still_runs(
    superset: Superset, dashboard: Visit
) -> None:
    expected = asked(
        superset,
        """select context #>> '{attribution,first_source}', definition_id, definition_version, count(*)::text,
            to_char(100.0 * count(answers.handoff_id) / count(*), 'FM990.0') || '%'
        from handoff.handoffs left join handoff.dispositions as answers
            on handoffs.handoff_id = answers.handoff_id and answers.kind = 'accepted'
        group by 1, 2, 3""",
    )
    shown = rows(dashboard.page, "Conversion by source and version")
    assert len(expected) == 6
    assert sorted(row[:5] for row in shown) == sorted(expected)
    # By paid search two are the first product's, and one is the second's, who was rejected.
    assert {tuple(row[2:3] + row[5:]) for row in shown} == {
        ("0", "3", "33.3%"),
        ("0", "2", "50.0%"),
        ("0", "1", "0.0%"),
        ("1", "0", "N/A"),
    }


def test_rejections_are_what_the_ledger_says(superset: Superset, dashboard: Visit) -> None:
    expected = asked(
        superset,
        """select reason_id, reasons.clause_ids, count(*)::text
        from handoff.dispositions inner join agreement.rejection_reasons as reasons using (reason_id)
        group by 1, 2 order by count(*) desc""",
    )
    assert rows(dashboard.page, "Rejections in figures") == expected
    expect(chart(dashboard.page, "Rejections by reason and accused clause").locator("canvas")).to_be_visible()


def test_every_chart_is_drawn_and_nobody_else_is_told(superset: Superset, dashboard: Visit, tmp_path: Path) -> None:
    page = dashboard.page
    for title in page.locator(".dashboard-component-chart-holder .header-title").all_inner_texts():
        expect(chart(page, title).locator("canvas, table, .header-line").first).to_be_visible(timeout=SHOWN_MS)
    expect(page.locator(".ant-alert-error, [data-test='error-container']")).to_have_count(0)
    picture = tmp_path / "superset.png"
    page.mouse.move(0, 0)
    page.set_viewport_size({"width": 1440, "height": 1400})
    page.evaluate("scrollTo(0, 0)")
    page.screenshot(path=picture, animations="disabled")
    if directory := os.environ.get("HANDOFF_SCREENSHOTS"):
        shutil.copy(picture, directory)
    # What it wants to tell its makers does not get out.
    assert dashboard.hosts - dashboard.stopped == {superset.url.removeprefix("http://")}


def test_without_a_login_there_is_nothing(chromium: Browser, superset: Superset) -> None:
    context = chromium.new_context(base_url=superset.url)
    context.set_default_timeout(SHOWN_MS)
    page = context.new_page()
    page.goto(run.DASHBOARD)
    page.wait_for_url("**/login/**")
    assert context.request.get("/api/v1/chart/1/data/").status == 401
    context.close()
