"""`make bi` as a person has it: the command, and Superset over what the line has done."""

import httpx
import psutil
import pytest

from handoff.local import processes, scratch
from tests.stack.running import Stack

pytestmark = [pytest.mark.bi, pytest.mark.timeout(900)]

PASSED = "  Sign in as admin, password "
FUNNEL = "Funnel in figures"


def sign_in(client: httpx.Client, password: str) -> None:
    given = {"username": "admin", "password": password, "provider": "db"}
    answer = client.post("/api/v1/security/login", json=given).raise_for_status()
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"


def reached(client: httpx.Client, title: str) -> dict[str, int]:
    """What Superset reads from the marts for one chart of the dashboard: how many came to each stage."""
    charts = client.get("/api/v1/dashboard/handoff/charts").raise_for_status().json()["result"]
    (chart,) = [each["form_data"] for each in charts if each["slice_name"] == title]
    dataset, _, kind = chart["datasource"].partition("__")
    question = {
        "datasource": {"id": int(dataset), "type": kind},
        "queries": [
            {
                "columns": chart["groupby"],
                "metrics": chart["metrics"],
                "filters": [{"col": "cohort_by", "op": "==", "val": "mql"}],
            }
        ],
    }
    answer = client.post("/api/v1/chart/data", json=question).raise_for_status()
    return {row["stage"]: row["reached"] for row in answer.json()["result"][0]["data"]}


def test_one_command_builds_the_marts_and_starts_superset_over_them(stack: Stack) -> None:
    stack.environment["HANDOFF_BI_PORT"] = str(scratch.free_port())
    # One lead to count, also where the marts were built before it came.
    stack.up()
    stack.python("from handoff import stations; stations.marts()")
    started = stack.handoff("bi")
    assert started.returncode == 0, started.stdout + started.stderr + stack.logs()
    address = f"http://127.0.0.1:{stack.environment['HANDOFF_BI_PORT']}"
    assert f"  {address}/superset/dashboard/handoff/" in started.stdout
    password = started.stdout.split(PASSED)[1].strip()
    with httpx.Client(base_url=address, timeout=60) as client:
        sign_in(client, password)
        ((mqls,),) = [each.values() for each in stack.ledger("select count(*) from marts.fct_handoffs")]
        assert reached(client, FUNNEL)["mql"] == mqls >= 1

    first = stack.pids()
    assert stack.handoff("bi").returncode == 0
    # Its database is a file of its own, so it alone was stopped; the rest went on.
    again = stack.pids()
    assert again.pop("superset") != first.pop("superset")
    assert again == first
    assert "superset" in {each["name"] for each in stack.status()["components"]}

    assert stack.handoff("down").returncode == 0
    assert processes.of(stack.where) == []
    assert not [each for each in psutil.net_connections() if each.laddr and each.laddr.port == int(address[-5:])]
