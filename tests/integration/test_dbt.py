"""Every dbt test: the models' unit tests, and the data tests over a company's landed and decided history."""

import os
from contextlib import redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from dbt.artifacts.resources.v1.components import InjectedCTE
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from playwright.sync_api import expect

from handoff import clock, connections, stations
from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.local import progress
from handoff.qualify import dbt, kept_ctes
from handoff.review import policies
from handoff.settings import settings
from handoff.web.app import PREFIX
from sandbox.testing import RunningSandbox
from tests.agreement.test_unit_tested import unit_tested
from tests.browser.chromium import Visit, running
from tests.browser.served import serving
from tests.integration.conftest import STATIONS
from tests.unit.web.board_data import COOKIE, site

REPOSITORY = Path(__file__).parents[2]
UNREADABLE = "stg_hubspot__quarantined"
"""Nothing of this company is: tests/agreement/test_bad_values.py fills it."""


def run_dbt(*command: str) -> tuple[bool, str]:
    """Whether dbt does it, and what it prints, on what other tests on this database have parsed."""
    options = ["--project-dir", "dbt_project", "--profiles-dir", "dbt_project"]
    options += ["--target-path", str(settings().dbt_target)]
    printed = StringIO()
    with dbt.environment(clock.now()), redirect_stdout(printed):
        done = dbtRunner().invoke([*dbt.PLAIN, *command, *options])
    return done.success, printed.getvalue()


def nothing_is_seen_before_it_was_known(admin: Connection) -> None:
    """Each staging model without a unit test has rows now, and had none before anything was landed."""
    paths = sorted((REPOSITORY / "dbt_project" / "models" / "staging").rglob("*.sql"))
    timed = {path.stem for path in paths if "known_by()" in path.read_text(encoding="utf-8")} - unit_tested()
    assert len(timed) > 15

    def filled(as_of: str) -> set[str]:
        admin.execute("select set_config('handoff.as_of', %s, false)", (as_of,))
        return {name for name in timed if admin.execute(f"select from staging.{name} limit 1").fetchall()}

    assert filled("2000-01-01") == set()
    assert filled("") == timed - {UNREADABLE}


def test_every_test_of_dbt_s_holds_for_a_company_with_history_and_handoffs_and_one_fails_for_a_contradiction(
    landed_database: object, sandbox: RunningSandbox
) -> None:
    sandbox.act("demo_request")
    with db.connect() as connection:
        connection.execute("update handoff.cursors set seen_at = seen_at - interval '2 minutes'")
    for station in STATIONS:
        station("act")
    project = Manifest.from_msgpack((settings().dbt_target / "partial_parse.msgpack").read_bytes())
    done, said = run_dbt("build", "--exclude", "test_type:unit", "resource_type:seed")
    assert done, said[-4000:]
    # dbt asks the database for the columns of the models that a unit test reads, so these come second.
    done, said = run_dbt("test", "--select", "test_type:unit")
    assert done, said[-4000:]
    assert f"PASS={len(project.unit_tests)} " in said
    with db.connect("handoff_admin") as admin:
        row = admin.execute("select count(*) as handoffs from marts_build.fct_handoffs").fetchone()
        assert row == {"handoffs": 1}
        nothing_is_seen_before_it_was_known(admin)
        assert {each.broken for each in policies.read(admin)} == {0}
        lead = admin.execute("select max(lead_id) as id from line.int_scores").fetchone()
        assert lead
        admin.execute("update line.int_scores set score = score + 1 where lead_id = %s", (lead["id"],))
    done, said = run_dbt("build", "--select", "scores_unequal_to_parts", "--exclude", "test_type:unit")
    assert not done
    assert "scores_unequal_to_parts__is_empty" in said
    with db.connect() as connection:
        broken, *kept = policies.read(connection)
    assert (broken.name, broken.broken) == ("scores_unequal_to_parts", 1)
    assert broken.means == "One row per score that is not the sum of its parts."
    assert f"lead_id: {lead['id']}" in broken.examples[0]
    assert [each.broken for each in kept] == [0] * 9


def test_every_mart_keeps_a_contract_and_one_that_breaks_it_is_not_built(agreement_database: object) -> None:
    with dbt.environment(clock.now()):
        project = Manifest.from_msgpack((settings().dbt_target / "partial_parse.msgpack").read_bytes())
        marts = [each for each in project.nodes.values() if each.path.startswith("marts/") and each.is_relational]
        marts = [each for each in marts if each.resource_type == "model"]
        assert {each.name for each in marts} == {
            path.stem for path in (settings().dbt_project / "models" / "marts").glob("*.sql")
        }
        assert [each.name for each in marts if not each.config.contract.enforced] == []
        assert [each.name for each in marts if not all(column.data_type for column in each.columns.values())] == []
        command = ["run", "--select", "dim_reps", "--project-dir", "dbt_project", "--profiles-dir", "dbt_project"]
        command += ["--target-path", str(settings().dbt_target)]
        built = dbtRunner(manifest=project).invoke([*dbt.PLAIN, *command])
        assert built.success
        project = Manifest.from_msgpack((settings().dbt_target / "partial_parse.msgpack").read_bytes())
        project.nodes["model.handoff.dim_reps"].columns["name"].data_type = "integer"
        broken = dbtRunner(manifest=project).invoke([*dbt.PLAIN, *command])
        assert not broken.success
        assert "contract" in str(broken.result.results[0].message)


