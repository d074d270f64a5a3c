"""A ledger with something to see on the board, and the pages behind a guard that tests can pass."""

from datetime import datetime, timedelta

import psycopg
from fastapi import FastAPI, Request
from psycopg.types.json import Jsonb

from handoff.extract.sources import SOURCES
from handoff.review.pack.flow import STAGES
from handoff.web.app import PREFIX
from handoff.web.pages.guard import NotAllowed, NotSignedIn
from handoff.web.pages.router import mount

COOKIE = "person"
LOGIN = "/login?next=%2Fhandoff%2Fboard"
HOSTILE = "<script>alert(1)</script>\"'&{{ 7 * 7 }}"
REASON = "'twelve' is no whole number from 0 to 999,999,999"


def site() -> FastAPI:
    """The pages below Airflow's prefix, behind a guard that goes by a cookie: `reader` may look, anybody else may not,
    and without one it is nobody."""

    async def guard(request: Request) -> None:
        person = request.cookies.get(COOKIE)
        if person is None:
            raise NotSignedIn(LOGIN)
        if person != "reader":
            raise NotAllowed(f"{person} may not read the DAG handoff_line")

    pages, around = FastAPI(openapi_url=None), FastAPI()
    mount(pages, guard)
    around.mount(PREFIX, pages)
    return around


def hold(admin_dsn: str, at: datetime, *rows: tuple[str, str | None, str, str, str]) -> None:
    """Put rows in quarantine: stream, record id, kind, field, reason."""
    with psycopg.connect(admin_dsn) as admin:
        batch = _batch(admin, at)
        admin.cursor().executemany(
            """insert into raw.quarantine (stream, id, kind, field, reason, batch_id, loaded_at, remedy, payload)
            values (%s, %s, %s, %s, %s, %s, %s, 'Correct it in the CRM.', '{}')""",
            [(*row, batch, at) for row in rows],
        )


def plant(admin_dsn: str, at: datetime) -> None:
    """A company on a middling day: most is well, and of everything that can be wrong there is some."""
    with psycopg.connect(admin_dsn) as admin:
        batch = _batch(admin, at)
        for lead_id, because in (("77", f"everybody is away {HOSTILE}"), ("78", None)):
            admin.execute(
                """insert into handoff.pending_leads (lead_id, batch_id, extracted_at, held_because, held_until)
                values (%s, %s, %s, %s, %s)""",
                (lead_id, batch, at, because, at + timedelta(days=30) if because else None),
            )
        for each in SOURCES:
            seen, certain = at - timedelta(seconds=40), at - timedelta(minutes=19)
            admin.execute(
                "insert into handoff.cursors (stream, seen_until, seen_at, watermark) values (%s, %s, %s, %s)",
                (each.stream.name, seen, seen, None if each.way == "list" else certain),
            )
        admin.execute(
            "update handoff.cursors set seen_until = %s where stream = 'hubspot_deals'", (at - timedelta(hours=3),)
        )
        admin.execute(
            "insert into handoff.lacks values ('hubspot_emails', 'HubSpot refused: scope missing', %s, %s)", (at, at)
        )
        for kind, stream, missed in (
            ("settle", "hubspot_contacts", 1204),
            ("settle", "hubspot_calls", 3),
            ("sweep", "hubspot_contacts", 2),
            ("backfill", "hubspot_contacts", 77),
        ):
            admin.execute(
                """insert into handoff.passes
                    (kind, stream, batch_id, read_until, started_at, finished_at, seen, landed, missed)
                values (%s, %s, %s, %s, %s, %s, 0, 0, %s)""",
                (kind, stream, batch, at, at, at - timedelta(days=1), missed),
            )
        admin.cursor().executemany(
            """insert into handoff.inbox (source, event_key, object_type, object_id, received_at, payload)
            values ('hubspot', %s, 'contact', '1', %s, '{}')""",
            [(str(number), at) for number in range(4)],
        )
        admin.cursor().executemany(
            """insert into handoff.outbox
                (dedupe_key, kind, payload, created_at, state, not_before, attempts, last_attempt_at)
            values (%s, 'slack_dm', '{}', %s, %s, %s, 1, %s)""",
            [(f"{state}{number}", at, state, at, at) for number in range(5) for state in ("pending", "dead")],
        )
        admin.execute(
            """insert into handoff.outbox (dedupe_key, kind, payload, created_at, state, not_before, sent_at, result)
            values ('a', 'hubspot_contact', '{}', %(at)s, 'sent', %(at)s, %(at)s, '{"drift": {"hs_lead_status": {}}}'),
                ('b', 'hubspot_contact', '{}', %(at)s, 'sent', %(at)s, %(at)s, '{"drift": {}}'),
                ('c', 'hubspot_task', '{}', %(at)s, 'sent', %(at)s, %(at)s, '{"drift": {"hs_timestamp": "x"}}'),
                ('d', 'hubspot_task', '{}', %(at)s, 'sent', %(at)s, %(at)s, '{"task_id": "9"}')""",
            {"at": at - timedelta(hours=1)},
        )
        admin.execute("insert into handoff.apis (api, breaker) values ('apollo', 'open'), ('slack', 'closed')")
        _judge(admin, at, is_open=False)
    hold(
        admin_dsn,
        at - timedelta(hours=2),
        ("hubspot_contacts", "512901", "value", "numberofemployees", REASON),
        ("hubspot_companies", "99100", "value", "annualrevenue", "'1,2M' is no plain number"),
        ("hubspot_meetings", "47002", "record", "hs_timestamp", "hs_timestamp is missing"),
        ("hubspot_events", None, "record", "objectId", "'' is no record id"),
        ("hubspot_contacts", HOSTILE, "record", HOSTILE, HOSTILE),
    )


