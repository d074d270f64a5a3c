"""Apollo on a bad day: somebody else, nobody, too few, refusals, and answers that no client should read to the end."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sandbox.apollo.matching import LOCKED_EMAIL
from sandbox.company.people import organization_of, person_of
from sandbox.settings import Settings
from sandbox.testing import RunningSandbox, running_sandbox

SEED = Settings().seed
DOMAIN = "amber-bank.example"
EMAILS = [f"robin.lane{n}@{DOMAIN}" for n in range(40)]
KNOWN, ALSO_KNOWN = [email for email in EMAILS if person_of(email, SEED).in_apollo][:2]
UNKNOWN = next(email for email in EMAILS if not person_of(email, SEED).in_apollo)


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: RunningSandbox) -> RunningSandbox:
    running.control("POST", "reset")
    return running


@pytest.fixture
def http(sandbox: RunningSandbox) -> Iterator[httpx.Client]:
    headers = {"X-Api-Key": Settings().apollo_key}
    with httpx.Client(base_url=f"{sandbox.url}/api/v1", headers=headers, timeout=60) as client:
        yield client


def person(http: httpx.Client, email: str = KNOWN) -> Any:
    answer = http.post("/people/match", params={"email": email})
    assert answer.status_code == 200
    return answer.json()["person"]


def bulk(http: httpx.Client, *emails: str) -> dict[str, Any]:
    answer = http.post("/people/bulk_match", json={"details": [{"email": email} for email in emails]})
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


def windows(response: httpx.Response) -> list[str]:
    return sorted(name for name in response.headers if name.startswith("x-") or name == "retry-after")


WINDOWS = sorted(
    name
    for window in ("minute", "hourly", "24-hour")
    for name in (f"x-rate-limit-{window}", f"x-{window}-usage", f"x-{window}-requests-left")
)


def test_nobody_is_known_today(sandbox: RunningSandbox, http: httpx.Client) -> None:
    sandbox.control("POST", "faults", {"kind": "nobody"})
    assert person(http) is None
    assert bulk(http, KNOWN, ALSO_KNOWN)["matches"] == [None, None]
    assert http.get("/organizations/enrich", params={"domain": DOMAIN}).json() == {"organization": None}
    assert sandbox.control("GET", "apollo/account")["consumed"] == 0


def test_a_match_that_is_a_colleague(sandbox: RunningSandbox, http: httpx.Client) -> None:
    sandbox.control("POST", "faults", {"kind": "tied", "path": "people"})
    stranger = person(http)
    assert stranger["email"] not in (KNOWN, ALSO_KNOWN)
    assert stranger["email"].endswith(f"@{DOMAIN}")
    assert stranger["organization"]["primary_domain"] == DOMAIN
    assert person(http, stranger["email"])["email"] != stranger["email"]


def test_two_inputs_and_one_record(sandbox: RunningSandbox, http: httpx.Client) -> None:
    assert bulk(http, KNOWN, ALSO_KNOWN)["unique_enriched_records"] == 2
    sandbox.control("POST", "faults", {"kind": "tied"})
    answer = bulk(http, KNOWN, ALSO_KNOWN)
    assert answer["matches"][0] == answer["matches"][1]
    assert (answer["unique_enriched_records"], answer["missing_records"]) == (1, 0)


def test_a_company_of_the_same_name(sandbox: RunningSandbox, http: httpx.Client) -> None:
    known = organization_of(DOMAIN, SEED)
    assert known is not None
    sandbox.control("POST", "faults", {"kind": "tied"})
    single = http.get("/organizations/enrich", params={"domain": DOMAIN}).json()["organization"]
    (many,) = http.post("/organizations/bulk_enrich", json={"domains": [DOMAIN]}).json()["organizations"]
    assert single == many
    assert (single["name"], single["primary_domain"]) == (known.name, "amber-bank-group.example")


def test_fewer_answers_than_questions(sandbox: RunningSandbox, http: httpx.Client) -> None:
    sandbox.control("POST", "faults", {"kind": "short_matches", "count": 2, "at": [1]})
    short = bulk(http, UNKNOWN, KNOWN, ALSO_KNOWN)
    assert short["matches"] == [None]
    assert short["total_requested_enrichments"] == 3
    assert [m and m["email"] for m in bulk(http, UNKNOWN, KNOWN)["matches"]] == [None, KNOWN]


def test_a_locked_address(sandbox: RunningSandbox, http: httpx.Client) -> None:
    sandbox.control("POST", "faults", {"kind": "locked_email", "times": 1})
    locked = person(http)
    assert (locked["email"], locked["email_status"]) == (LOCKED_EMAIL, "unavailable")
    assert {**person(http), "email": LOCKED_EMAIL, "email_status": "unavailable"} == locked


def test_credits_run_out_in_the_middle(sandbox: RunningSandbox, http: httpx.Client) -> None:
    sandbox.control("POST", "apollo/account", {"credits": 2})
    assert person(http)
    assert person(http)
    refused = http.post("/people/match", params={"email": KNOWN})
    assert refused.status_code == 422
    assert refused.json() == {
        "error": "You have insufficient credits to perform this action.",
        "error_code": "INSUFFICIENT_CREDITS",
    }
    assert http.post("/people/bulk_match", json={"details": [{"email": KNOWN}]}).status_code == 422
    assert http.get("/organizations/enrich", params={"domain": DOMAIN}).status_code == 422
    sandbox.control("POST", "apollo/account", {"credits": 1})
    assert person(http)


def test_an_endpoint_that_the_key_does_not_open(sandbox: RunningSandbox, http: httpx.Client) -> None:
    sandbox.control("POST", "apollo/account", {"inaccessible": ["people/match"]})
    refused = http.post("/people/match", params={"email": KNOWN})
    assert (refused.status_code, refused.json()["error_code"]) == (403, "API_INACCESSIBLE")
    assert windows(refused) == []
    assert bulk(http, KNOWN)["matches"][0]
    sandbox.control("POST", "apollo/account", {"inaccessible": []})
    assert person(http)


@pytest.mark.parametrize(
    ("method", "path", "request_", "status", "said"),
    [
        ("POST", "/people/match", {}, 400, {"error_code": "INVALID_REQUEST"}),
        ("POST", "/people/bulk_match", {"json": {}}, 400, {"error_code": "INVALID_REQUEST"}),
        ("POST", "/people/bulk_match", {"json": {"details": {"email": KNOWN}}}, 422, {"error_code": "UNKNOWN_ERROR"}),
        ("POST", "/people/bulk_match", {"json": {"details": [[KNOWN]]}}, 422, {"error_code": "UNKNOWN_ERROR"}),
        ("GET", "/organizations/enrich", {}, 422, {"error": "Required parameter 'domain' missing"}),
        ("POST", "/organizations/bulk_enrich", {"json": {}}, 422, {"error": "Required parameter 'domains' missing"}),
    ],
)
def test_requests_that_are_refused(
    http: httpx.Client, method: str, path: str, request_: dict[str, Any], status: int, said: dict[str, str]
) -> None:
    refused = http.request(method, path, **request_)
    assert refused.status_code == status
    assert refused.json() | said == refused.json()
    assert windows(refused) == WINDOWS


def test_a_window_that_is_full_says_so_in_headers(sandbox: RunningSandbox, http: httpx.Client) -> None:
    path = "/usage_stats/credit_usage_stats"
    answers = [http.post(path) for _ in range(201)]
    assert {answer.status_code for answer in answers[:200]} == {200}
    assert windows(answers[199]) == WINDOWS
    refused = answers[200]
    assert (refused.status_code, windows(refused)) == (429, sorted([*WINDOWS, "retry-after"]))
    assert refused.headers["x-minute-requests-left"] == "0"
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert "is 200 times per minute" in refused.json()["message"]
    assert person(http)
    stranger = httpx.post(f"{sandbox.url}/api/v1{path}", headers={"X-Api-Key": "guessed"})
    assert (stranger.status_code, windows(stranger)) == (401, [])


def test_fifty_megabytes(sandbox: RunningSandbox, http: httpx.Client) -> None:
    sandbox.control("POST", "faults", {"kind": "huge", "times": 1})
    with http.stream("POST", "/people/match", params={"email": KNOWN}) as response:
        assert response.status_code == 200
        assert sum(len(piece) for piece in response.iter_bytes()) > 50_000_000
    assert person(http)


def test_lists_without_end(sandbox: RunningSandbox, http: httpx.Client) -> None:
    sandbox.control("POST", "faults", {"kind": "deep", "times": 1})
    answer = http.post("/people/match", params={"email": KNOWN})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    with pytest.raises(RecursionError):
        json.loads(answer.text)
    assert person(http)


def test_a_page_instead_of_an_answer(sandbox: RunningSandbox, http: httpx.Client) -> None:
    sandbox.control("POST", "faults", {"kind": "html_ok", "times": 1})
    answer = http.post("/people/match", params={"email": KNOWN})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert sandbox.control("GET", "apollo/account")["consumed"] == 1


def test_an_answer_in_drops(sandbox: RunningSandbox, http: httpx.Client) -> None:
    whole = person(http)
    sandbox.control("POST", "faults", {"kind": "trickle", "seconds": 2, "times": 2})
    with http.stream("POST", "/people/match", params={"email": KNOWN}) as response:
        pieces = list(response.iter_raw())
    assert "content-length" not in response.headers
    assert len(pieces) > 10
    assert json.loads(b"".join(pieces))["person"] == whole
    # Each piece comes soon enough: a limit on each read alone would wait for the end.
    assert http.post("/people/match", params={"email": KNOWN}, timeout=1).json()["person"] == whole


def test_an_answer_that_lets_one_wait(sandbox: RunningSandbox, http: httpx.Client) -> None:
    sandbox.control("POST", "faults", {"kind": "latency", "seconds": 2, "path": "people/match", "times": 1})
    with pytest.raises(httpx.ReadTimeout):
        http.post("/people/match", params={"email": KNOWN}, timeout=0.3)
    assert person(http)
