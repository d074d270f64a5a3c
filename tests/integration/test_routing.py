"""Routing over the whole line: who is considered, who is held and until when, and what another agreement would do."""

import csv
import json
import re
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import psycopg
import pytest
from typer.testing import CliRunner

from handoff import clock, explain, stations
from handoff.cli import app
from handoff.ledger import db, inbox
from handoff.ledger.db import Connection
from handoff.qualify import dbt, loads, models
from handoff.route import decisions, simulate
from handoff.route import run as route
from handoff.route.replay import replay
from sandbox.testing import RunningSandbox
from tests.agreement.conftest import SEEDS
from tests.conftest import Database
from tests.dying import dies_at
from tests.integration import mqls
from tests.integration.test_line import hint, line, messages, one


@pytest.fixture
def connection(landed_database: Database, sandbox: RunningSandbox) -> Iterator[Connection]:
    with db.connect() as connection:
        yield connection


def ask_for_a_demo(connection: Connection, sandbox: RunningSandbox) -> str:
    lead_id: str = sandbox.act("demo_request")["contactId"]
    hint(connection, lead_id)
    return lead_id


def told(*command: str) -> str:
    result = CliRunner().invoke(app, list(command))
    assert result.exit_code == 0, result.output
    return result.output


AUTH = {"Authorization": "Bearer pat-na1-sandbox"}
OWNERS = {"ana-costa": "1001", "ben-okafor": "1002", "chloe-martin": "1003", "daniel-weber": "1004"}
OWNERS |= {"emi-tanaka": "1005", "farah-ali": "1006"}


def call(sandbox: RunningSandbox, method: str, path: str, body: Any = None) -> Any:
    answer = httpx.request(method, f"{sandbox.url}/crm/v3/{path}", json=body, headers=AUTH)
    answer.raise_for_status()
    return answer.json()


PRIMARY_COMPANY, DEAL_TO_CONTACT = 1, 3
"""HubSpot's association types: https://developers.hubspot.com/docs/api-reference/latest/crm/associations/guide"""


def created(sandbox: RunningSandbox, kind: str, properties: dict[str, str], to: str, type_id: int) -> str:
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}]
    body = {"properties": properties, "associations": [{"to": {"id": to}, "types": types}]}
    record_id: str = call(sandbox, "POST", f"objects/{kind}", body)["id"]
    return record_id


def be_away(database: Database, sandbox: RunningSandbox, until: datetime | None, *reps: str) -> None:
    """Mark leave in HubSpot, as a rep does in their own calendar there, and let the next run read it."""
    span = {"startTimestamp": 1_700_000_000_000, "endTimestamp": int(until.timestamp() * 1000)} if until else None
    users = call(sandbox, "GET", "objects/users?limit=100&properties=hs_email,hs_internal_user_id")["results"]
    owners = {each["id"]: each for each in call(sandbox, "GET", "owners")["results"]}
    for rep in reps:
        user_id = str(owners[OWNERS[rep]]["userId"])
        (record,) = [each["id"] for each in users if each["properties"]["hs_internal_user_id"] == user_id]
        changed = {"hs_out_of_office_hours": json.dumps([span] if span else [])}
        call(sandbox, "PATCH", f"objects/users/{record}", {"properties": changed})
    with psycopg.connect(database.admin_dsn) as admin:
        admin.execute("delete from handoff.cursors where stream = 'hubspot_users'")


def assigned(connection: Connection, lead_id: str) -> dict[str, Any]:
    row = connection.execute(
        """select assignment.* from handoff.assignments as assignment
        inner join handoff.handoffs as handoff using (handoff_id) where handoff.lead_id = %s""",
        (lead_id,),
    ).fetchone()
    assert row is not None
    return row