def plant_funnel(admin_dsn: str, at: datetime, reached: tuple[int, ...]) -> None:
    """The model behind the funnel, with so many at each stage; who did not come further is lost.

    They are of the day before `at`, which has come in every zone; where no agreement was loaded, the company's is UTC.
    """
    with psycopg.connect(admin_dsn) as admin:
        admin.execute(
            """create table if not exists agreement.company as select 'UTC' as time_zone,
                '-infinity'::timestamptz as valid_from, 'infinity'::timestamptz as valid_to;
            grant select on agreement.company to handoff_app"""
        )
        admin.execute(
            """create table line.int_review_stages (week_starts_on date, figure text, member text, lead_id text,
                handoff_id text, is_counted boolean, is_open boolean, seconds numeric)"""
        )
        admin.execute("grant select on line.int_review_stages to handoff_app")
        for place, (stage, count) in enumerate(zip(STAGES, reached, strict=True)):
            for figure, handoffs in (("funnel", count), ("stopped", reached[place - 1] - count if place else 0)):
                admin.execute(
                    """insert into line.int_review_stages
                    select %s, %s, %s, n::text, n::text, true, false, %s from generate_series(1, %s) as n""",
                    (at.date() - timedelta(days=1), figure, stage, 60 if place else None, handoffs),
                )


def judge(admin_dsn: str, at: datetime, *, is_open: bool) -> None:
    """One more verdict of the gate."""
    with psycopg.connect(admin_dsn) as admin:
        _judge(admin, at, is_open=is_open)


def _judge(admin: psycopg.Connection, at: datetime, *, is_open: bool) -> None:
    admin.execute(
        """insert into handoff.gates (gate, batch_id, evaluated_at, is_open, reason, results)
        values ('hubspot_contacts', 1, %s, %s, 'half of the contacts have no e-mail address', %s)""",
        (at, is_open, Jsonb({})),
    )


def _batch(admin: psycopg.Connection, at: datetime) -> int:
    row = admin.execute(
        "insert into raw.batches (source, started_at) values ('poll', %s) returning batch_id", (at,)
    ).fetchone()
    assert row is not None
    return int(row[0])
