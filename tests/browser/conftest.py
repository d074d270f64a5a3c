"""A real Chromium, and the pages on a real server of this machine."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from playwright.sync_api import Browser, BrowserContext

from handoff import clock
from handoff.web.app import PREFIX
from tests.browser.chromium import Visit, running
from tests.browser.served import serving
from tests.conftest import Database
from tests.unit.web.board_data import COOKIE, plant, plant_funnel, site
from tests.unit.web.doors import connect

CRM = "https://app.hubspot.com"
FUNNEL = (40, 24, 12, 9, 3)
"""How many reached each stage."""
# What Airflow lets the frame do in which it shows a plugin's page.
FRAME = '<iframe title="Handoff" sandbox="{}" src="{}"></iframe>'
SANDBOX = "allow-scripts allow-same-origin allow-forms allow-downloads"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser, started once a file: while it runs, no other test can run an event loop in this process."""
    with running() as browser:
        yield browser


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Address of a server that shows the pages, and at `/framed` the board in such a frame as Airflow's."""
    app: FastAPI = site()

    @app.get("/framed")
    def framed() -> HTMLResponse:
        return HTMLResponse(FRAME.format(SANDBOX, f"{PREFIX}/board"))

    @app.get("/login")
    def login() -> HTMLResponse:
        return HTMLResponse("<title>Sign in</title>")

    with serving(app) as address:
        yield address


@pytest.fixture
def elsewhere(server: str) -> Iterator[str]:
    """Address of another origin, whose one page frames the board."""
    app = FastAPI()

    @app.get("/")
    def framed() -> HTMLResponse:
        return HTMLResponse(FRAME.format(SANDBOX, f"{server}{PREFIX}/board"))

    with serving(app) as address:
        yield address


@pytest.fixture(scope="module")
def busy(module_database: Database) -> Database:
    """A company on a middling day."""
    with pytest.MonkeyPatch.context() as patch:
        connect(patch, "hubspot", {"portal_id": "4242424"})
        plant(module_database.admin_dsn, clock.now())
        plant_funnel(module_database.admin_dsn, clock.now(), FUNNEL)
        yield module_database


@pytest.fixture
def window(chromium: Browser, server: str) -> Iterator[BrowserContext]:
    """A browser of somebody who may look; the CRM's own pages are stood in for."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, base_url=server)
    context.add_cookies([{"name": COOKIE, "value": "reader", "url": server}])
    context.route(f"{CRM}/**", lambda route: route.fulfill(body="<title>CRM</title>", content_type="text/html"))
    yield context
    context.close()


@pytest.fixture
def visit(window: BrowserContext, server: str) -> Iterator[Visit]:
    """A window in which nothing goes wrong and nobody else is asked for anything, whatever the test does."""
    visit = Visit(window.new_page())
    yield visit
    assert visit.wrong == []
    assert visit.hosts <= {urlsplit(server).netloc}
