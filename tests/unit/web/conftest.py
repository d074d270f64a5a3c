"""Fixtures of the web app's tests."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.conftest import Database
from tests.unit.web.doors import Woken, open_doors


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> Iterator[Woken]:
    """Both vendors configured; one entry for each time the line was woken."""
    with open_doors(monkeypatch) as woken:
        yield woken


@pytest.fixture
def ledger(module_database: Database) -> Database:
    """The module's database, with nothing in it that came from outside."""
    with psycopg.connect(module_database.admin_dsn) as admin:
        admin.execute("truncate handoff.inbox, handoff.pending_leads, raw.quarantine, raw.hubspot_contacts")
    return module_database
