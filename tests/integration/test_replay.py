"""Any decision can be explained as it was then, and made again byte for byte, whatever has changed since."""

import json
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from typer.testing import CliRunner

from handoff import clock, stations
from handoff.agreement import going_live
from handoff.cli import app
from handoff.explain import UnknownLead, as_text, explain
from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.privacy import retention
from handoff.privacy.erase import erase
from handoff.privacy.person import of_contact
from handoff.qualify import loads
from handoff.route import replay as replaying
from handoff.route.replay import CannotReplay, replay
from sandbox.testing import RunningSandbox
from tests.agreement.products import sell_the_addon_too
from tests.conftest import Database


@pytest.fixture
def connection(landed_database: object, sandbox: RunningSandbox) -> Iterator[Connection]:
    with db.connect() as connection:
        yield connection


def line(number: int) -> None:
    run_id = f"replay-{number}"
    stations.extract(run_id)
    for station in (stations.enrich, stations.qualify, stations.route, stations.notify, stations.sync):
        station(run_id)


def handoffs(connection: Connection) -> list[str]:
    return [row["handoff_id"] for row in connection.execute("select handoff_id from handoff.handoffs order by 1")]


def start_selling_the_addon(connection: Connection, database: Database) -> None:
    """The second product goes live, by a load of its own."""
    with psycopg.connect(database.admin_dsn, autocommit=True) as admin:
        sell_the_addon_too(admin)
    assert list(going_live.note(connection, clock.now())) == ["addon"]
    load = loads.newest(connection)
    assert load
    loads.record(connection, loads.models(connection, load.models_hash), clock.now())


def test_it_is_the_same_after_everything_has_changed(
    connection: Connection, sandbox: RunningSandbox, landed_database: Database
) -> None:
    start_selling_the_addon(connection, landed_database)
    for number in (2, 3):
        act = sandbox.act("demo_request")
        connection.execute("update handoff.cursors set seen_at = seen_at - interval '2 minutes'")
        line(number)
    keys = handoffs(connection)
    # Of two live products each lead is handed over for both, by the definition, tier and clock of each, to one rep.
    assert len(keys) == 4
    given = connection.execute(
        """select handoff.lead_id, array_agg(assignment.rep_id) as reps from handoff.assignments as assignment
        inner join handoff.handoffs as handoff using (handoff_id) group by 1"""
    ).fetchall()
    assert [len(set(row["reps"])) for row in given] == [1, 1]
    told = connection.execute("select from handoff.outbox where dedupe_key like 'slack_review:owner:%'")
    assert told.rowcount == 0
    told = explain(connection, act["contactId"])
    assert len(told.story.handoffs) == 2
    said = {row["product_id"]: (row["decision"], row["tier_id"], row["score"] == 17) for row in told.decisions}
    assert said == {"addon": ("mql", "addon_asked", True), "platform": ("mql", "hand_raiser", False)}
    assert {part["rule_id"] for part in told.parts if part["definition_id"] == "addon-mql"} == {"add-form-demo"}
    for product, minutes in (("addon", 45), ("platform", 5)):
        assert f"Became an MQL for {product}: score" in as_text(told)
        row = connection.execute(
            "select context from handoff.handoffs where lead_id = %s and product_id = %s", (act["contactId"], product)
        ).fetchone()
        assert row
        assert row["context"]["tier"]["response_minutes"] == minutes
    # The line writes to the CRM, the lead does more, and the agreement is another one.
    with psycopg.connect(landed_database.admin_dsn, autocommit=True) as admin:
        admin.execute("update agreement.signals set points = points + 7")
        admin.execute("update agreement.definitions set threshold = 99")
        admin.execute("delete from agreement.competitors")
    connection.execute("update handoff.cursors set seen_at = seen_at - interval '2 minutes'")
    line(4)
    for key in keys:
        found = replay(connection, key)
        assert found.differences == ()
        assert found.is_equal
        assert found.then.encode() == found.now.encode()
    done = CliRunner().invoke(app, ["replay", *keys])
    assert done.exit_code == 0, done.output
    assert done.output.count("the same, byte for byte") == 4


