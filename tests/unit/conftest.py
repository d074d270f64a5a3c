"""Fixtures of the unit tests."""

import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer

import pytest

from tests.unit.vendor import Handler, Vendor


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
