"""`int_score_timeline` and the hot path agree on every lead: the score to the cent, and whether it is reached."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.qualify import dbt, loads, replica
from handoff.qualify import run as qualify
from tests.agreement.acting import DAYS, END, START, Admin, live

LEADS, HALVES = 2500, 2
"""More leads at once are a mass, which is followed over hours."""


@pytest.fixture(scope="module")
def connection(admin: Admin) -> Iterator[Connection]:
    with db.connect() as connection:
        live(admin, connection, LEADS)
        for half in range(HALVES):
            connection.execute("delete from handoff.stale_leads")
            connection.execute(
                """insert into handoff.stale_leads (lead_id)
                select lead_id from line.int_leads where lead_id::int %% %s = %s""",
                (HALVES, half),
            )
            dbt.invoke(connection, ["run"], selector="timeline", as_of=END, as_loaded=True)
        yield connection


def test_every_lead_scores_the_same_by_both(connection: Connection) -> None:
    timeline = {
        (row["lead_id"], row["moment_at"]): row for row in connection.execute("select * from line.int_score_timeline")
    }
    load = loads.newest(connection)
    assert load
    models = loads.models(connection, load.models_hash)
    compared: set[str] = set()
    reached = 0
    for day in range(DAYS):
        at = START + timedelta(days=day)
        # Everybody on every fifth day, and otherwise whom no day before had.
        then = {
            key: row for (key, moment), row in timeline.items() if moment == at and not (day % 5 and key in compared)
        }
        if not then:
            continue
        asked = replica.Replica(models, ("int_scores", "int_clauses"), at)
        with replica.opened(connection, asked, then):
            hot = {row["lead_id"]: row for row in replica.rows(connection, "int_scores", "lead_id")}
            clauses = replica.rows(connection, "int_clauses", "lead_id")
        assert hot.keys() == then.keys()
        held = {row["lead_id"]: row["state"] == "held" for row in clauses if row["clause_kind"] == "threshold"}
        assert held == {key: row["is_reached"] for key, row in then.items()}
        assert [
            (key, hot[key], row)
            for key, row in then.items()
            if (hot[key]["score"], hot[key]["fit_points"], hot[key]["engagement_points"])
            != (row["score"], row["fit_points"], row["engagement_points"])
        ] == []
        compared |= then.keys()
        reached += sum(row["is_reached"] for row in then.values())
    acting = connection.execute("select count(distinct lead_id) as leads from line.int_activities").fetchone()
    assert acting
    assert len(compared) == acting["leads"] > 2000
    assert 100 < reached < len(timeline) / 2


def test_only_leads_that_have_moved_are_computed_again(connection: Connection) -> None:
    at = END + timedelta(minutes=1)
    before = connection.execute("select count(*) as rows from line.int_score_timeline").fetchone()
    connection.execute("delete from handoff.pending_leads where lead_id <> '1'")
    connection.execute("delete from handoff.stale_leads")
    qualify.run(connection, at)
    dbt.invoke(connection, ["run"], selector="timeline", as_of=at, as_loaded=True)
    stamps = connection.execute(
        "select computed_at, count(distinct lead_id) as leads from line.int_score_timeline group by 1 order by 1"
    ).fetchall()
    assert [row["leads"] for row in stamps if row["computed_at"] == at] == [1]
    assert connection.execute("select count(*) as rows from line.int_score_timeline").fetchone() == before