def test_what_differs_is_named(connection: Connection, sandbox: RunningSandbox, landed_database: Database) -> None:
    sandbox.act("demo_request")
    connection.execute("update handoff.cursors set seen_at = seen_at - interval '2 minutes'")
    line(2)
    (key,) = handoffs(connection)
    with psycopg.connect(landed_database.admin_dsn, autocommit=True) as admin:
        admin.execute(
            """update handoff.agreements set tables = jsonb_set(tables, '{signals}', (
                select jsonb_agg(case when signal ->> 'rule_id' = 'sig-form-demo'
                    then signal || '{"points": 1}' else signal end)
                from jsonb_array_elements(tables -> 'signals') as signal
            ))"""
        )
    found = replay(connection, key)
    assert not found.is_equal
    paths = {each.path for each in found.differences}
    assert {"score", "context.score.total", "context.score.engagement"} <= paths
    assert paths.isdisjoint({"cycle", "due_at"})
    done = CliRunner().invoke(app, ["replay", key])
    assert done.exit_code == 1
    assert "score: was" in done.output
    assert json.loads(CliRunner().invoke(app, ["replay", key, "--json"]).output)["handoff_id"] == key
    with psycopg.connect(landed_database.admin_dsn, autocommit=True) as admin:
        admin.execute("update handoff.assignments set due_at = due_at + interval '1 second'")
        admin.execute("update handoff.handoffs set cycle = 2")
    paths = {each.path for each in replay(connection, key).differences}
    assert {"cycle", "due_at"} <= paths


def test_what_cannot_be_replayed_says_why(connection: Connection, sandbox: RunningSandbox) -> None:
    with pytest.raises(CannotReplay, match="no handoff 'ho_none'"):
        replay(connection, "ho_none")


def test_who_was_erased_or_is_older_than_kept_cannot_be_replayed(
    connection: Connection, sandbox: RunningSandbox, landed_database: Database
) -> None:
    acts = []
    for number in (2, 3):
        acts.append(sandbox.act("demo_request"))
        connection.execute("update handoff.cursors set seen_at = seen_at - interval '2 minutes'")
        line(number)
    of_lead = {row["lead_id"]: row["handoff_id"] for row in connection.execute("select * from handoff.handoffs")}
    erased, old = (of_lead[act["contactId"]] for act in acts)
    erase(connection, of_contact(connection, acts[0]["contactId"]), clock.now(), "crm")
    with pytest.raises(CannotReplay, match=f"{erased} was of somebody who has been erased since"):
        replay(connection, erased)
    connection.execute(
        """insert into handoff.dispositions (handoff_id, kind, occurred_at, recorded_at, evidence)
        values (%(old)s, 'rejected', %(now)s, %(now)s, '{}')""",
        {"old": old, "now": clock.now()},
    )
    done = CliRunner().invoke(app, ["replay", erased, old])
    assert (done.exit_code, "has been erased since" in done.stderr) == (1, True)
    assert f"{old}: the same, byte for byte" in done.stdout
    with psycopg.connect(landed_database.admin_dsn, autocommit=True) as admin:
        admin.execute("update agreement.retention set keep_days = 0 where subject = 'hubspot_form_submissions'")
        retention.run(connection, clock.now(), None)
        with pytest.raises(CannotReplay, match=f"{old} is older than kept, .*hubspot_form_submissions for 0 days"):
            replay(connection, old)
        row = connection.execute("select lead_id, as_of from handoff.handoffs where handoff_id = %s", (old,)).fetchone()
        assert row
        then = as_text(explain(connection, row["lead_id"], row["as_of"]))
        assert "may be gone, and is not counted here: hubspot_form_submissions for 0 days (retention.csv)" in then
        # What differs although everything of then is kept is a difference.
        admin.execute("update agreement.retention set keep_days = 1 where subject = 'hubspot_form_submissions'")
        admin.execute("update handoff.handoffs set context = jsonb_set(context, '{activities}', '[]')")
        assert replay(connection, old).differences
        admin.execute("update agreement.retention set keep_days = 0 where subject = 'handoffs'")
        retention.run(connection, clock.now(), None)
    with pytest.raises(CannotReplay, match=f"{old} is older than kept: .* blanked"):
        replay(connection, old)


def test_the_load_that_decided_is_named_and_nobody_is_handed_over_by_rows_of_before(
    connection: Connection, sandbox: RunningSandbox, landed_database: Database
) -> None:
    lead = sandbox.act("demo_request")["contactId"]
    connection.execute("update handoff.cursors set seen_at = seen_at - interval '2 minutes'")
    line(2)
    decided = loads.newest(connection)
    assert decided
    told = explain(connection, lead)
    assert (told.load, told.newer) == (decided, None)
    second = sandbox.act("demo_request")["contactId"]
    connection.execute("update handoff.cursors set seen_at = seen_at - interval '2 minutes'")
    stations.extract("replay-3")
    stations.enrich("replay-3")
    stations.qualify("replay-3")
    with psycopg.connect(landed_database.admin_dsn, autocommit=True) as admin:
        admin.execute("update agreement.signals set points = points + 7")
        admin.execute("update agreement.tiers set response_minutes = response_minutes + 7")
    newer = loads.record(connection, loads.models(connection, decided.models_hash), clock.now())
    told = explain(connection, lead)
    assert (told.load, told.newer) == (decided, newer)
    assert "A newer agreement has been loaded since" in as_text(told)
    assert "it judges the lead with its next change" in as_text(told)
    former = handoffs(connection)
    # Decided by the rows of before, and waiting for these.
    stations.route("replay-3")
    assert handoffs(connection) == former
    sandbox.act("form", contact_id=lead)
    connection.execute("update handoff.cursors set seen_at = seen_at - interval '2 minutes'")
    line(4)
    told = explain(connection, lead)
    assert (told.load, told.newer) == (newer, None)
    (key,) = set(handoffs(connection)) - set(former)
    given = connection.execute("select lead_id, load_id from handoff.handoffs where handoff_id = %s", (key,)).fetchone()
    assert given == {"lead_id": second, "load_id": newer.load_id}
    assert replay(connection, key).differences == ()