def test_leave_is_marked_once_and_nobody_is_unassigned_in_silence(
    connection: Connection, sandbox: RunningSandbox, landed_database: Database
) -> None:
    until = (clock.now() + timedelta(days=3)).replace(microsecond=0)
    everybody = tuple(rep for rep in OWNERS if rep != "farah-ali")
    be_away(landed_database, sandbox, until, *everybody)
    first = ask_for_a_demo(connection, sandbox)
    line()
    given = assigned(connection, first)
    assert (given["rep_id"], given["reason"]) == ("farah-ali", "fallback of the agreement")
    assert any("out of office in HubSpot until" in each["reason"] for each in given["candidates"])
    (alerted,) = messages(sandbox, "C0REVIEW00")
    assert "went to Farah Ali, the fallback" in alerted["text"]

    be_away(landed_database, sandbox, until, "farah-ali")
    second = ask_for_a_demo(connection, sandbox)
    _, counts = line()
    assert counts["route"]["stuck"] == 1
    waits = explain.explain(connection, second).waits
    assert waits is not None
    assert waits.startswith(f"Held until {until:%Y-%m-%d %H:%M} UTC at least: ")
    assert "farah-ali: fallback of the agreement, but out of office in HubSpot" in waits
    assert one(connection, "select count(*) from handoff.handoffs") == 1

    be_away(landed_database, sandbox, None, *OWNERS)
    _, counts = line()
    assert counts["route"]["handed_off"] == 1
    assert assigned(connection, second)["rep_id"] != "farah-ali"


def test_a_lead_that_raises_stops_no_other(connection: Connection, sandbox: RunningSandbox) -> None:
    asked = {ask_for_a_demo(connection, sandbox) for _ in range(4)}
    for station in (stations.extract, stations.gate, stations.enrich, stations.qualify):
        station(mqls.RUN)
    waiting, _ = decisions.pending_mqls(connection, mqls.LATER, "")
    first, unreadable, unroutable, last = (each.lead_id for each in waiting if each.lead_id in asked)
    # What the choice of who is at work is made by comes with each decision.
    prefers = {row["tier_id"]: row["prefers_present"] for row in connection.execute("select * from agreement.tiers")}
    assert {each.prefers_present for each in waiting} == {True}
    assert all(prefers[each.context.tier.id] is each.prefers_present for each in waiting)
    at_work = {row["rep_id"]: row["is_at_work"] for row in connection.execute("select * from line.int_reps")}
    considered = [candidate for each in waiting for candidate in each.candidates]
    assert considered
    assert all(each.is_at_work is at_work[each.rep_id] for each in considered)
    with db.connect("handoff_admin") as admin:
        admin.execute("update line.int_qualifications set trigger_at = null where lead_id = %s", (unreadable,))
        admin.execute("update line.int_route_candidates set weight = null where lead_id = %s", (unroutable,))
    # A closed gate holds who can be read; who cannot has a reason of their own.
    judged = """insert into handoff.gates (gate, batch_id, evaluated_at, is_open, reason, results)
        values ('hubspot_contacts', 1, %s, %s, 'no e-mail', '[]')"""
    connection.execute(judged, (clock.now(), False))
    assert route.run(connection, mqls.LATER, clock.now()) == {"held": 3, "reason": "no e-mail"}
    held = {lead_id: explain.explain(connection, lead_id).waits or "" for lead_id in (first, unreadable, unroutable)}
    assert "a gate is closed: no e-mail" in held[first]
    assert "an unforeseen ValidationError" in held[unreadable]
    assert "an unforeseen TypeError" in held[unroutable]
    connection.execute(judged, (clock.now(), True))
    runs = [route.run(connection, mqls.LATER, clock.now()) for _ in range(3)]
    assert [(each["mqls"], each.get("handed_off"), each["stuck"]) for each in runs] == [(4, 2, 2), *[(2, None, 2)] * 2]
    assert all(assigned(connection, each) for each in (first, last))
    waits = {lead_id: explain.explain(connection, lead_id).waits or "" for lead_id in (unreadable, unroutable)}
    assert "an unforeseen ValidationError at route/contexts.py" in waits[unreadable]
    assert "(Trigger: occurred_at: Input should be a valid datetime)" in waits[unreadable]
    assert "an unforeseen TypeError at route/assign.py" in waits[unroutable]
    assert "tried again each minute" in waits[unroutable]
    alerts = mqls.rows(connection, "select payload ->> 'text' as text from handoff.outbox where kind = 'slack_review'")
    assert sorted(each["text"].partition(" can be neither")[0] for each in alerts) == sorted(
        f"Contact {each}" for each in (unreadable, unroutable)
    )

    with db.connect("handoff_admin") as admin:
        admin.execute("update line.int_qualifications set trigger_at = qualified_at where lead_id = %s", (unreadable,))
        admin.execute("update line.int_route_candidates set weight = 1 where lead_id = %s", (unroutable,))
    assert route.run(connection, mqls.LATER, clock.now())["handed_off"] == 2
    assert one(connection, "select count(*) from handoff.pending_leads") == 0

    # Two are deleted in the CRM, and one of them cannot be taken back.
    with db.connect("handoff_admin") as admin:
        for lead_id in (first, last):
            admin.execute(
                """insert into raw.hubspot_contacts (id, updated_at, loaded_at, batch_id, payload)
                select id, %(at)s, %(at)s, batch_id, payload || '{"archived": true}' from raw.hubspot_contacts
                where id = %(id)s order by version_id desc limit 1""",
                {"at": clock.now(), "id": lead_id},
            )
            connection.execute(
                """insert into handoff.pending_leads (lead_id, batch_id, extracted_at, qualified_at)
                values (%(id)s, 1, %(at)s, %(at)s)""",
                {"id": lead_id, "at": clock.now()},
            )
        broken = f"check (handoff_id <> '{assigned(connection, first)['handoff_id']}') not valid"
        admin.execute(f"alter table handoff.dispositions add constraint planted {broken}")
        assert [route.run(connection, mqls.LATER, clock.now())["withdrawn"] for _ in range(2)] == [1, 0]
        (kept,) = connection.execute("select lead_id, held_because from handoff.pending_leads").fetchall()
        assert kept["lead_id"] == first
        assert "an unforeseen CheckViolation at route/withdraw.py" in kept["held_because"]
        assert one(connection, "select count(*) from handoff.outbox where kind = 'slack_review'") == 3
        admin.execute("alter table handoff.dispositions drop constraint planted")
    assert route.run(connection, mqls.LATER, clock.now())["withdrawn"] == 1
    assert one(connection, "select count(*) from handoff.pending_leads") == 0


