"""Which address shows which page."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi import Path as Name
from fastapi.responses import FileResponse, RedirectResponse

from handoff import clock
from handoff.agreement import loaded, source
from handoff.explain import ANSWERS, WHO, UnknownLead, story
from handoff.gates import documents
from handoff.qualify import dbt
from handoff.review import builds
from handoff.settings import settings
from handoff.web.pages import agreement, board, board_waiting, lead, manual, open_handoffs, rep, review_router, speed
from handoff.web.pages.crm_links import record_url
from handoff.web.pages.guard import Guard
from handoff.web.pages.reading import for_request
from handoff.web.pages.rendering import render
from handoff.web.pages.route import PageRoute

MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
OF_DBT = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data:; "
    "font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""Content security policy of the page that dbt writes, whose scripts stand in it."""
_STATIC = {path.name: path for path in (Path(__file__).parent / "static").iterdir() if path.suffix in MEDIA_TYPES}

router = APIRouter(route_class=PageRoute)


def mount(app: FastAPI, guard: Guard) -> None:
    """Add every page and static file to an app, each behind the guard."""
    for each in (router, review_router.router):
        app.include_router(each, dependencies=[Depends(guard)])


@router.get("/")
def index(request: Request) -> Response:
    """The first page is that of the open handoffs."""
    return RedirectResponse(f"{request.scope.get('root_path', '')}/handoffs", 303)


@router.get("/handoffs")
def handoffs_page(
    request: Request, team: str = "", rep: str = "", tier: str = "", source: str = "", state: str = "", page: int = 1
) -> Response:
    """What waits for first contact, and how fast it went today."""
    chosen, as_of = open_handoffs.Chosen(team, rep, tier, source, state), clock.now()
    with for_request() as connection:
        values = {
            "as_of": as_of,
            "chosen": chosen,
            "gates": board_waiting.closed_gates(connection),
            "open": open_handoffs.read(connection, as_of, chosen, page),
            "today": speed.read(connection, as_of),
            "marks": open_handoffs.MARKS,
            "state_words": open_handoffs.WORDS,
        }
    return render(request, "handoffs.html", values)


@router.get("/board")
def board_page(request: Request) -> Response:
    """Whether the data is all there, and what waits or stands still."""
    with for_request() as connection:
        found = board.read(connection, clock.now())
    return render(request, "board.html", {"board": found, "record_url": record_url()})


@router.get("/data-docs")
def data_docs_index(request: Request) -> Response:
    """Every gate of which there is a result."""
    with for_request() as connection:
        pages = documents.listed(connection)
    return render(request, "data_docs.html", {"pages": pages, "chosen": None})


@router.get("/data-docs/{gate}")
def data_docs_page(request: Request, gate: Annotated[str, Name(pattern="^[a-z0-9_]{1,60}$")]) -> Response:
    """What Great Expectations last wrote about one gate: looked up in the ledger by name, never opened as a file."""
    with for_request() as connection:
        chosen = documents.read(connection, gate)
    if chosen is None:
        raise HTTPException(404, "No gate of this name has been judged.")
    return render(request, "data_docs.html", {"pages": [], "chosen": chosen})


@router.get("/marts")
def marts_page(request: Request) -> Response:
    """How each model did in the last build of the marts."""
    with for_request() as connection:
        build = builds.last(connection)
    return render(request, "marts.html", {"build": build})


@router.get("/agreement")
def agreement_page(request: Request) -> Response:
    """The whole agreement as it stands in the checkout, today; where something else decides, it says so."""
    found = source()
    with for_request() as connection:
        note = loaded.note(connection, found)
    return render(request, agreement.TEMPLATE, {**agreement.page(found, clock.now()), "note": note})


@router.get("/rep/{rep_id}")
def rep_page(request: Request, rep_id: str, page: int = 1) -> Response:
    """One rep: whether they are there, what they have, and how they have kept to it."""
    as_of = clock.now()
    try:
        with for_request() as connection:
            found = rep.read(connection, rep_id, as_of, page)
    except rep.UnknownRep as unknown:
        raise HTTPException(404, f"{unknown}.") from None
    return render(request, "rep.html", {"page": found, "as_of": as_of})


@router.get("/lead/{lead_id}")
def lead_page(
    request: Request, lead_id: str, at: str = "", newer_acts: Annotated[int, Query(ge=0, le=1_000_000)] = 0
) -> Response:
    """One lead, as the line last decided or at a moment; a long story goes on where the page before ended."""
    try:
        moment = _moment(at)
        with for_request() as connection:
            found = lead.read(connection, lead_id, moment, newer_acts)
    except ValueError as wrong:
        raise HTTPException(400, f"{wrong}.") from None
    except UnknownLead as unknown:
        raise HTTPException(404, f"{unknown}.") from None
    return render(
        request,
        "lead.html",
        {
            **{"page": found, "record_url": record_url(), "who": WHO, "answers": ANSWERS},
            **{"asked_at": at, "most_acts": story.MOST_ACTS},
        },
    )


def _moment(text: str) -> datetime | None:
    """What a form sends for a moment; without an offset it is UTC.

    Raises:
        ValueError: it is no moment.
    """
    if not text:
        return None
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


@router.get("/docs")
def docs(request: Request) -> Response:
    """The documentation begins with its first page."""
    first = manual.menu(settings().docs)[0][1][0]
    return RedirectResponse(f"{request.scope.get('root_path', '')}/docs/{first.name}", 303)


@router.get("/docs/images/{name}")
def docs_picture(name: str) -> Response:
    """A picture of the documentation."""
    try:
        return FileResponse(manual.picture(settings().docs, name), media_type="image/png")
    except manual.UnknownPage as unknown:
        raise HTTPException(404, f"{unknown}.") from None


@router.get("/docs/models/index")
def docs_models() -> Response:
    """What dbt wrote of the models: one page that brings all its scripts along, and may run no others."""
    path = dbt.documentation()
    if not path.is_file():
        raise HTTPException(404, "The next run of handoff_marts writes this page, and `handoff docs` does now.")
    return FileResponse(path, media_type="text/html", headers={"Content-Security-Policy": OF_DBT})


@router.get("/docs/{name}")
def docs_page(request: Request, name: str) -> Response:
    """One page of the documentation."""
    try:
        return render(request, "docs.html", manual.values(settings().docs, name, request.scope.get("root_path", "")))
    except manual.UnknownPage as unknown:
        raise HTTPException(404, f"{unknown}.") from None


@router.get("/static/{name}")
def static(name: str) -> Response:
    """A style, a script or a picture of the pages; asked for again each time, so that an upgrade shows at once."""
    path = _STATIC.get(name)
    if path is None:
        raise HTTPException(404, "There is no file of this name.")
    return FileResponse(path, media_type=MEDIA_TYPES[path.suffix], headers={"Cache-Control": "private, no-cache"})
