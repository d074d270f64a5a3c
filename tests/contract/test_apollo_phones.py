"""Phone numbers come later: to a webhook, or to those who ask again."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sandbox import clock
from sandbox.apollo.phones import KEPT_MILLISECONDS, Phones
from sandbox.company.people import person_of
from sandbox.settings import Settings
from sandbox.testing import RunningSandbox, running_sandbox
from tests.contract.receiver import Receiver, receiving

SEED = Settings().seed
EMAILS = [f"robin.lane{n}@amber-bank.example" for n in range(40)]
KNOWN = next(email for email in EMAILS if person_of(email, SEED).in_apollo)
UNKNOWN = next(email for email in EMAILS if not person_of(email, SEED).in_apollo)


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: RunningSandbox) -> RunningSandbox:
    running.control("POST", "reset")
    running.control("POST", "apollo/account", {"delay_seconds": 0.1})
    return running


@pytest.fixture
def http(sandbox: RunningSandbox) -> Iterator[httpx.Client]:
    headers = {"X-Api-Key": Settings().apollo_key}
    with httpx.Client(base_url=f"{sandbox.url}/api/v1", headers=headers) as client:
        yield client


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def asked(http: httpx.Client, email: str = KNOWN, **more: Any) -> dict[str, Any]:
    params = {"email": email, "reveal_phone_number": "true", **more}
    answer = http.post("/people/match", params=params)
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


def consumed(sandbox: RunningSandbox) -> int:
    credits_used: int = sandbox.control("GET", "apollo/account")["consumed"]
    return credits_used


def result(http: httpx.Client, request_id: int) -> dict[str, Any]:
    """The result, once it is there."""
    for _ in range(100):
        answer = http.get(f"/webhook_result/{request_id}")
        if answer.status_code == 200:
            body: dict[str, Any] = answer.json()
            return body
        clock.pause(0.05)
    raise AssertionError("no result came")


def test_a_number_comes_to_the_webhook(sandbox: RunningSandbox, http: httpx.Client, hook: Receiver) -> None:
    now = asked(http, webhook_url=hook.url)
    assert "phone_numbers" not in now["person"]
    later = json.loads(hook.take().body)
    assert (later["status"], later["request_id"]) == ("success", now["request_id"])
    (found,) = later["people"]
    assert found["id"] == now["person"]["id"]
    assert found["phone_numbers"][0]["sanitized_number"].startswith("+1202555")
    assert found["phone_numbers"][0]["type_cd"] == "mobile"
    assert later["credits_consumed"] == 8.0
    assert consumed(sandbox) == 9


def test_a_webhook_may_come_twice(sandbox: RunningSandbox, http: httpx.Client, hook: Receiver) -> None:
    sandbox.control("POST", "apollo/account", {"copies": 2})
    asked(http, webhook_url=hook.url)
    assert hook.take().body == hook.take().body


def test_nobody_has_no_number_and_costs_nothing(sandbox: RunningSandbox, http: httpx.Client, hook: Receiver) -> None:
    asked(http, UNKNOWN, webhook_url=hook.url)
    assert json.loads(hook.take().body)["people"] == []
    assert consumed(sandbox) == 0


def test_many_at_once(http: httpx.Client, hook: Receiver) -> None:
    answer = http.post(
        "/people/bulk_match",
        params={"reveal_phone_number": "true", "webhook_url": hook.url},
        json={"details": [{"email": UNKNOWN}, {"email": KNOWN}]},
    ).json()
    later = json.loads(hook.take().body)
    assert [each["id"] for each in later["people"]] == [answer["matches"][1]["id"]]
    assert later["request_id"] == answer["request_id"]


def test_those_who_ask_again(sandbox: RunningSandbox, http: httpx.Client) -> None:
    sandbox.control("POST", "apollo/account", {"delay_seconds": 600})
    request_id = asked(http, poll_only="true")["request_id"]
    pending = http.get(f"/webhook_result/{request_id}")
    assert pending.status_code == 404
    assert (pending.json()["error_code"], pending.json()["retry_after_seconds"]) == ("result_pending", 10)
    sandbox.control("POST", "apollo/account", {"age_days": 1})
    assert result(http, request_id)["people"][0]["phone_numbers"]
    sandbox.control("POST", "apollo/account", {"age_days": 30})
    expired = http.get(f"/webhook_result/{request_id}")
    assert (expired.status_code, expired.json()["error_code"]) == (410, "request_id_expired")


def test_a_webhook_that_nobody_took_can_be_asked_for(sandbox: RunningSandbox, http: httpx.Client) -> None:
    request_id = asked(http, webhook_url="http://127.0.0.1:9/nobody")["request_id"]
    assert result(http, request_id)["status"] == "success"


@pytest.mark.parametrize(
    ("request_id", "status", "code"),
    [
        ("-7", 404, "request_id_unknown"),
        ("seven", 400, "invalid_request_id"),
        (str(2**63), 400, "invalid_request_id"),
        (str(-(2**63)), 404, "request_id_unknown"),
    ],
)
def test_ids_that_are_none(http: httpx.Client, request_id: str, status: int, code: str) -> None:
    answer = http.get(f"/webhook_result/{request_id}")
    assert (answer.status_code, answer.json()["error_code"]) == (status, code)


@pytest.mark.parametrize("more", [{}, {"webhook_url": ""}, {"webhook_url": "ftp://x.example/"}])
def test_without_a_webhook_no_number(sandbox: RunningSandbox, http: httpx.Client, more: dict[str, str]) -> None:
    refused = http.post("/people/match", params={"email": KNOWN, "reveal_phone_number": "true", **more})
    assert refused.status_code == 400
    assert "webhook_url" in refused.json()["error"]
    assert consumed(sandbox) == 0


def test_results_are_kept_thirty_days() -> None:
    phones = Phones(delay_seconds=0)
    phones.search(-5, {"status": "success"}, "")
    at = clock.now()
    assert phones.look(-5, at + KEPT_MILLISECONDS - clock.MINUTE)[0] == 200
    assert phones.look(-5, at + KEPT_MILLISECONDS + clock.MINUTE)[0] == 410