def test_a_rejected_lead_that_comes_again_goes_to_another_rep(connection: Connection, sandbox: RunningSandbox) -> None:
    with db.connect("handoff_admin") as admin:
        admin.execute("update agreement.definitions set requalify_cooling_off_days = 0")
    load = loads.newest(connection)
    assert load is not None
    loads.record(connection, loads.models(connection, load.models_hash), clock.now())
    lead_id = ask_for_a_demo(connection, sandbox)
    line()
    (first,) = connection.execute("select * from handoff.assignments").fetchall()
    connection.execute(
        """insert into handoff.dispositions (
            handoff_id, assignment_id, kind, reason_id, occurred_at, recorded_at, evidence
        ) values (%s, %s, 'rejected', 'no_interest', %s, %s, '{}')""",
        (first["handoff_id"], first["assignment_id"], clock.now(), clock.now()),
    )
    record = call(sandbox, "GET", f"objects/contacts/{lead_id}?properties=email,hubspot_owner_id")["properties"]
    assert record["hubspot_owner_id"] == OWNERS[first["rep_id"]]
    sandbox.act("form", contact_id=lead_id)
    hint(connection, lead_id)
    line()
    again = connection.execute(
        "select * from handoff.assignments where assignment_id > %s", (first["assignment_id"],)
    ).fetchone()
    assert again is not None
    steps = {each["step"]: each for each in again["candidates"] if each["rep_id"] == first["rep_id"]}
    assert steps["contact_owner"]["reason"].endswith("but had this lead before")
    assert again["rep_id"] != first["rep_id"]
    assert replay(connection, again["handoff_id"]).differences == ()
    now = told("route", "explain", lead_id).partition("if it were routed now")[2]
    assert f"→ {first['rep_id']}" not in " ".join(now.split())
    (simulated,) = {
        each["arrivals"]: each["reps"]
        for each in json.loads(told("route", "simulate", "--change", "farah-ali:max_open=9", "--days", "1", "--json"))
    }.values()
    assert sorted(each["rep_id"] for each in simulated) == sorted({first["rep_id"], again["rep_id"]})


