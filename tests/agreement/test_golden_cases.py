"""The golden cases, landed as CRM records and decided by the line's own models over the agreement's own rows."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from handoff import clock
from handoff.ledger import db
from handoff.qualify import dbt

from .conftest import SEEDS, read

CASES = read(SEEDS / "golden_cases.csv")
DEFINITIONS = read(SEEDS / "definitions.csv")
DOMAIN = read(SEEDS / "company.csv")[-1]["domain"]
EVENTS = {"page": "e_visited_page", "open": "e_opened_email_v2", "click": "e_clicked_link_in_email_v2"}
ENGAGEMENTS = {
    "call": ("hubspot_calls", "hs_call_title", {"hs_call_direction": "INBOUND", "hs_call_status": "COMPLETED"}),
    "meeting": ("hubspot_meetings", "hs_meeting_title", {"hs_meeting_source": "MEETINGS_PUBLIC"}),
    "reply": ("hubspot_emails", "hs_email_subject", {"hs_email_direction": "INCOMING_EMAIL"}),
    "message": ("hubspot_communications", "hs_communication_body", {"hs_communication_logged_from": "INBOUND"}),
}
"""Where a kind of act lands, which property its subject is, and what else makes it that kind."""
FLAGS = {"opted_out": {"hs_email_optout": "true"}, "bounced": {"hs_email_bounce": "1"}, "none": {}}

Admin = psycopg.Connection[dict[str, Any]]
Case = dict[str, str]
Judged = dict[tuple[str, str], dict[str, Any]]
"""Rows of `int_decisions` by case and definition."""


def day_of(case: Case, today: date, definitions: list[Case] = DEFINITIONS) -> date | None:
    """A day on which a case holds: today, or its first to come; None when it has ended, or its definition does not
    decide then."""
    day = max(today, date.fromisoformat(case["valid_from"]))
    judging = any(
        each["definition_id"] == case["definition_id"] and each["status"] != "draft" and holds(each, day)
        for each in definitions
    )
    return day if holds(case, day) and judging else None


def holds(row: Case, day: date) -> bool:
    return row["valid_from"] <= day.isoformat() < row["valid_to"]


@pytest.fixture(scope="module")
def moment(admin: Admin) -> datetime:
    """When what holds today is judged, with every product live for as long as anything was done."""
    admin.execute("update handoff.go_live set live_at = '-infinity'")
    return clock.now()


@pytest.fixture(scope="module")
def decisions(admin: Admin, moment: datetime) -> Judged:
    """What was decided of each case that is judged."""
    days = [day_of(case, moment.date()) for case in CASES]
    found: Judged = {}
    for day in sorted({day for day in days if day}):
        as_of = moment if day == moment.date() else datetime.combine(day, time(12), UTC)
        leads = {str(number): case for number, case in enumerate(CASES, 1) if days[number - 1] == day}
        land(admin, as_of, leads)
        with db.connect() as connection:
            dbt.invoke(connection, ["run", "--full-refresh"], selector="line", as_of=as_of, as_loaded=True)
        for row in admin.execute(
            """select decision.*, part.rule_id as trigger_rule_id from line.int_decisions as decision
            left join line.int_score_parts as part on part.lead_id = decision.lead_id
                and part.definition_id = decision.definition_id and part.activity_id = decision.trigger_activity_id
            where decision.lead_id = any(%s)""",
            (list(leads),),
        ):
            found[leads[row["lead_id"]]["case_id"], row["definition_id"]] = row
    return found


def land(admin: Admin, as_of: datetime, leads: dict[str, Case]) -> None:
    batch = admin.execute(
        "insert into raw.batches (source, started_at) values ('poll', %s) returning batch_id", (as_of,)
    ).fetchone()
    assert batch is not None

    def put(stream: str, key: str, at: datetime, payload: dict[str, Any]) -> None:
        admin.execute(
            f"insert into raw.{stream} (id, updated_at, loaded_at, batch_id, payload) values (%s, %s, %s, %s, %s)",
            (key, at, as_of, batch["batch_id"], Jsonb(payload)),
        )

    for lead, case in leads.items():
        known = {name: None if value == "unknown" else value for name, value in case.items()}
        company = {
            "name": "Company",
            "numberofemployees": known["employees"],
            "industry": known["industry"],
            "lifecyclestage": known["company_lifecycle_stage"],
        }
        contact = {
            "email": case["email"],
            "jobtitle": known["title"],
            "country": known["country"],
            "lifecyclestage": case["lifecycle_stage"],
            "associatedcompanyid": lead,
        }
        for flag in case["flags"].split(";"):
            contact |= FLAGS[flag]
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
            elif kind in ENGAGEMENTS:
                stream, title, properties = ENGAGEMENTS[kind]
                stamps = {"hs_timestamp": at.isoformat(), "hs_createdate": at.isoformat()}
                with_lead = {"contacts": {"results": [{"id": lead}]}}
                record_id = f"{lead}{place:03}"
                record = {
                    "id": record_id,
                    "properties": {**properties, **stamps, title: subject},
                    "associations": with_lead,
                }
                put(stream, record_id, at, record)
            else:
                page = {"hs_url": f"https://www.{DOMAIN}{subject}"}
                about = page if kind == "page" else {"hs_email_subject": subject}
                event = {"objectId": lead, "eventType": EVENTS[kind], "occurredAt": at.isoformat(), "properties": about}
                put("hubspot_events", key, at, event)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['case_id']}-{case['valid_from']}")
def test_golden_case(case: Case, decisions: Judged, moment: datetime) -> None:
    key = case["case_id"], case["definition_id"]
    if day_of(case, moment.date()) is None:
        # It has ended, or its definition decides nothing.
        assert key not in decisions
        return
    decided = decisions[key]
    assert (decided["decision"], case["because"] in decided["reason"]) == (case["decision"], True), decided["reason"]


def test_a_case_is_judged_on_a_day_on_which_it_holds() -> None:
    definition = {"definition_id": "d", "status": "shadow", "valid_from": "2026-01-01", "valid_to": "2027-01-01"}
    today = date(2026, 6, 1)

    def day(begins: str, ends: str, of: str = "d", **changed: str) -> date | None:
        case = {"definition_id": of, "valid_from": begins, "valid_to": ends}
        return day_of(case, today, [definition | changed])

    assert day("2026-01-01", "9999-12-31") == today
    assert day("2026-09-01", "9999-12-31") == date(2026, 9, 1)
    assert day("2026-01-01", "2026-06-01") is None
    assert day("2027-01-01", "9999-12-31") is None
    assert day("2026-01-01", "9999-12-31", "another") is None
    assert day("2026-01-01", "9999-12-31", status="draft") is None


def test_each_disqualifier_and_each_hand_raiser_has_a_case(decisions: Judged, moment: datetime) -> None:
    live = {each["definition_id"] for each in DEFINITIONS if each["status"] == "live" and holds(each, moment.date())}
    stopped = " ".join(row["reason"] for row in decisions.values() if row["decision"] == "disqualified")
    raised = {row["trigger_rule_id"] for row in decisions.values() if row["decision"] == "mql"}
    rules = [
        (row["disqualifier_id"], f"{row['disqualifier_id']} (" in stopped)
        for row in read(SEEDS / "disqualifiers.csv")
        if row["definition_id"] in live and holds(row, moment.date())
    ]
    rules += [
        (row["rule_id"], row["rule_id"] in raised)
        for row in read(SEEDS / "signals.csv")
        if row["definition_id"] in live and holds(row, moment.date()) and row["is_hand_raiser"] == "true"
    ]
    assert rules
    assert [rule for rule, has_a_case in rules if not has_a_case] == []


def test_parts_add_up_to_every_score(admin: Admin, decisions: Judged) -> None:
    rows = admin.execute(
        """select score.score, coalesce(sum(part.points), 0) as points from line.int_scores as score
        left join line.int_score_parts as part using (lead_id, definition_id)
        group by score.lead_id, score.definition_id, score.score"""
    ).fetchall()
    decided = admin.execute("select count(*) as rows from line.int_decisions").fetchone()
    assert decided
    assert len(rows) == decided["rows"] >= len({case for case, _ in decisions})
    assert [row for row in rows if row["score"] != row["points"]] == []


def test_pending_leads_alone_give_the_same_rows(admin: Admin, decisions: Judged) -> None:
    """An incremental run over some leads leaves every table as a full one does."""
    as_of = max(row["qualified_at"] for row in decisions.values())
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
        dbt.invoke(connection, ["run"], selector="line", as_of=as_of, as_loaded=True)
    assert content() == before
