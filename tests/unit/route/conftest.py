"""The agreement's database with a Slack connection and three leads of North America."""

import json
from collections.abc import Iterator

import psycopg
import pytest

from handoff.ledger import db
from handoff.ledger.db import Connection
from tests.conftest import Database
from tests.unit.route.handed import NOON


@pytest.fixture
def connection(agreement_database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    slack = {"conn_type": "slack", "password": "xoxb-test", "extra": {"channel": "#mql-handoffs"}}
    monkeypatch.setenv("AIRFLOW_CONN_SLACK", json.dumps(slack))
    with psycopg.connect(agreement_database.admin_dsn) as admin:
        admin.execute(
            """insert into line.int_leads (lead_id, region, country, employees, as_of, extracted_at, is_freemail,
                is_opted_out, is_bounced, is_competitor, is_internal, is_enriched)
            select lead_id, 'North America', 'US', 50, %(at)s, %(at)s, false, false, false, false, false, true
            from unnest(array['1', '2', '3']) as lead_id""",
            {"at": NOON},
        )
    with db.connect() as connection:
        yield connection
