"""Another rep: by the same rules, never one who had it, with the clock started again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.route.assign import NobodyEligible
from handoff.route.assignments import Cause
from handoff.route.reassign import reassign
from tests.conftest import Database
from tests.unit.route.handed import NOON, to


def left(database: Database, owner_id: str) -> None:
    """HubSpot has archived a rep's user."""
    land(database, "hubspot_owners", owner_id, NOON, {"id": owner_id, "archived": True})


def land(database: Database, table: str, record_id: str, at: datetime, payload: dict[str, Any]) -> None:
    """A version of a record of HubSpot's."""
    with psycopg.connect(database.admin_dsn) as admin:
        admin.execute(
            f"""with batch as (
                insert into raw.batches (source, started_at, loaded_at) values ('poll', %(at)s, %(at)s)
                returning batch_id
            )
            insert into raw.{table} (id, updated_at, loaded_at, batch_id, payload)
            select %(id)s, %(at)s, %(at)s, batch_id, %(payload)s from batch""",
            {"id": record_id, "at": at, "payload": Jsonb(payload)},
        )


def considered(connection: Connection) -> list[dict[str, Any]]:
    row = connection.execute(
        "select candidates from handoff.assignments order by assignment_id desc limit 1"
    ).fetchone()
    assert row is not None
    candidates: list[dict[str, Any]] = row["candidates"]
    return candidates


def test_it_goes_down_the_pool_then_to_the_fallback_then_nowhere(connection: Connection) -> None:
    given = [to(connection, "1", "ana-costa", NOON)]
    for hours in (1, 2):
        given.append(reassign(connection, given[0].handoff_id, NOON + timedelta(hours=hours), "breach"))
    assert [each.rep["rep_id"] for each in given] == ["ana-costa", "ben-okafor", "farah-ali"]
    with pytest.raises(NobodyEligible, match=r"ana-costa: .* had this lead before; .* farah-ali: .* had this lead"):
        reassign(connection, given[0].handoff_id, NOON + timedelta(hours=3), "breach")
    rows = connection.execute("select * from handoff.assignments order by assignment_id").fetchall()
    assert [(row["cause"], row["pool_id"]) for row in rows] == [
        ("handoff", "na"),
        ("breach", "na"),
        ("breach", "fallback"),
    ]
    # Four open hours from 12:00 in Chicago, lunch left out: until 16:30 there.
    assert given[1].due_at == datetime(2026, 11, 25, 22, 30, tzinfo=UTC)


def test_rep_crm_and_the_alert_of_the_fallback_are_queued_with_it(connection: Connection) -> None:
    first = to(connection, "1", "ana-costa", NOON)
    second = reassign(connection, first.handoff_id, NOON + timedelta(hours=1), "declined")
    third = reassign(connection, first.handoff_id, NOON + timedelta(hours=2), "declined")
    effects = {
        row["dedupe_key"]: row["payload"]
        for row in connection.execute("select dedupe_key, payload from handoff.outbox order by outbox_id")
    }
    key = f"{first.handoff_id}:{second.assignment_id}"
    assert effects[f"slack_dm:{key}"]["slack_user_id"] == "U0BENOKAFO"
    assert effects[f"slack_channel:{key}"]["rep_name"] == "Ben Okafor"
    assert effects[f"hubspot_contact:{key}"] == {
        "contact_id": "1",
        "properties": {
            "hubspot_owner_id": "1002",
            "handoff_sla_due_at": "2026-11-25T22:30:00.000Z",
            "handoff_sla_status": "due",
        },
        # Whoever a person made the owner since stays the owner.
        "expected": {"hubspot_owner_id": "1001", "read_at": NOON.isoformat()},
    }
    told = effects[f"slack_review:fallback:{third.assignment_id}"]["text"]
    assert told.startswith("Lead 1 went to Farah Ali, the fallback: ana-costa: territory ter-na, but had this lead")


def test_the_copy_goes_to_the_channel_of_the_rep_s_team(connection: Connection) -> None:
    with db.connect("handoff_admin") as admin:
        admin.execute("update agreement.reps set slack_channel = '#na-handoffs' where rep_id = 'ben-okafor'")
    first = to(connection, "1", "ana-costa", NOON)
    second = reassign(connection, first.handoff_id, NOON + timedelta(hours=1), "declined")
    copies = connection.execute(
        "select payload ->> 'channel' as channel from handoff.outbox where kind = 'slack_channel' order by outbox_id"
    ).fetchall()
    assert (second.rep["rep_id"], [each["channel"] for each in copies]) == (
        "ben-okafor",
        ["#mql-handoffs", "#na-handoffs"],
    )


