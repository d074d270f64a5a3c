"""Leads that act for two months, landed as the extractor would, and judged as the line would."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from handoff.ledger.db import Connection
from handoff.qualify import dbt, facts

START = datetime(2026, 4, 1, 12, tzinfo=UTC)
DAYS, CHANGED_ON = 60, 30
END = START + timedelta(days=DAYS)
PAGES = ["/pricing", "/pricing/teams", "/demo", "/blog/a", "/docs", "/careers/x", "/"]
FORMS = ["f0000000-0000-4000-8000-000000000001", "f0000000-0000-4000-8000-000000000004", "unheard-of"]
EMPLOYEES = [None, "5", "60", "300", "5000"]
INDUSTRIES = [None, "COMPUTER_SOFTWARE", "RETAIL", "GOVERNMENT_ADMINISTRATION"]
TITLES = [None, "VP Sales", "Student", "Marketing Manager"]

Admin = psycopg.Connection[dict[str, Any]]


def land(admin: Admin, stream: str, rows: list[tuple[str, datetime, dict[str, Any]]]) -> None:
    with (
        admin.cursor() as cursor,
        cursor.copy(f"copy raw.{stream} (id, updated_at, loaded_at, batch_id, payload) from stdin") as copy,
    ):
        copy.set_types(["text", "timestamptz", "timestamptz", "int8", "jsonb"])
        for key, at, payload in rows:
            copy.write_row((key, at, at, 1, Jsonb({"id": key} | payload)))


def contact(random: Random, key: str) -> dict[str, Any]:
    properties = {
        "email": f"lead{key}@company{key}.example",
        "numberofemployees": random.choice(EMPLOYEES),
        "industry": random.choice(INDUSTRIES),
        "jobtitle": random.choice(TITLES),
        "country": random.choice([None, "United States", "Germany", "Brazil"]),
    }
    return {"properties": {name: value for name, value in properties.items() if value}}


def judge(connection: Connection, at: datetime, command: list[str]) -> None:
    """A run of the line over everybody, as it is made: decisions, and what was known."""
    connection.execute(
        """insert into handoff.pending_leads (lead_id, batch_id, extracted_at)
        select distinct id, 1, %s::timestamptz - interval '1 second' from raw.hubspot_contacts
        on conflict do nothing""",
        (at,),
    )
    dbt.invoke(connection, command, selector="line", as_of=at, as_loaded=True)
    facts.remember(connection)


def live(admin: Admin, connection: Connection, leads: int) -> None:
    """Two months of acts, one or two a day at noon; on one day half of the leads turn out to be somebody else."""
    random = Random(20260401)
    admin.execute("insert into raw.batches (source, started_at) values ('poll', %s)", (START,))
    ids = [str(number) for number in range(1, leads + 1)]
    before, changed = START - timedelta(days=1), START + timedelta(days=CHANGED_ON, hours=-1)
    land(admin, "hubspot_contacts", [(key, before, contact(random, key)) for key in ids])
    land(admin, "hubspot_contacts", [(key, changed, contact(random, key)) for key in ids[::2]])
    events, submissions = [], []
    for key in ids:
        for number in range(random.randint(0, 25)):
            at = START + timedelta(days=random.randrange(DAYS))
            stamp = at.isoformat()
            if random.random() < 0.1:
                values = [{"name": "email", "value": f"lead{key}@company{key}.example"}]
                payload = {"formId": random.choice(FORMS), "formName": "F", "submittedAt": stamp, "values": values}
                submissions.append((f"s{key}-{number}", at, payload))
            else:
                kind = random.choice(["e_visited_page"] * 4 + ["e_opened_email_v2", "e_clicked_link_in_email_v2"])
                url = {"hs_url": f"https://brightwell.example{random.choice(PAGES)}"}
                payload = {"objectId": key, "eventType": kind, "occurredAt": stamp, "properties": url}
                events.append((f"e{key}-{number}", at, payload))
    land(admin, "hubspot_events", events)
    land(admin, "hubspot_form_submissions", submissions)
    admin.execute("analyze raw.hubspot_contacts, raw.hubspot_events, raw.hubspot_form_submissions")
    judge(connection, before + timedelta(seconds=1), ["run", "--full-refresh"])
    judge(connection, changed + timedelta(seconds=1), ["run", "--full-refresh"])
    judge(connection, END, ["run", "--full-refresh"])
