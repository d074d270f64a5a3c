"""The golden cases, landed as CRM records and decided by the line's own models over the agreement's own rows."""

from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from handoff.ledger import db
from handoff.qualify import dbt

from .conftest import SEEDS, read

CASES = read(SEEDS / "golden_cases.csv")
EVENTS = {"page": "e_visited_page", "open": "e_opened_email_v2", "click": "e_clicked_link_in_email_v2"}
HOURS_AFTER_GO_LIVE = 100

Admin = psycopg.Connection[dict[str, Any]]


@pytest.fixture(scope="module")
def decisions(admin: Admin) -> dict[str, dict[str, Any]]:
    """Each case's decision by case id."""
    row = admin.execute("select max(live_at) as live_at from handoff.go_live").fetchone()
    assert row is not None
    as_of = row["live_at"] + timedelta(hours=HOURS_AFTER_GO_LIVE)
    land(admin, as_of)
    with db.connect() as connection:
        dbt.invoke(connection, ["run", "--full-refresh"], selector="line", as_of=as_of)
    rows = admin.execute("select * from line.int_qualifications").fetchall()
    return {CASES[int(each["lead_id"]) - 1]["case_id"]: each for each in rows}


def land(admin: Admin, as_of: datetime) -> None:
    batch = admin.execute(
        "insert into raw.batches (source, started_at) values ('poll', %s) returning batch_id", (as_of,)
    ).fetchone()
    assert batch is not None

    def put(stream: str, key: str, at: datetime, payload: dict[str, Any]) -> None:
        admin.execute(
            f"insert into raw.{stream} (id, updated_at, loaded_at, batch_id, payload) values (%s, %s, %s, %s, %s)",
            (key, at, as_of, batch["batch_id"], Jsonb(payload)),
        )

    for number, case in enumerate(CASES, 1):
        known = {name: None if value == "unknown" else value for name, value in case.items()}
        lead = str(number)
        company = {"name": "Company", "numberofemployees": known["employees"], "industry": known["industry"]}
        contact = {
            "email": case["email"],
            "jobtitle": known["title"],
            "country": known["country"],
            "lifecyclestage": case["lifecycle_stage"],
            "associatedcompanyid": lead,
        }
        put("hubspot_companies", lead, as_of, {"id": lead, "properties": company})
        put("hubspot_contacts", lead, as_of, {"id": lead, "properties": contact})
        for place, act in enumerate(case["acts"].split(";")):
            kind, _, rest = act.partition(":")
            subject, _, hours = rest.rpartition("@")
            at = as_of - timedelta(hours=int(hours))
            key = f"{lead}-{place}"
            if kind == "form":
                values = [{"name": "email", "value": case["email"].upper()}]
                submission = {"formId": subject, "submittedAt": int(at.timestamp() * 1000), "values": values}
                put("hubspot_form_submissions", key, at, submission)
            else:
                page = {"hs_url": f"https://www.brightwell.example{subject}"}
                about = page if kind == "page" else {"hs_email_subject": subject}
                event = {"objectId": lead, "eventType": EVENTS[kind], "occurredAt": at.isoformat(), "properties": about}
                put("hubspot_events", key, at, event)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case_id"])
def test_golden_case(case: dict[str, str], decisions: dict[str, dict[str, Any]]) -> None:
    decided = decisions[case["case_id"]]
    assert (decided["decision"], case["because"] in decided["reason"]) == (case["decision"], True), decided["reason"]


def test_parts_add_up_to_every_score(admin: Admin, decisions: dict[str, dict[str, Any]]) -> None:
    rows = admin.execute(
        """select score.score, coalesce(sum(part.points), 0) as points from line.int_scores as score
        left join line.int_score_parts as part using (lead_id, definition_id) group by score.lead_id, score.score"""
    ).fetchall()
    assert len(rows) == len(CASES)
    assert [row for row in rows if row["score"] != row["points"]] == []


def test_pending_leads_alone_give_the_same_rows(admin: Admin, decisions: dict[str, dict[str, Any]]) -> None:
    """An incremental run over some leads leaves every table as a full one does."""
    as_of = next(iter(decisions.values()))["qualified_at"]
    tables = ("leads", "activities", "score_parts", "scores", "clauses", "qualifications", "route_candidates")

    def content() -> dict[str, Any]:
        return {
            table: admin.execute(f"select each::text as row from line.int_{table} as each order by 1").fetchall()
            for table in tables
        }

    before = content()
    admin.execute(
        """insert into handoff.pending_leads (lead_id, batch_id, extracted_at)
        select id, batch_id, loaded_at from raw.hubspot_contacts where id in ('1', '11')"""
    )
    admin.execute("delete from line.int_score_parts where lead_id = '1'")
    admin.execute("insert into line.int_clauses select * from line.int_clauses where lead_id = '11'")
    assert content() != before
    with db.connect() as connection:
        dbt.invoke(connection, ["run"], selector="line", as_of=as_of)
    assert content() == before
