"""Apollo's answers: whose they are, what they leave out, and what is not worth waiting for."""

import json

import pytest

from handoff.clients.apollo import LARGEST_ANSWER, ApolloError, ApolloHook
from handoff.clients.stores import LocalStore
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
