"""Who may look at Handoff's pages: whoever is signed in to Airflow and may read the DAG of the line.

For the API server alone, where Airflow's auth manager lives.
"""

from urllib.parse import urlencode

from airflow.api_fastapi.core_api.security import bearer_scheme, get_user, requires_access_dag
from fastapi import HTTPException, Request
from fastapi.concurrency import run_in_threadpool

from handoff.web.pages.guard import NotAllowed, NotSignedIn

DAG_ID = "handoff_line"
_check = requires_access_dag("GET", param_dag_id=DAG_ID)


async def may_look(request: Request) -> None:
    """Let the request pass, by the same session or token as Airflow's own pages and API.

    Raises:
        NotSignedIn: there is no session or token, or it has expired, was revoked or is not Airflow's.
        NotAllowed: the user may not read the DAG.
    """
    try:
        user = await get_user(request, None, await bearer_scheme(request))
    except HTTPException:
        raise NotSignedIn(_login_url(request)) from None
    try:
        await run_in_threadpool(_check, request, user)
    except HTTPException:
        raise NotAllowed(
            f"{user.get_name()} is signed in to Airflow but may not read the DAG {DAG_ID}, which these pages are "
            f"about. An Airflow administrator can grant the right “can read” on it."
        ) from None


def _login_url(request: Request) -> str:
    """Airflow's own way to whichever login is configured, and back."""
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return f"{request.base_url.path}api/v2/auth/login?{urlencode({'next': back})}"
