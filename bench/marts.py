"""How long the marts take at size, followed and anew, and whether both give the same.

    python bench/marts.py [--contacts N] [--events N] [--quick] [--json FILE]

A scratch Postgres holds a grown company with handoffs and a trial. The marts are built anew, then after a quarter of an
hour's changes: new, late and repeated acts, merged and deleted contacts, a campaign with another name, new handoffs and
answers. Then the histories are made anew once more for the same moment. Exit 0 when no mart differs in a row.
"""

import json
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from psycopg import sql

if not __package__:
    root = Path(__file__).resolve().parents[1]
    sys.path[:1] = [str(root), str(root / "plugins")]

from bench import history, machine, marts_changes, marts_planted, own_line
from bench.asked import Size, asked
from handoff import clock, connections
from handoff.ledger import db
from handoff.review import stale
from handoff.review.run import build_marts
from handoff.settings import settings

RESULTS = Path(__file__).parent / "results" / "marts.json"
SIZES = {"contacts": Size("contacts", 100_000, 1_000), "events": Size("events", 5_000_000, 20_000)}
SLOWEST = 8


def main() -> int:
    """Exit status: 0 when following the changes gives what building anew gives, 1 not."""
    given = asked(__doc__, RESULTS, SIZES)
    own_line.end_on_signals()
    load_before = machine.load()
    with own_line.own_line() as line:
        own_line.load_agreement()
        found = history.load(given.contacts, given.events, _say)
        found |= measure(line.connection, given.contacts // 20)
        found["measured_on"] = f"{clock.now():%Y-%m-%d}"
        found["machine"] = machine.describe(line.connection, load_before)
    print(json.dumps(found, indent=2))
    if given.json:
        given.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 1 if found["differing"] else 0


def measure(connection: db.Connection, handoffs: int) -> dict[str, Any]:
    """Build the marts anew, again with nothing new, after changes, and anew for the same moment.

    Args:
        handoffs: how many to plant among the leads that are there.

    Returns: what each build took, and rows by mart that differ between the last two.
    """
    at = clock.now()
    with db.connect(connections.ADMIN) as admin:
        planted = marts_planted.plant_handoffs(admin, handoffs, at)
        marts_planted.plant_trial(admin, handoffs, at)
    marts_changes.plant_campaign(connection, at)
    _say(f"{planted} handoffs; the marts anew")
    first = _build(connection, at)
    _say("with nothing new")
    idle = _build(connection, at + timedelta(minutes=15))
    at += timedelta(minutes=30)
    changes = marts_changes.apply(connection, at - timedelta(minutes=5))
    _say("after changes")
    followed = _build(connection, at)
    if not 0 < followed["moved_leads"] <= _most_followed():
        raise SystemExit(f"{followed['moved_leads']} leads moved, so the histories were not followed but made anew")
    keep(connection)
    stale.note_all(connection)
    _say("anew for the same moment")
    anew = _build(connection, at)
    return {
        "handoffs": planted,
        "anew": first,
        "idle": idle,
        "changes": changes,
        "followed": followed,
        "anew_again": anew,
        "rows": _rows(connection),
        "empty": _empty(connection),
        "differing": differing(connection),
    }


def _build(connection: db.Connection, at: datetime) -> dict[str, Any]:
    """Seconds from the start until readers have it, those of the slowest models, and the leads it was renewed for."""
    began = time.monotonic()
    result = build_marts(connection, at)
    seconds = round(time.monotonic() - began, 1)
    nodes = connection.execute(
        "select node, seconds from handoff.model_builds where built_at = %s order by seconds desc limit %s",
        (at, SLOWEST),
    )
    slowest = {row["node"]: float(round(row["seconds"], 1)) for row in nodes}
    return {"seconds": seconds, "moved_leads": result["moved_leads"], "slowest": slowest}


def _most_followed() -> int:
    """For how many leads a build follows; of more, it makes the histories anew."""
    project = yaml.safe_load((settings().dbt_project / "dbt_project.yml").read_text())
    return int(project["vars"]["moved_leads_at_most"])


def _marts(connection: db.Connection) -> list[str]:
    found = connection.execute("select mart from marts.mart_builds order by mart")
    return [row["mart"] for row in found]


def keep(connection: db.Connection) -> None:
    """Copy every mart aside, into the schema `kept`."""
    with db.connect(connections.ADMIN) as admin:
        admin.execute("drop schema if exists kept cascade")
        admin.execute("create schema kept authorization handoff_app")
        for mart in _marts(connection):
            copy = sql.SQL("create table kept.{0} as select * from marts.{0}").format(sql.Identifier(mart))
            admin.execute(copy)
        admin.execute("grant select on all tables in schema kept to handoff_app")


def differing(connection: db.Connection) -> dict[str, dict[str, int]]:
    """Rows of the marts and of what was kept that the other does not have, by mart; marts without any are left out."""
    found = {}
    for mart in _marts(connection):
        query = sql.SQL(
            """select
                (select count(*) from (select * from kept.{0} except all select * from marts.{0}) as gone) as followed,
                (select count(*) from (select * from marts.{0} except all select * from kept.{0}) as come) as anew"""
        ).format(sql.Identifier(mart))
        row = connection.execute(query).fetchone()
        if row and (row["followed"] or row["anew"]):
            found[mart] = dict(row)
    return found


def _rows(connection: db.Connection) -> dict[str, int]:
    found = connection.execute("select mart, row_count from marts.mart_builds where row_count > 0 order by 2 desc")
    return {row["mart"]: row["row_count"] for row in found}


def _empty(connection: db.Connection) -> list[str]:
    """Marts of which nothing was compared."""
    found = connection.execute("select mart from marts.mart_builds where row_count = 0 order by mart")
    return [row["mart"] for row in found]


def _say(words: str) -> None:
    print(f"  · {words}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
