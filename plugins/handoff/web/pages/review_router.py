"""Which address shows what of the weekly review."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Request, Response
from fastapi.responses import RedirectResponse

from handoff import charts, clock
from handoff.ledger.db import Connection
from handoff.review.pack.figures import week_of
from handoff.web.pages import agreement, review
from handoff.web.pages.reading import for_request
from handoff.web.pages.rendering import render
from handoff.web.pages.route import PageRoute

Week = Annotated[str, Path(pattern="^[0-9]{4}-W[0-9]{2}$")]

router = APIRouter(route_class=PageRoute)


@router.get("/review")
def review_index(request: Request) -> Response:
    """The newest pack."""
    with _reading() as connection:
        week = review.newest(connection, clock.now())
    return RedirectResponse(f"{request.scope.get('root_path', '')}/review/{week}", 303)


@router.get("/review/{week}")
def review_page(request: Request, week: Week) -> Response:
    """The pack of a week."""
    page = _review(week)
    values = {"page": page, "title": page.document.title, "document": page.document, "kind": agreement.kind}
    return render(request, "review.html", values)


@router.get("/review/{week}/pack.pdf")
def review_print(week: Week) -> Response:
    """The pack for print."""
    return Response(review.print_of(_review(week)), media_type="application/pdf")


@router.get("/review/{week}/{name}.svg")
def review_picture(week: Week, name: Annotated[str, Path(pattern="^[a-z]{1,40}$")]) -> Response:
    """One of its charts."""
    try:
        return Response(review.picture_of(_review(week), name), media_type="image/svg+xml")
    except LookupError as unknown:
        raise HTTPException(404, f"{unknown}.") from None


@router.get("/review/{week}/leads")
def review_leads(request: Request, week: Week, figure: str, dimension: str, member: str) -> Response:
    """The leads that one figure is counted from."""
    with _reading() as connection:
        found = review.leads(connection, _monday(week), figure, dimension, member)
        called = review.called(connection, figure, dimension, member)
    values = {"week": week, "figure": figure, "dimension": dimension, "member": called, "leads": found}
    return render(request, "review_leads.html", values)


def _review(week: str) -> review.ReviewPage:
    with _reading() as connection:
        return review.read(connection, _monday(week), clock.now())


@contextmanager
def _reading() -> Iterator[Connection]:
    """A connection for one request; what is not there yet is a page that is not there."""
    try:
        with for_request() as connection:
            yield connection
    except LookupError as lacking:
        raise HTTPException(404, f"{lacking}.") from None


def _monday(week: str) -> date:
    try:
        return week_of(week)
    except ValueError as wrong:
        raise HTTPException(404, f"{wrong}.") from None


@router.get("/funnel.svg")
def funnel_picture() -> Response:
    """The board's funnel."""
    with for_request() as connection:
        joints = review.funnel(connection, clock.now())
    return Response(charts.svg(charts.pipe(joints)), media_type="image/svg+xml")