def test_a_merged_lead_is_routed_and_written_as_what_it_became(connection: Connection) -> None:
    given = to(connection, "9", "ana-costa", NOON)
    connection.execute(
        "insert into handoff.aliases (object_type, old_id, id, noticed_at) values ('contacts', '9', '2', %s)", (NOON,)
    )
    again = reassign(connection, given.handoff_id, NOON + timedelta(hours=1), "breach")
    assert again.rep["rep_id"] == "ben-okafor"
    row = connection.execute(
        "select payload from handoff.outbox where kind = 'hubspot_contact' order by outbox_id desc limit 1"
    ).fetchone()
    assert row is not None
    assert row["payload"]["contact_id"] == "2"


@pytest.mark.parametrize(("cause", "is_left"), [("breach", True), ("left", True), ("declined", False)])
def test_a_wish_in_the_crm_that_nobody_could_fulfil_is_not_the_next_reps(
    connection: Connection, cause: Cause, is_left: bool
) -> None:
    """Whoever hands it on for that wish writes it themselves."""
    given = to(connection, "1", "ana-costa", NOON)
    said = {"hs_lead_status": "UNQUALIFIED", "handoff_rejection_reason": "not_mine", "updated_at": NOON.isoformat()}
    connection.execute(
        """insert into handoff.dispositions (handoff_id, assignment_id, kind, occurred_at, recorded_at, evidence)
        values (%s, %s, 'declined', %s, %s, %s)""",
        (given.handoff_id, given.assignment_id, NOON, NOON, Jsonb(said)),
    )
    reassign(connection, given.handoff_id, NOON + timedelta(hours=1), cause)
    key = f"hubspot_contact:{given.handoff_id}:{given.assignment_id}:left"
    rows = connection.execute("select payload from handoff.outbox where dedupe_key = %s", (key,)).fetchall()
    written = {
        "contact_id": "1",
        "properties": {"hs_lead_status": "NEW", "handoff_rejection_reason": ""},
        "expected": {
            "hs_lead_status": "UNQUALIFIED",
            "handoff_rejection_reason": "not_mine",
            "read_at": NOON.isoformat(),
        },
    }
    assert [row["payload"] for row in rows] == [written] * is_left


def test_a_lead_that_became_another_a_moment_ago_is_routed_by_what_it_was(connection: Connection) -> None:
    """The contact that the merge made has not been judged yet."""
    given = to(connection, "1", "ana-costa", NOON)
    connection.execute(
        "insert into handoff.aliases (object_type, old_id, id, noticed_at) values ('contacts', '1', '777', %s)", (NOON,)
    )
    assert reassign(connection, given.handoff_id, NOON + timedelta(hours=1), "breach").rep["rep_id"] == "ben-okafor"


def test_nothing_is_left_when_the_caller_s_transaction_is_rolled_back(connection: Connection) -> None:
    given = to(connection, "1", "ana-costa", NOON)
    with connection.transaction(force_rollback=True):
        reassign(connection, given.handoff_id, NOON + timedelta(hours=1), "breach")
    row = connection.execute("select count(*) as n from handoff.assignments").fetchone()
    assert row == {"n": 1}


def test_a_colleague_who_left_for_good_is_passed_over_and_stops_nobody(
    connection: Connection, agreement_database: Database
) -> None:
    left(agreement_database, "1002")
    given = to(connection, "1", "ana-costa", NOON)
    again = reassign(connection, given.handoff_id, NOON + timedelta(hours=1), "breach")
    assert again.rep["rep_id"] == "farah-ali"
    (ben,) = [each for each in considered(connection) if each["rep_id"] == "ben-okafor"]
    assert ben["reason"] == "territory ter-na, but no longer active in HubSpot"
    assert "unavailable_until" not in ben


def test_a_deal_that_was_made_since_the_lead_was_judged_counts(
    connection: Connection, agreement_database: Database
) -> None:
    given = to(connection, "1", "ana-costa", NOON)
    made_at = NOON + timedelta(minutes=30)
    deal = {"properties": {"hubspot_owner_id": "1005", "createdate": made_at.isoformat()}}
    deal |= {"id": "77", "associations": {"contacts": {"results": [{"id": "1"}]}}}
    land(agreement_database, "hubspot_deals", "77", made_at, deal)
    again = reassign(connection, given.handoff_id, NOON + timedelta(hours=1), "breach")
    assert again.rep["rep_id"] == "emi-tanaka"
    assert "owner of deal 77" in {each["reason"] for each in considered(connection)}


def test_models_that_were_kept_before_say_infinity_and_are_read_all_the_same(
    connection: Connection, agreement_database: Database
) -> None:
    with psycopg.connect(agreement_database.admin_dsn) as admin:
        changed = admin.execute(
            """update handoff.model_sets set models = replace(
                models::text, 'nullif(reps.unavailable_until, ''infinity'') as unavailable_until',
                'reps.unavailable_until'
            )::jsonb"""
        )
        assert changed.rowcount
    test_a_colleague_who_left_for_good_is_passed_over_and_stops_nobody(connection, agreement_database)
