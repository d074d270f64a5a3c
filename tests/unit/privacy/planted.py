"""People with a mark in every column that may tell who they are."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from handoff.ledger.db import Connection
from handoff.notify import lines
from handoff.notify.alert import alert
from handoff.notify.context import Clause
from handoff.route.assignments import Assignment
from tests.unit.route import handed

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
NOW = datetime(2026, 11, 25, 17, tzinfo=UTC)
UNREADABLE = ("handoff.alembic_version", "handoff.privacy_key")
"""Of these the application may read nothing."""
SHARED = ("calls", "emails", "meetings", "communications", "notes", "tasks", "deals")


@dataclass(frozen=True)
class Planted:
    """Somebody whose every text holds `mark`; `ids` are the contact's and one that was merged into it."""

    mark: str
    ids: tuple[str, str]

    @property
    def email(self) -> str:
        return f"{self.mark}@northwind.example"

    @property
    def second(self) -> str:
        return f"{self.mark}.private@mail.example"

    @property
    def pattern(self) -> str:
        """Of Postgres: whatever tells of this person."""
        return rf"{self.mark}|\m({'|'.join(self.ids)})\M"


ADA = Planted("zqada", ("900001", "900002"))
BEN = Planted("zqben", ("800001", "800002"))


def contact(who: Planted, contact_id: str, **said: Any) -> dict[str, Any]:
    properties = {
        "email": who.email,
        "hs_additional_emails": who.second,
        "firstname": who.mark,
        "company": f"{who.mark} ltd",
        "website": f"{who.mark}.example",
    }
    return {"id": contact_id, "createdAt": "2025-01-01T00:00:00Z", "properties": properties, **said}


def engagement(record_id: str, mark: str, *contact_ids: str) -> dict[str, Any]:
    texts = ("hs_call_title", "hs_email_subject", "hs_meeting_title", "hs_communication_body", "hs_note_body")
    properties = {"hs_timestamp": AT.isoformat(), "hubspot_owner_id": "1001", "hs_call_status": "COMPLETED"}
    results = {"results": [{"id": each} for each in contact_ids]}
    return {
        "id": record_id,
        "properties": properties | dict.fromkeys((*texts, "hs_task_subject", "dealname"), f"said to {mark}"),
        "associations": {"contacts": results},
    }


