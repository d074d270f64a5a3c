"""What all pages have in common: who may see them, what a refusal looks like, and the headers of every answer."""

import logging
from collections.abc import Callable, Coroutine
from typing import Any

import psycopg
from fastapi import HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse, RedirectResponse
from fastapi.routing import APIRoute

from handoff.connections import MissingConnection
from handoff.web.pages.guard import NotAllowed, NotSignedIn
from handoff.web.pages.rendering import render

log = logging.getLogger(__name__)

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Of every answer; an endpoint's own value of one of them stays."""
TOO_SLOW = "It is there, but took too long. Try again in a minute."
UNREACHABLE = "It cannot be reached. The log of Airflow's API server says why."
BROKEN = "That is our mistake, not yours. The log of Airflow's API server says what went wrong."
_TOO_SLOW = (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable)

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class PageRoute(APIRoute):
    """A route whose refusals a person can read."""

    def get_route_handler(self) -> Handler:
        """FastAPI's own handler, guard included, with every way in which it can fail turned into an answer."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                response = await handle(request)
            except NotSignedIn as nobody:
                response = _sign_in(request, nobody)
            except NotAllowed as refused:
                values = {"title": "You may not see this", "sentence": str(refused)}
                response = render(request, "refusal.html", values, 403)
            except HTTPException as failed:
                response = _problem(request, failed.status_code, "There is no such page", str(failed.detail))
            except RequestValidationError as failed:
                wrong = "; ".join(f"{each['loc'][-1]}: {each['msg']}" for each in failed.errors())
                response = _problem(request, 400, "There is no such page", wrong)
            except (psycopg.OperationalError, MissingConnection) as failed:
                log.warning("%s could not be shown", request.url.path, exc_info=True)
                sentence = TOO_SLOW if isinstance(failed, _TOO_SLOW) else UNREACHABLE
                response = _problem(request, 503, "The database does not answer", sentence)
            except Exception:
                log.exception("%s failed", request.url.path)
                response = _problem(request, 500, "This page failed", BROKEN)
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
            return response

        return answer


def _sign_in(request: Request, nobody: NotSignedIn) -> Response:
    """To the login and back for a page that a browser asks for, and a plain refusal for anything else."""
    if "text/html" in request.headers.get("accept", ""):
        return RedirectResponse(nobody.login_url, 303)
    return PlainTextResponse(f"{nobody}\n", 401, {"WWW-Authenticate": "Bearer"})


def _problem(request: Request, status: int, title: str, sentence: str) -> Response:
    return render(request, "problem.html", {"title": title, "sentence": sentence}, status)