def test_whoever_has_a_lead_hears_of_its_raised_hand_and_long_after_their_call_it_is_handed_over_anew(
    connection: Connection, sandbox: RunningSandbox
) -> None:
    def ask_again() -> None:
        sandbox.act("form", contact_id=lead_id)
        hint(connection, lead_id)

    def below() -> list[dict[str, Any]]:
        return [each for each in messages(sandbox) if "thread_ts" in each]

    lead_id = ask_for_a_demo(connection, sandbox)
    line()
    (first,) = connection.execute("select * from handoff.assignments").fetchall()
    ask_again()
    for station in (stations.extract, stations.gate, stations.enrich, stations.qualify):
        station(mqls.RUN)
    assert dies_at("route.hand.told", lambda own: route.run(own, mqls.LATER, clock.now()))
    for _ in range(2):
        assert "handed_off" not in line()[1].get("route", {})
    (said,) = below()
    assert re.search(r"raised a hand again, .*: Submitted the form .Request a demo", said["text"])
    assert "<@U" in json.dumps(said["blocks"])

    called_at = clock.now() - timedelta(days=30)
    connection.execute(
        """insert into handoff.dispositions (handoff_id, assignment_id, kind, occurred_at, recorded_at, evidence)
        values (%s, %s, 'contacted', %s, %s, '{}')""",
        (first["handoff_id"], first["assignment_id"], called_at, called_at),
    )
    ask_again()
    assert line()[1]["route"]["handed_off"] == 1
    again = connection.execute("select * from handoff.handoffs order by cycle desc").fetchall()
    assert [each["cycle"] for each in again] == [2, 1]
    assert replay(connection, again[0]["handoff_id"]).differences == ()
    # Two handoffs of one lead are no double where the second began after the first had ended.
    sandbox.act("page_view", contact_id=lead_id)
    hint(connection, lead_id)
    assert line()[1]["route"]["withdrawn"] == 0
    assert len(below()) == 1


def test_who_has_an_open_deal_with_a_colleague_gets_the_lead(connection: Connection, sandbox: RunningSandbox) -> None:
    lead_id = ask_for_a_demo(connection, sandbox)
    lead = call(sandbox, "GET", f"objects/contacts/{lead_id}?properties=associatedcompanyid")
    company_id = lead["properties"]["associatedcompanyid"]
    call(sandbox, "PATCH", f"objects/companies/{company_id}", {"properties": {"hubspot_owner_id": ""}})
    colleague = created(sandbox, "contacts", {"email": "colleague@northwind.example"}, company_id, PRIMARY_COMPANY)
    deal = {"dealname": "Northwind", "hubspot_owner_id": OWNERS["emi-tanaka"], "dealstage": "appointmentscheduled"}
    deal_id = created(sandbox, "deals", deal, colleague, DEAL_TO_CONTACT)
    for kind, record_id in (("contact", colleague), ("company", company_id), ("deal", deal_id)):
        now = clock.now()
        inbox.store(connection, [inbox.Event("hubspot", f"{kind}:{record_id}", kind, record_id, now, {})], now)
    line()
    given = assigned(connection, lead_id)
    assert (given["rep_id"], given["reason"]) == ("emi-tanaka", f"owner of deal {deal_id}")
    assert "open_deal_owner" in told("route", "explain", lead_id)


def test_route_explain_shows_every_rep_considered(connection: Connection, sandbox: RunningSandbox) -> None:
    lead_id = ask_for_a_demo(connection, sandbox)
    line()
    given = assigned(connection, lead_id)
    text = told("route", "explain", lead_id)
    assert f"{given['rep_id']}: {given['reason']}" in text
    for each in given["candidates"]:
        assert each["reason"] in text
    # It is open: whoever has it does not get it again.
    now = text.partition("if it were routed now")[2]
    assert "had this lead before" in now
    assert f"→ {given['rep_id']}" not in " ".join(now.split())
    assert "never handed over" in told("route", "explain", one(connection, "select min(lead_id) from line.int_leads"))


