"""The guard with Airflow's own auth manager: who gets in by which session or token, and who is sent where."""

from collections.abc import Iterator

import pytest
from airflow import settings
from airflow.api_fastapi.app import get_auth_manager, init_auth_manager, purge_cached_app
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.utils.db import initdb
from fastapi import FastAPI
from starlette.testclient import TestClient

from handoff import airflow_guard
from handoff.web.app import PREFIX
from handoff.web.pages import router

HERE = f"{PREFIX}/static/handoff.css"
BROWSER = {"accept": "text/html"}


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    """Airflow's auth manager over a metadata database of its own, with our pages below their prefix."""
    home = tmp_path_factory.mktemp("airflow")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", f"sqlite:///{home}/airflow.db")
        patch.setenv(
            "AIRFLOW__API_AUTH__JWT_SECRET", "a secret of this test, 64 bytes or longer, which is what HS512 asks for"
        )
        patch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE", str(home / "passwords.json"))
        _connect_airflow()
        initdb()
        around, pages = FastAPI(), FastAPI()
        init_auth_manager(around)
        router.mount(pages, airflow_guard.may_look)
        around.mount(PREFIX, pages)
        yield around
        purge_cached_app()
    _connect_airflow()


def _connect_airflow() -> None:
    """Airflow reads its database's address once, when it is first imported by any test."""
    settings.dispose_orm()
    settings.configure_vars()
    settings.configure_orm()


def token(role: str | None = "viewer", seconds: int = 60) -> str:
    """What Airflow gives somebody who signs in, for so long."""
    return str(
        get_auth_manager().generate_jwt(
            SimpleAuthManagerUser(username="ana", role=role), expiration_time_in_seconds=seconds
        )
    )


def ask(airflow: FastAPI, path: str = HERE, cookie: str = "", bearer: str = "") -> tuple[int, str]:
    """Status, and where to or what is said."""
    headers = BROWSER | ({"authorization": f"Bearer {bearer}"} if bearer else {})
    client = TestClient(airflow, cookies={"_token": cookie} if cookie else {})
    answer = client.get(path, headers=headers, follow_redirects=False)
    return answer.status_code, answer.headers.get("location", answer.text)


@pytest.mark.parametrize("role", ["viewer", "user", "op", "admin"])
def test_whoever_may_read_the_line_s_dag_gets_in_by_session_or_token(airflow: FastAPI, role: str) -> None:
    assert ask(airflow, cookie=token(role))[0] == 200
    assert ask(airflow, bearer=token(role))[0] == 200


def test_somebody_without_the_right_is_told_so_by_name(airflow: FastAPI) -> None:
    for status, said in (ask(airflow, cookie=token(role=None)), ask(airflow, bearer=token(role=None))):
        assert status == 403
        assert "ana is signed in to Airflow but may not read the DAG handoff_line" in said


@pytest.mark.parametrize("given", ["", "nonsense", "a.b.c"])
def test_nobody_is_sent_to_airflow_s_login_and_back(airflow: FastAPI, given: str) -> None:
    login = "/api/v2/auth/login?next=%2Fhandoff%2Fstatic%2Fhandoff.css"
    assert ask(airflow, cookie=given) == (303, login)
    assert ask(airflow, path=f"{HERE}?a=1&b=//x", cookie=given) == (303, f"{login}%3Fa%3D1%26b%3D%2F%2Fx")


def test_an_old_a_revoked_and_another_s_token_are_nobody_s(airflow: FastAPI) -> None:
    assert ask(airflow, cookie=token(seconds=-60))[0] == 303
    revoked = token()
    assert ask(airflow, cookie=revoked)[0] == 200
    get_auth_manager().revoke_token(revoked)
    assert ask(airflow, cookie=revoked)[0] == 303
    forged = token()[:-8] + "AAAAAAAA"
    assert ask(airflow, cookie=forged)[0] == 303


def test_a_bad_token_is_not_helped_by_a_good_session(airflow: FastAPI) -> None:
    assert ask(airflow, cookie=token(), bearer="nonsense")[0] == 303


def test_below_a_path_of_its_own_airflow_s_login_is_there_too(airflow: FastAPI) -> None:
    airflow.root_path = "/airflow"
    try:
        status, login = ask(airflow, path=f"/airflow{HERE}")
    finally:
        airflow.root_path = ""
    assert (status, login) == (303, "/airflow/api/v2/auth/login?next=%2Fairflow%2Fhandoff%2Fstatic%2Fhandoff.css")