def test_a_lead_is_explained_as_it_was(connection: Connection, sandbox: RunningSandbox) -> None:
    before = clock.now()
    act = sandbox.act("demo_request")
    connection.execute("update handoff.cursors set seen_at = seen_at - interval '2 minutes'")
    line(2)
    after = clock.now()
    told = explain(connection, act["contactId"])
    assert told.decisions[0]["decision"] == "mql"
    # Who asked for us is kept back by a disqualifier only, or by not having asked.
    assert ("dq-competitor", "disqualified") in {(each.rule_id, each.decision) for each in told.changes}
    assert {each.decision for each in told.changes} <= {"not_yet", "disqualified"}
    assert "what would undo it" in as_text(told)
    (handoff,) = told.story.handoffs
    again = explain(connection, act["email"], told.at)
    assert again.perhaps_gone is None
    assert (again.decisions, again.parts, again.clauses) == (told.decisions, told.parts, told.clauses)
    assert [each.what for each in again.story.moments if each.handoff_id][1:] == []
    assert explain(connection, act["contactId"], after).story.handoffs == {handoff}
    done = CliRunner().invoke(app, ["explain", act["email"], "--at", told.at.isoformat(), "--json"])
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert [each["reason"] for each in said["decisions"]] == [each["reason"] for each in told.decisions]
    assert [each["rule_id"] for each in said["parts"]] == [each["rule_id"] for each in told.parts]
    assert CliRunner().invoke(app, ["explain", act["contactId"]]).stdout == as_text(told) + "\n"
    for words, why in (
        (["nobody@nowhere.example"], "no lead 'nobody@nowhere.example': give a HubSpot contact id"),
        ([act["contactId"], "--at", f"{before - timedelta(days=1):%Y-%m-%dT%H:%MZ}"], "was not known at"),
        ([act["contactId"], "--at", "2999-01-01"], "has not come yet"),
        ([act["contactId"], "--at", "soon"], "'soon' is no moment: write for example 2026-11-24T09:30Z"),
    ):
        done = CliRunner().invoke(app, ["explain", *words])
        assert (done.exit_code, done.stdout, why in done.stderr) == (1, "", True)
    text = as_text(told)
    assert f"as of {told.at:%Y-%m-%d %H:%M:%S} UTC, by the agreement loaded" in text
    with pytest.raises(UnknownLead, match="was not known at"):
        explain(connection, act["contactId"], before - timedelta(days=1))
    with pytest.raises(ValueError, match="has not come yet"):
        explain(connection, act["contactId"], clock.now() + timedelta(hours=1))
    # Its company buys: from then on it is disqualified, and what was decided before stays what it was.
    company = connection.execute("select company_id from line.int_leads where lead_id = %s", (act["contactId"],))
    bought = {"object": "companies", "property": "lifecyclestage", "value": "customer"}
    sandbox.control("POST", "bulk", bought | {"ids": [row["company_id"] for row in company]})
    connection.execute("update handoff.cursors set seen_at = seen_at - interval '1 hour'")
    line(3)
    (decided,) = explain(connection, act["contactId"]).decisions
    assert (decided["decision"], "dq-company-customer (Company is" in decided["reason"]) == ("disqualified", True)
    assert explain(connection, act["contactId"], told.at).decisions == told.decisions
    assert replay(connection, handoff).differences == ()


def test_what_would_change_the_answer_is_what_the_models_say(connection: Connection, sandbox: RunningSandbox) -> None:
    rows = connection.execute(
        """select lead_id, decision from line.int_decisions
        where decision in ('not_yet', 'disqualified') order by score desc"""
    ).fetchall()
    changed = [told for row in rows[:25] if (told := explain(connection, row["lead_id"])).changes]
    assert changed
    for told in changed:
        assert "what would change the answer" in as_text(told)
        assert all(each.score >= 0 for each in told.changes)
    acts = {each.rule_id for told in changed for each in told.changes}
    assert "sig-form-demo" in acts or "sig-call-inbound" in acts


def test_canonical_text_is_one_text() -> None:
    assert replaying.canonical({"b": 1, "a": [1.0, "é"]}) == '{"a":[1.0,"é"],"b":1}'