def test_who_left_for_good_is_passed_over_and_stops_nothing(connection: Connection, sandbox: RunningSandbox) -> None:
    sandbox.control("POST", "owners", {"id": OWNERS["farah-ali"], "archived": True})
    with db.connect("handoff_admin") as admin:
        admin.execute("delete from handoff.cursors where stream = 'hubspot_owners'")
    lead_id = ask_for_a_demo(connection, sandbox)
    _, counts = line()
    assert counts["route"]["handed_off"] == 1
    (fallback,) = [each for each in assigned(connection, lead_id)["candidates"] if each["step"] == "fallback"]
    assert fallback["reason"] == "fallback of the agreement, but no longer active in HubSpot"


def rewritten(where: Path, rep_id: str, on: str, **values: str) -> Path:
    """The agreement with another row for a rep from a day on."""
    edited = where / "agreement"
    shutil.copytree(SEEDS, edited)
    path = edited / "reps.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    (old,) = [row for row in rows if row["rep_id"] == rep_id]
    rows.insert(rows.index(old) + 1, {**old, **values, "valid_from": on})
    old["valid_to"] = on
    with path.open("w", newline="", encoding="utf-8") as file:
        lines = csv.DictWriter(file, list(old), lineterminator="\n")
        lines.writeheader()
        lines.writerows(rows)
    return edited


def test_another_rota_is_tried_on_what_came(connection: Connection, sandbox: RunningSandbox, tmp_path: Path) -> None:
    for _ in range(6):
        ask_for_a_demo(connection, sandbox)
    line()
    before, after = json.loads(told("route", "simulate", "--change", "farah-ali:max_open=1", "--days", "1", "--json"))
    assert before["arrivals"] == after["arrivals"] == 6
    in_truth = connection.execute("select rep_id, count(*) as leads from handoff.assignments group by rep_id")
    assert {each["rep_id"]: each["leads"] for each in before["reps"]} == {
        row["rep_id"]: row["leads"] for row in in_truth
    }
    most = before["reps"][0]
    change = f"{most['rep_id']}:max_open=1"
    before, after = json.loads(told("route", "simulate", "--change", change, "--days", "1", "--json"))
    assert {each["rep_id"]: each["leads"] for each in after["reps"]}[most["rep_id"]] == 1
    assert after["arrivals"] == 6
    page = told("route", "simulate", "--change", change, "--days", "1")
    assert "| Handoffs | 6 | 6 |" in page
    # As the handbook says to change it: the row ends, and a new one begins, on a day that is still to come.
    tomorrow = (clock.now() + timedelta(days=1)).date()
    edited = rewritten(tmp_path, most["rep_id"], f"{tomorrow}", max_open="1")
    later = json.loads(told("route", "simulate", "--to", str(edited), "--days", "1", "--json"))
    assert [each["on"] for each in later] == [f"{tomorrow}"] * 2
    assert {each["rep_id"]: each["leads"] for each in later[1]["reps"]}[most["rep_id"]] == 1
    # Somebody who left since: the agreement counts as it is today, also for what came before.
    with db.connect("handoff_admin") as admin:
        admin.execute("update handoff.handoffs set routed_at = routed_at - interval '3 days'")
    end = clock.now()
    load = loads.newest(connection)
    assert load is not None
    tables = loads.agreement(connection, load.agreement_hash)
    compiled = models.compiled(for_all=True, selection=simulate.SELECTION)
    rows = simulate.arrivals(connection, end - timedelta(days=5), end)

    def tried(**changed: list[dict[str, Any]]) -> list[simulate.Given]:
        return list(simulate.simulate(connection, compiled, {**tables, **changed}, rows, end, end.date()))

    left = {"valid_to": f"{end:%Y-%m-%d}"}
    given = tried(reps=[{**each, **left} if each["rep_id"] == most["rep_id"] else each for each in tables["reps"]])
    assert len(given) == 6
    assert most["rep_id"] not in {each.rep_id for each in given}
    # Whoever is at work comes first by these rows, which would make the rest a matter of the hour.
    tables = {**tables, "tiers": [{**each, "prefers_present": "false"} for each in tables["tiers"]]}
    unchanged = tried()
    # Another service level: the same reps, an hour of theirs more.
    longer = [{**each, "response_minutes": str(int(each["response_minutes"]) + 60)} for each in tables["tiers"]]
    for was, became in zip(unchanged, tried(tiers=longer), strict=True):
        assert was.due_at is not None
        assert became.due_at is not None
        assert became.rep_id == was.rep_id
        assert became.due_at >= was.due_at + timedelta(hours=1)
    # Other calendars: nobody's deadline falls on a day on which everybody is off.
    zones = {each["rep_id"]: ZoneInfo(each["time_zone"]) for each in tables["reps"]}
    days = [each.due_at.astimezone(zones[each.rep_id]).date() for each in unchanged if each.due_at and each.rep_id]
    off = {"holiday_on": f"{days[0]}", "name": "Off", "valid_from": "2026-01-01", "valid_to": "9999-12-31", "why": "x"}
    closed = [{"holiday_id": f"off-{name}", "calendar_id": name, **off} for name in ("us", "emea", "apac")]
    moved = tried(holidays=[*tables["holidays"], *closed])
    assert days[0] not in {
        each.due_at.astimezone(zones[each.rep_id]).date() for each in moved if each.due_at and each.rep_id
    }
    # Another rota: who counts a thousand times takes all that the pool gets, and who is away takes nothing.
    shared = next(each for each in unchanged if each.pool_id in ("na", "emea"))
    other = next(
        each["rep_id"]
        for each in tables["pool_members"]
        if each["pool_id"] == shared.pool_id and each["rep_id"] != shared.rep_id
    )
    heavy = [{**each, "weight": "1000"} if each["rep_id"] == other else each for each in tables["pool_members"]]
    assert {each.rep_id for each in tried(pool_members=heavy) if each.pool_id == shared.pool_id} == {other}
    away = {
        "absence_id": "away",
        "rep_id": shared.rep_id,
        "valid_from": "2026-01-01",
        "valid_to": "9999-12-31",
        "why": "x",
    }
    assert shared.rep_id not in {each.rep_id for each in tried(absences=[away])}
    assert one(connection, "select count(*) from handoff.handoffs") == 6


