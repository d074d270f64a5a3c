"""The agreement's database with a Slack connection and leads of North America that can be given to another rep."""

from collections.abc import Iterator

import psycopg
import pytest

from handoff.ledger import db
from handoff.ledger.db import Connection
from tests.conftest import Database
from tests.unit.route.handed import NOON

LEADS = 40


@pytest.fixture
def connection(agreement_database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    """As the application; leads 1 to 40 are of North America."""
    connect_slack(monkeypatch)
    add_leads(agreement_database)
    with db.connect() as connection:
        yield connection


def connect_slack(patch: pytest.MonkeyPatch) -> None:
    patch.setenv("AIRFLOW_CONN_SLACK", '{"conn_type": "slack", "password": "xoxb-test"}')


def add_leads(database: Database) -> None:
    with psycopg.connect(database.admin_dsn) as admin:
        admin.execute(
            """insert into line.int_leads (lead_id, region, country, employees, as_of, extracted_at, is_freemail,
                is_opted_out, is_bounced, is_competitor, is_internal, is_enriched)
            select number::text, 'North America', 'US', 50, %(at)s, %(at)s, false, false, false, false, false, true
            from generate_series(1, %(leads)s) as number""",
            {"at": NOON, "leads": LEADS},
        )
