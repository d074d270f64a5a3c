"""Apollo's answers: whose they are, what they leave out, and what is not worth waiting for."""

import json

import pytest

from handoff.clients.apollo import LARGEST_ANSWER, ApolloError, ApolloHook
from handoff.clients.apollo_limits import policy_of
from handoff.clients.breaker import FAILURES
from handoff.clients.stores import LocalStore
from handoff.clients.window import Limit
from tests.unit.vendor import Answer, Vendor


@pytest.fixture
def hook(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> ApolloHook:
    value = {"conn_type": "http", "host": vendor.url, "password": "key"}
    monkeypatch.setenv("AIRFLOW_CONN_APOLLO", json.dumps(value))
    return ApolloHook(store=LocalStore())


def person(email: str | None) -> dict:
    return {"id": "p", "email": email, "title": "VP Sales"}


def matches(*found: dict | None) -> dict:
    return {"status": "success", "matches": list(found)}


def emails(count: int) -> list[str]:
    return [f"p{each}@acme.example" for each in range(count)]


def test_a_null_stands_in_its_place(hook: ApolloHook, vendor: Vendor) -> None:
    vendor.will(matches(person("a@x.example"), None, person("C@x.example")))
    found = hook.people(["a@x.example", "b@x.example", "c@x.example"])
    assert found == {"a@x.example": person("a@x.example"), "b@x.example": None, "c@x.example": person("C@x.example")}
    assert vendor.asked[0].headers["x-api-key"] == "key"
    assert vendor.asked[0].path == "/api/v1/people/bulk_match"


@pytest.mark.parametrize("echoed", ["other@x.example", None, "email_not_unlocked@domain.com"])
def test_somebody_else_is_nobody(hook: ApolloHook, vendor: Vendor, echoed: str | None) -> None:
    vendor.will(matches(person(echoed)))
    assert hook.people(["a@x.example"]) == {"a@x.example": None}


def test_matches_of_another_length_are_asked_for_one_by_one(hook: ApolloHook, vendor: Vendor) -> None:
    vendor.will(matches(person("b@x.example")), {"person": None}, {"person": person("b@x.example")})
    assert hook.people(["a@x.example", "b@x.example"]) == {"a@x.example": None, "b@x.example": person("b@x.example")}
    assert [each.query.get("email") for each in vendor.asked[1:]] == [["a@x.example"], ["b@x.example"]]


def test_ten_at_once_each_once(hook: ApolloHook, vendor: Vendor) -> None:
    vendor.will(matches(*[None] * 10), matches(*[None] * 10), matches(*[None] * 5))
    assert len(hook.people([*emails(25), *emails(3)])) == 25
    assert [len(each.body["details"]) for each in vendor.asked] == [10, 10, 5]


def test_organizations_are_known_by_the_domain_they_echo(hook: ApolloHook, vendor: Vendor) -> None:
    acme = {"primary_domain": "www.acme.example", "estimated_num_employees": 250}
    vendor.will({"organizations": [{"primary_domain": "parent.example"}, None, acme]})
    assert hook.organizations(["acme.example", "sub.example"]) == {"acme.example": acme, "sub.example": None}


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer(401, b"Invalid API key. See https://docs.apollo.io", {"Content-Type": "text/plain"}), "valid API key"),
        (Answer(402, {"error": "insufficient credits"}), "credits"),
        (Answer(403, {"error": "no", "error_code": "API_INACCESSIBLE"}), "allow this endpoint"),
        (Answer(422, {"error_message": "insufficient credits"}), "credits"),
        (Answer(429, {"message": "600 times per hour"}, {"retry-after": "17"}), "600 times per hour; wait 17 s"),
        (Answer(500), "next run"),
        (Answer(200, b"<html>"), "HTTP 200"),
        (Answer(200, b"[" * 100_000), "HTTP 200"),
        (Answer(200, b'"' + b"x" * LARGEST_ANSWER + b'"'), "bytes"),
        (Answer(302, b"", {"Location": "http://127.0.0.1:1/"}), "HTTP 302"),
        (Answer(drop=True), "next run"),
    ],
    ids=lambda value: f"{value.status}-{str(value.body)[:10]}" if isinstance(value, Answer) else None,
)
def test_a_failure_is_typed_and_not_repeated(hook: ApolloHook, vendor: Vendor, answer: Answer, says: str) -> None:
    vendor.will(answer)
    with pytest.raises(ApolloError, match=says):
        hook.people(["a@x.example"])
    assert len(vendor.asked) == 1


def test_what_was_answered_before_a_failure_is_kept(hook: ApolloHook, vendor: Vendor) -> None:
    vendor.will(matches(*[None] * 10), Answer(429, {"message": "limit"}))
    assert sorted(hook.people(emails(25))) == sorted(emails(10))
    assert len(vendor.asked) == 2


def test_past_the_deadline_nothing_is_asked(hook: ApolloHook, vendor: Vendor) -> None:
    vendor.will(matches(None))
    with pytest.raises(ApolloError, match="deadline"):
        hook.people(["a@x.example"], deadline_s=0.0)
    assert vendor.asked == []


def test_nobody_wanted_is_nothing_asked(hook: ApolloHook, vendor: Vendor) -> None:
    assert hook.people([]) == {}
    assert vendor.asked == []


def test_an_endpoint_that_somebody_else_has_used_up_is_left_alone(hook: ApolloHook, vendor: Vendor) -> None:
    left = {"x-rate-limit-minute": "50", "x-minute-requests-left": "0", "x-rate-limit-hourly": ""}
    vendor.will(Answer(200, matches(None), left))
    assert hook.people(["a@x.example"]) == {"a@x.example": None}
    with pytest.raises(ApolloError, match="no place within people/bulk_match"):
        hook.people(["b@x.example"])
    assert len(vendor.asked) == 1
    vendor.will({"organizations": []})
    assert hook.organizations(["x.example"]) == {"x.example": None}


def test_the_smallest_plan_is_assumed_until_it_says_otherwise(hook: ApolloHook, vendor: Vendor) -> None:
    vendor.will(matches(*[None] * 10))
    assert len(hook.people(emails(250), deadline_s=20)) == 200
    vendor.will(Answer(200, matches(*[None] * 10), {"x-rate-limit-minute": "1000"}))
    hook.budget.learn(policy_of("people/bulk_match"), (Limit(1000, 60_000),))
    assert len(hook.people(emails(250), deadline_s=20)) == 250


@pytest.mark.parametrize("fault", [Answer(500), Answer(200, b"<html>"), Answer(drop=True)], ids=str)
def test_apollo_that_is_down_is_left_alone(hook: ApolloHook, vendor: Vendor, fault: Answer) -> None:
    vendor.will(fault)
    for _ in range(FAILURES):
        with pytest.raises(ApolloError, match="next run"):
            hook.people(["a@x.example"])
    with pytest.raises(ApolloError, match="breaker open"):
        hook.organizations(["x.example"])
    assert len(vendor.asked) == FAILURES