def test_a_mass_of_mqls_is_held_until_a_person_has_answered(
    connection: Connection, sandbox: RunningSandbox, landed_database: Database
) -> None:
    with psycopg.connect(landed_database.admin_dsn) as admin:
        admin.execute("update agreement.handoff_policy set flood_floor = 2, flood_factor = 1")
    leads = [ask_for_a_demo(connection, sandbox) for _ in range(5)]
    _, counts = line()
    assert (counts["route"]["handed_off"], counts["route"]["flooded"], counts["route"]["stuck"]) == (2, 3, 0)
    handed = {row["lead_id"] for row in connection.execute("select lead_id from handoff.handoffs")}
    waiting = sorted(set(leads) - handed)
    waits = explain.explain(connection, waiting[0]).waits
    assert waits is not None
    assert waits.startswith("Held: more MQLs than go through in an hour without asking: 3 wait")
    (asked,) = messages(sandbox, "C0REVIEW00")
    assert "3 MQLs are held: more than the 2 an hour" in asked["text"]
    question = stations.flood()
    assert question is not None
    assert "Demo" in question["body"] or "demo" in question["body"]

    assert stations.answer_flood(question["flood_id"], "Ask again later", "Farah") == {"open": question["flood_id"]}
    line()
    assert one(connection, "select count(*) from handoff.handoffs") == 2
    assert stations.answer_flood(question["flood_id"], "Release", "Farah") == {"released": question["flood_id"]}
    _, counts = line()
    assert counts["route"]["handed_off"] == 3
    assert one(connection, "select count(*) from handoff.pending_leads") == 0

    late = ask_for_a_demo(connection, sandbox)
    line()
    assert "1 MQLs dropped" in told("route", "drop", "--by", "Farah")
    line()
    assert one(connection, "select count(*) from handoff.pending_leads") == 0
    assert one(connection, "select count(*) from handoff.handoffs where lead_id = %s", late) == 0
    dbt.invoke(connection, ["run"], selector="marts", as_of=clock.now(), as_loaded=True)
    assert one(connection, "select count(*) from line.mqls_without_handoff") == 0
    assert "Nothing is held" in CliRunner().invoke(app, ["route", "release"]).output
