"""Which address shows which page."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import FileResponse, RedirectResponse

from handoff import clock
from handoff.ledger import db
from handoff.web.pages import board
from handoff.web.pages.crm_links import record_url
from handoff.web.pages.guard import Guard
from handoff.web.pages.rendering import render
from handoff.web.pages.route import PageRoute

STATEMENT_SECONDS = 5
MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_STATIC = {path.name: path for path in (Path(__file__).parent / "static").iterdir() if path.suffix in MEDIA_TYPES}

router = APIRouter(route_class=PageRoute)


def mount(app: FastAPI, guard: Guard) -> None:
    """Add every page and static file to an app, each behind the guard."""
    app.include_router(router, dependencies=[Depends(guard)])


@router.get("/")
def index(request: Request) -> Response:
    """The first page is the board."""
    return RedirectResponse(f"{request.scope.get('root_path', '')}/board", 303)


@router.get("/board")
def board_page(request: Request) -> Response:
    """Whether the data is all there, and what waits or stands still."""
    with _ledger() as connection:
        found = board.read(connection, clock.now())
    return render(request, "board.html", {"board": found, "record_url": record_url()})


@router.get("/static/{name}")
def static(name: str) -> Response:
    """A style, a script or a picture of the pages; asked for again each time, so that an upgrade shows at once."""
    path = _STATIC.get(name)
    if path is None:
        raise HTTPException(404, "There is no file of this name.")
    return FileResponse(path, media_type=MEDIA_TYPES[path.suffix], headers={"Cache-Control": "private, no-cache"})


@contextmanager
def _ledger() -> Iterator[db.Connection]:
    """A connection for one request. Endpoints that use it are plain functions, which FastAPI runs in threads."""
    with db.connect() as connection:
        connection.execute(f"set statement_timeout = '{STATEMENT_SECONDS}s'")
        yield connection
