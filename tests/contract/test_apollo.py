"""Apollo's enrichment endpoints."""

import httpx
import pytest

from sandbox.apollo.account import Account
from sandbox.company.people import organization_of, person_of
from sandbox.settings import Settings
from sandbox.testing import running_sandbox

SEED = Settings().seed
EMAILS = [f"robin.lane{n}@amber-bank.example" for n in range(40)]
KNOWN = next(e for e in EMAILS if person_of(e, SEED).in_apollo)
UNKNOWN = next(e for e in EMAILS if not person_of(e, SEED).in_apollo)


def credits_left(http: httpx.Client) -> int:
    stats = http.post("/usage_stats/credit_usage_stats").json()
    left: int = stats["credit_usage_stats"]["lead_credit"]["left_over"]
    return left


def test_a_wrong_key_is_plain_text(apollo_http: httpx.Client) -> None:
    response = httpx.post(f"{apollo_http.base_url}people/match", params={"email": KNOWN})
    assert response.status_code == 401
    assert response.headers["content-type"].startswith("text/plain")
    assert response.text.startswith("Invalid API key.")
    assert not [name for name in response.headers if name.startswith("x-rate-limit")]


def test_a_person_costs_a_credit_and_nobody_costs_none(apollo_http: httpx.Client) -> None:
    before = credits_left(apollo_http)
    found = apollo_http.post("/people/match", params={"email": KNOWN}).json()
    assert found["person"]["email"] == KNOWN
    assert found["person"]["organization"]["primary_domain"] == "amber-bank.example"
    assert found["person"]["organization"]["annual_revenue"]
    assert credits_left(apollo_http) == before - 1
    missing = apollo_http.post("/people/match", params={"email": UNKNOWN})
    assert (missing.status_code, missing.json()["person"]) == (200, None)
    assert credits_left(apollo_http) == before - 1


def test_answers_are_the_same_every_time(apollo_http: httpx.Client) -> None:
    first, again = (apollo_http.post("/people/match", params={"email": KNOWN}).json() for _ in range(2))
    assert first["person"] == again["person"]
    assert first["request_id"] != again["request_id"]


def test_request_ids_are_signed_64_bits(apollo_http: httpx.Client) -> None:
    ids = [apollo_http.post("/people/match", params={"email": UNKNOWN}).json()["request_id"] for _ in range(40)]
    assert len(set(ids)) == 40
    assert -(2**63) <= min(ids) < 0
    assert 2**53 < max(ids) < 2**63


def test_bulk_keeps_places_and_leaves_fields_out(apollo_http: httpx.Client) -> None:
    details = [{"email": UNKNOWN}, {"email": KNOWN}, {"first_name": "Nobody"}]
    answer = apollo_http.post("/people/bulk_match", json={"details": details}).json()
    assert [m and m["email"] for m in answer["matches"]] == [None, KNOWN, None]
    assert (answer["missing_records"], answer["credits_consumed"]) == (2, 1.0)
    single = apollo_http.post("/people/match", params={"email": KNOWN}).json()["person"]["organization"]
    for name in ("annual_revenue", "total_funding", "technology_names", "short_description"):
        assert name in single
        assert name not in answer["matches"][1]["organization"]


@pytest.mark.parametrize("path", ["/people/bulk_match", "/organizations/bulk_enrich"])
def test_no_more_than_ten(apollo_http: httpx.Client, path: str) -> None:
    key, item = ("details", {"email": KNOWN}) if "people" in path else ("domains", "amber-bank.example")
    assert apollo_http.post(path, json={key: [item] * 10}).status_code == 200
    refused = apollo_http.post(path, json={key: [item] * 11})
    assert refused.status_code == 400
    assert refused.json()["error_code"] == "RECORD_LIMIT_EXCEEDED"


def test_organizations(apollo_http: httpx.Client) -> None:
    found = apollo_http.get("/organizations/enrich", params={"domain": "amber-bank.example"}).json()["organization"]
    known = organization_of("amber-bank.example", SEED)
    assert known is not None
    assert (found["name"], found["estimated_num_employees"]) == (known.name, known.employees)
    assert found["industry"] == "banking"
    nothing = apollo_http.get("/organizations/enrich", params={"domain": "gmail.com"})
    assert nothing.json() == {"organization": None}
    assert apollo_http.get("/organizations/enrich").status_code == 422
    answer = apollo_http.post("/organizations/bulk_enrich", json={"domains": ["gmail.com", "amber-bank.example"]})
    assert [o and o["primary_domain"] for o in answer.json()["organizations"]] == [None, "amber-bank.example"]


def test_headers_say_what_is_left(apollo_http: httpx.Client) -> None:
    one, two = (apollo_http.post("/people/match", params={"email": UNKNOWN}).headers for _ in range(2))
    assert one["x-rate-limit-minute"] == "1000"
    assert one["x-rate-limit-24-hour"] == ""
    assert int(one["x-minute-requests-left"]) - int(two["x-minute-requests-left"]) == 1
    assert "retry-after" not in one


def test_a_window_refuses_and_says_which() -> None:
    account = Account(credits=10, limited=True)
    refusals = [account.take("usage_stats/api_usage_stats") for _ in range(201)]
    assert [window for window, _ in refusals] == [None] * 200 + ["minute"]
    assert int(refusals[-1][1]["retry-after"]) >= 1


def test_credits_run_out() -> None:
    with running_sandbox(SANDBOX_APOLLO_CREDITS="1") as sandbox:
        headers = {"X-Api-Key": Settings().apollo_key}
        with httpx.Client(base_url=f"{sandbox.url}/api/v1", headers=headers) as client:
            assert client.post("/people/match", params={"email": KNOWN}).json()["person"]
            refused = client.post("/people/match", params={"email": KNOWN})
            assert refused.status_code == 422
            assert "insufficient credits" in refused.json()["error"]
