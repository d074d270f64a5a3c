"""Fixtures of the unit tests."""

import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer

import psycopg
import pytest

from tests.conftest import Database
from tests.unit.vendor import Handler, Vendor
from tests.unit.web.doors import Woken, open_doors


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    """A vendor on a free port of 127.0.0.1."""
    made = Vendor()
    handler = type("Handler", (Handler,), {"vendor": made})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        made.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield made
        server.shutdown()


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> Iterator[Woken]:
    """The web app with both vendors configured; one entry for each time the line was woken."""
    with open_doors(monkeypatch) as woken:
        yield woken


@pytest.fixture
def ledger(module_database: Database) -> Database:
    """The module's database, with nothing in it that came from outside."""
    with psycopg.connect(module_database.admin_dsn) as admin:
        admin.execute("truncate handoff.inbox, handoff.pending_leads, raw.quarantine, raw.hubspot_contacts")
    return module_database
