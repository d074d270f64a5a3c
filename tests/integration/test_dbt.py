"""Every dbt test: the models' unit tests, and the data tests over a company's landed and decided history."""

import os
import subprocess
import sys
from pathlib import Path

from handoff import clock, stations
from handoff.ledger import db
from handoff.qualify import dbt
from sandbox.testing import RunningSandbox

REPOSITORY = Path(__file__).parents[2]


def run_dbt(*command: str, target: Path) -> subprocess.CompletedProcess[str]:
    # An edited seed is not noticed by partial parsing: a unit test over the agreement's rows would pass on the old.
    options = ["--no-partial-parse", "--project-dir", "dbt_project", "--profiles-dir", "dbt_project"]
    with dbt.environment(clock.now()):
        return subprocess.run(
            [sys.executable, "-c", "from dbt.cli.main import cli; cli()", *command, *options, "--target-path", target],
            cwd=REPOSITORY,
            env=dict(os.environ),
            capture_output=True,
            text=True,
            check=False,
        )


def test_unit_tests(agreement_database: object, tmp_path: Path) -> None:
    # dbt asks the database for the columns of the models that a unit test reads.
    assert run_dbt("run", "--select", "path:models/marts", target=tmp_path).returncode == 0
    done = run_dbt("test", "--select", "test_type:unit", target=tmp_path)
    assert done.returncode == 0, done.stdout[-4000:]
    assert "PASS=" in done.stdout


def test_data_tests_hold_for_a_company_with_history_and_handoffs(
    agreement_database: object, sandbox: RunningSandbox, tmp_path: Path
) -> None:
    for run_id in ("history", "act"):
        if run_id == "act":
            sandbox.act("demo_request")
            with db.connect() as connection:
                connection.execute("update handoff.cursors set moved_at = moved_at - interval '2 minutes'")
        stations.extract(run_id)
        for station in (stations.enrich, stations.qualify, stations.route, stations.notify, stations.sync):
            station(run_id)
    done = run_dbt("build", "--exclude", "test_type:unit", "resource_type:seed", target=tmp_path)
    assert done.returncode == 0, done.stdout[-4000:]
    with db.connect() as connection:
        row = connection.execute("select count(*) as handoffs from marts.fct_handoffs").fetchone()
    assert row == {"handoffs": 1}


def test_a_planted_contradiction_fails_the_data_tests(
    agreement_database: object, sandbox: RunningSandbox, tmp_path: Path
) -> None:
    stations.extract("history")
    stations.qualify("history")
    with db.connect("handoff_admin") as admin:
        admin.execute(
            "update line.int_scores set score = score + 1 where lead_id = (select max(lead_id) from line.int_scores)"
        )
    done = run_dbt("build", "--select", "scores_unequal_to_parts", target=tmp_path)
    assert done.returncode != 0
    assert "scores_unequal_to_parts" in done.stdout