def records(who: Planted) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(table, id, payload) of all that HubSpot and Apollo hold."""
    for contact_id in who.ids:
        yield "hubspot_contacts", contact_id, contact(who, contact_id)
    for number, name in enumerate(SHARED):
        yield f"hubspot_{name}", f"7{number}{who.ids[0]}", engagement(f"7{number}{who.ids[0]}", who.mark, *who.ids)
    viewed = {"objectId": who.ids[0], "properties": {"hs_url": f"https://brightwell.example/?for={who.mark}"}}
    yield "hubspot_events", f"event-{who.mark}", viewed
    values = [{"name": "email", "value": who.email}, {"name": "message", "value": f"I am {who.mark}"}]
    yield "hubspot_form_submissions", f"form-{who.mark}", {"conversionId": f"form-{who.mark}", "values": values}
    yield "apollo_people", who.email, {"person": {"name": who.mark}}


def land(connection: Connection, table: str, record_id: str, payload: Any, at: datetime = AT) -> int:
    """One version; how many landed."""
    return connection.execute(
        f"insert into raw.{table} (id, updated_at, loaded_at, batch_id, payload) values (%s, %s, %s, 1, %s)",
        (record_id, at, at, Jsonb(payload)),
    ).rowcount


def plant(connection: Connection, who: Planted) -> Assignment:
    """Everything that the ledger may hold of one person; returns their open handoff."""
    connection.execute(
        "insert into raw.batches (source, started_at) select 'poll', %s where not exists (select from raw.batches)",
        (AT,),
    )
    for table, record_id, payload in records(who):
        land(connection, table, record_id, payload)
    _dictionaries(connection, who)
    quarantine(connection, who)
    given = _handoff(connection, who)
    about_lead(connection, who)
    _said(connection, who, given)
    hints(connection, who)
    _pressed(connection, who, given)
    return given


def _dictionaries(connection: Connection, who: Planted) -> None:
    for address in (who.email, who.second):
        connection.execute(
            """insert into raw.email_addresses values (%(a)s, %(a)s, %(m)s, %(m)s, false, false, true, %(at)s, 'x')""",
            {"a": address, "m": f"{who.mark}.example", "at": AT},
        )
    connection.execute(
        "insert into raw.hosts values (%(m)s, %(m)s, %(m)s, false, false, %(at)s, 'x')",
        {"m": f"{who.mark}.example", "at": AT},
    )
    connection.execute("insert into raw.company_names values (%s, %s, %s, 'x')", (f"{who.mark} ltd", who.mark, AT))


def quarantine(connection: Connection, who: Planted) -> int:
    """Records and values that could not be read; how many were kept."""
    rows = [
        ("hubspot_contacts", who.ids[0], "value", f"{who.mark}'s age"),
        ("hubspot_calls", None, "record", str(engagement("?", "nobody", who.ids[0])).replace("'", '"')),
        ("hubspot_events", None, "record", f'{{"objectId": "{who.ids[0]}", "occurredAt": "{who.mark}"}}'),
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            """insert into raw.quarantine (stream, id, kind, payload, batch_id, loaded_at, field, reason, remedy)
            values (%s, %s, %s, %s, 1, %s, 'x', %s, 'correct it')""",
            [(*row, AT, f"'{who.mark}' is not a time") for row in rows],
        )
        return cursor.rowcount


def _handoff(connection: Connection, who: Planted) -> Assignment:
    given = handed.to(connection, who.ids[0], "ana-costa", NOW)
    said = handed.context(who.ids[0], NOW)
    said = replace(
        said,
        lead=replace(said.lead, name=who.mark, email=who.email, title=who.mark, phone=who.mark),
        trigger=replace(said.trigger, summary=f"{who.mark} asked for a demo"),
        attribution=replace(said.attribution, campaign=who.mark),
        company=replace(said.company, name=f"{who.mark} ltd"),
        score=replace(said.score, parts=tuple(replace(part, label=who.mark) for part in said.score.parts)),
        activities=tuple(replace(each, summary=who.mark) for each in said.activities),
        clauses=(Clause("requirement", "req-country", "held", f"{who.mark} is in US"),),
        reason=who.mark,
        record_url=f"https://crm.example/{who.ids[0]}",
    )
    context = Jsonb(said.to_json())
    from handoff.ledger import db

    with db.connect("handoff_admin") as admin:
        admin.execute(
            "update handoff.handoffs set context = %s, trigger_activity_id = %s where handoff_id = %s",
            (context, f"event-{who.mark}", given.handoff_id),
        )
    connection.execute(
        """update handoff.outbox set payload = jsonb_set(payload, '{context}', %s)
        where handoff_id = %s and payload ? 'context'""",
        (context, given.handoff_id),
    )
    return given


def about_lead(connection: Connection, who: Planted) -> int:
    """What the ledger keeps by contact id beside a handoff; how many rows were kept."""
    contact_id, kept = who.ids[0], 0
    named: dict[str, Any] = {"id": contact_id, "old": who.ids[1], "mark": who.mark, "email": who.email, "at": AT}
    connection.execute(
        """insert into handoff.floods (opened_at, allowed, answer, answered_at, answered_by)
        select %(at)s, 30, 'released', %(at)s, 'Rosa' where not exists (select from handoff.floods)""",
        named,
    )
    for statement in (
        "insert into handoff.lead_facts values (%(id)s, %(at)s, jsonb_build_object('email', %(email)s::text))",
        """insert into handoff.shadow_decisions values
            (%(id)s, 'platform', 'shadow', '1', 'high', 80, %(mark)s, %(mark)s, %(at)s, %(at)s)""",
        "insert into handoff.lookups (subject, key, lead_id, asked_at) values ('person', %(email)s, %(id)s, %(at)s)",
        """insert into handoff.flood_leads
            select flood_id, %(id)s, 'platform', %(at)s from handoff.floods order by flood_id limit 1""",
        """insert into handoff.held_mqls (lead_id, product_id, held_since, ended_as_of, extracted_at, qualified_at)
            values (%(id)s, 'platform', %(at)s, %(at)s, %(at)s, %(at)s)""",
        "insert into handoff.aliases values ('contacts', %(old)s, %(id)s, %(at)s)",
        """insert into handoff.former_aliases
            values ('contacts', %(old)s, %(id)s, %(at)s, %(at)s::timestamptz + interval '1 day')""",
    ):
        kept += connection.execute(statement, named).rowcount
    connection.execute(
        """insert into handoff.pending_leads (lead_id, batch_id, extracted_at, held_because)
        values (%(id)s, 1, %(at)s, %(mark)s) on conflict do nothing""",
        named,
    )
    return kept


def _said(connection: Connection, who: Planted, given: Assignment) -> None:
    connection.execute(
        """insert into handoff.dispositions
            (handoff_id, assignment_id, kind, note, occurred_at, recorded_at, evidence)
        values (%s, %s, 'accepted', %s, %s, %s, %s)""",
        (given.handoff_id, given.assignment_id, who.mark, NOW, NOW, Jsonb({"contact_id": who.ids[0]})),
    )
    act = lines.Act(f"event-{who.mark}", f"{who.mark} asked again", NOW)
    lines.raised_a_hand(connection, given.handoff_id, act, NOW, None)
    alert(connection, f"test:{who.mark[2:]}", f"{who.mark} was told", NOW, given.handoff_id)
    alert(connection, "test:letter", f"somebody wrote to {who.email}.", NOW)
    rows: list[tuple[str, str, dict[str, Any]]] = [
        ("hubspot_task", "task", {"action": "change", "properties": {"hs_task_subject": f"Call {who.mark}"}}),
        ("hubspot_contact", "written", {"contact_id": who.ids[0], "properties": {"handoff_reason": who.mark}}),
    ]
    for kind, key, payload in rows:
        connection.execute(
            """insert into handoff.outbox
                (dedupe_key, kind, payload, created_at, not_before, state, sent_at, result, last_error)
            values (%s, %s, %s, %s, %s, 'sent', %s, %s, %s)""",
            (
                f"{kind}:{given.handoff_id}:{given.assignment_id}:{key}",
                kind,
                Jsonb(payload),
                *(NOW, NOW, NOW),
                Jsonb({"contact_id": who.ids[0], "drift": {"name": who.mark}, "task_id": "55"}),
                f"no answer about {who.mark}",
            ),
        )
    connection.execute(
        """update handoff.outbox set state = 'sent', sent_at = %s, attempts = 1, result = %s
        where handoff_id = %s and kind = 'slack_dm'""",
        (NOW, Jsonb({"channel": "D1", "ts": f"17.{given.assignment_id}", "named": who.mark}), given.handoff_id),
    )


def hints(connection: Connection, who: Planted) -> int:
    """What HubSpot told; how many hints were kept."""
    kept = 0
    for key, object_type, object_id, payload in (
        ("changed", "contact", who.ids[0], {"objectId": who.ids[0], "propertyValue": who.mark}),
        ("merged", "contact", who.ids[1], {"mergedObjectIds": list(who.ids)}),
    ):
        kept += connection.execute(
            """insert into handoff.inbox
                (source, event_key, object_type, object_id, received_at, payload, processed_at)
            values ('hubspot', %s, %s, %s, %s, %s, %s)""",
            (f"{key}-{who.ids[0]}-{object_id}", object_type, object_id, AT, Jsonb(payload), AT),
        ).rowcount
    return kept


def _pressed(connection: Connection, who: Planted, given: Assignment) -> None:
    """Presses on their card, a form about them, and another's button in a message that names them."""
    message = {"text": who.mark, "blocks": [{"text": who.email}]}
    place = {"channel_id": "D1", "message_ts": f"17.{given.assignment_id}"}

    def pressed(value: str) -> dict[str, Any]:
        action = {"action_id": "handoff_accept", "value": value}
        return {"type": "block_actions", "actions": [action], "container": place, "message": message}

    view = {"private_metadata": f"{given.assignment_id}:0", "state": {"values": {"note": {"value": who.mark}}}}
    payloads = {
        "press": pressed(str(given.assignment_id)),
        "form": {"type": "view_submission", "view": view},
        "beside": pressed("424242"),
    }
    for key, payload in payloads.items():
        connection.execute(
            """insert into handoff.inbox (source, event_key, object_type, object_id, received_at, payload)
            values ('slack', %s, 'block_actions', 'handoff_accept', %s, %s)""",
            (f"{key}-{given.handoff_id}", AT, Jsonb(payload)),
        )
    connection.execute(
        """insert into handoff.inbox
            (source, event_key, object_type, object_id, received_at, payload, processed_at)
        values ('hubspot', %s, 'company', '31', %s, %s, %s)""",
        (f"association-{given.handoff_id}", AT, Jsonb({"fromObjectId": who.ids[0]}), AT + timedelta(seconds=1)),
    )


def run_of_the_line(connection: Connection, who: Planted = ADA) -> None:
    """What the next run does at its end: the queue lets go of the ids."""
    connection.execute("delete from handoff.pending_leads where lead_id = any(%s)", (list(who.ids),))


def dump(connection: Connection, pattern: str, *schemas: str) -> dict[str, list[str]]:
    """Every row of tables and views that a pattern matches, by table; in all of our schemas, unless some are given."""
    tables = connection.execute(
        """select format('%%I.%%I', table_schema, table_name) as name from information_schema.tables
        where table_schema = any(%s) order by 1""",
        (list(schemas or ("raw", "handoff", "staging", "line", "marts_build", "marts", "agreement")),),
    ).fetchall()
    found: dict[str, list[str]] = {}
    for table in tables:
        name = table["name"]
        if name not in UNREADABLE:
            rows = connection.execute(
                f"select kept::text as row from {name} as kept where kept::text ~* %s order by 1", (pattern,)
            )
            found[name] = [row["row"] for row in rows]
    return {name: rows for name, rows in found.items() if rows}