class WasRead(Exception):
    """Somebody read the parsed project from its file."""


def test_a_task_starts_with_the_project_of_the_process_that_forked_it(
    agreement_database: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(content: bytes) -> Manifest:
        raise WasRead

    with db.connect() as connection:
        run = partial(dbt.invoke, connection, ["run"], selector="line", as_of=clock.now(), as_loaded=True)
        parsed_and_run = run()
        dbt.warm()
        monkeypatch.setattr(Manifest, "from_msgpack", read)
        inherited = run()
        assert inherited
        assert parsed_and_run
        assert inherited.statuses == parsed_and_run.statuses
        assert set(inherited.statuses.values()) == {"success"}
        with pytest.raises(WasRead):
            run()
        monkeypatch.undo()


def test_a_project_that_was_loaded_since_is_read_again(
    agreement_database: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(content: bytes) -> Manifest:
        raise WasRead

    with db.connect() as connection:
        run = partial(dbt.invoke, connection, ["run"], selector="line", as_of=clock.now(), as_loaded=True)
        run()
        dbt.warm()
        os.utime(settings().dbt_target / "partial_parse.msgpack")
        monkeypatch.setattr(Manifest, "from_msgpack", read)
        with pytest.raises(WasRead):
            run()
        monkeypatch.undo()


def it_is_drawn_by_its_own_scripts() -> None:
    """dbt's page does in a browser what it is for, within the policy that the web app gives it, and asks nobody."""
    with serving(site()) as address, running() as browser:
        context = browser.new_context()
        context.add_cookies([{"name": COOKIE, "value": "reader", "url": address}])
        visit = Visit(context.new_page())
        visit.page.goto(f"{address}{PREFIX}/docs/models/index#!/model/model.handoff.fct_handoffs")
        expect(visit.page.get_by_role("heading", name="fct_handoffs")).to_be_visible()
        expect(visit.page.get_by_text("contacted_at", exact=True).first).to_be_visible()
        context.close()
    assert visit.hosts == {urlsplit(address).netloc}
    # Its templates ask for pictures before they are filled in, by names that nobody has.
    assert [each for each in visit.wrong if not each.startswith("Loading the image")] == []


def test_the_page_about_the_models_is_written_once_for_each_agreement_that_was_loaded(
    agreement_database: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with db.connect() as connection:
        dbt.invoke(connection, ["run"], selector="line", as_of=clock.now(), as_loaded=True)
    assert stations.documentation() == {"written": 1}
    page = dbt.documentation().read_text()
    # What a model means, and what the database says of its column.
    assert "One row per week, figure, dimension and member" in page
    assert '"type": "numeric' in page.lower()
    assert stations.documentation() == {"written": 0}
    it_is_drawn_by_its_own_scripts()
    os.utime(settings().dbt_target / "partial_parse.msgpack")
    monkeypatch.setenv("HANDOFF_DBT_PROJECT", str(tmp_path))
    settings.cache_clear()
    with pytest.raises(dbt.DbtFailed, match="dbt docs generate"):
        stations.documentation()


def test_what_was_compiled_before_the_fork_is_not_taken_apart_again(
    agreement_database: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    def inject(sql: str, ctes: list[InjectedCTE]) -> str:
        raise AssertionError("taken apart")

    with db.connect() as connection:
        run = partial(dbt.invoke, connection, ["run"], selector="line", as_of=clock.now(), as_loaded=True)
        kept_ctes._injected.cache_clear()
        dbt.warm()
        monkeypatch.setattr(kept_ctes, "_inject", inject)
        run()
        kept_ctes._injected.cache_clear()
        with pytest.raises(dbt.DbtFailed):
            run()


def test_the_models_of_the_line_share_a_session(agreement_database: object) -> None:
    with db.connect() as connection, db.connect(connections.ADMIN) as admin:

        def sessions() -> int:
            row = admin.execute("select sessions from pg_stat_database where datname = current_database()").fetchone()
            assert row is not None
            return int(row["sessions"])

        def are_closed() -> bool:
            found = admin.execute("select from pg_stat_activity where usename = 'handoff_dbt'").fetchall()
            return not found

        before = sessions()
        result = dbt.invoke(connection, ["run"], selector="line", as_of=clock.now(), as_loaded=True)
        assert result
        assert len(result.statuses) == 8
        assert progress.wait(are_closed, timeout_s=10)
        # One for dbt's own questions and one for the models; without `kept_connections` each model has its own.
        assert sessions() - before == 2
