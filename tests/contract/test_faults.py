"""Faults by plan: what a client sees, and what was done all the same."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from handoff.local import progress
from sandbox.fault_kinds import APOLLO, EDGE, HUBSPOT, KINDS, SLACK
from sandbox.faults import Faults, rule
from sandbox.settings import Settings
from sandbox.testing import RunningSandbox

OBJECTS = "/crm/objects/2026-09/contacts"


@pytest.fixture
def faulty(sandbox_server: RunningSandbox) -> Iterator[RunningSandbox]:
    yield sandbox_server
    sandbox_server.control("DELETE", "faults")


def test_by_number_and_method(faulty: RunningSandbox, hubspot_http: httpx.Client) -> None:
    faulty.control("POST", "faults", {"kind": "status", "status": 503, "path": OBJECTS, "method": "GET", "at": [2, 3]})
    assert [hubspot_http.get(OBJECTS).status_code for _ in range(4)] == [200, 503, 503, 200]
    state = faulty.control("GET", "faults")["faults"][0]
    assert (state["calls"], state["hits"]) == (4, 2)


def test_each_policy_of_a_rate_limit(faulty: RunningSandbox, hubspot_http: httpx.Client) -> None:
    for policy in ("DAILY", "SECONDLY", "TEN_SECONDLY_ROLLING"):
        faulty.control("POST", "faults", {"kind": "rate_limit", "policy": policy})
        response = hubspot_http.get(OBJECTS)
        assert (response.status_code, response.json()["policyName"]) == (429, policy)


def test_garbled_bodies(faulty: RunningSandbox, hubspot_http: httpx.Client) -> None:
    faulty.control("POST", "faults", {"faults": [{"kind": "truncate", "at": [1]}, {"kind": "html", "at": [2]}]})
    cut = hubspot_http.get(OBJECTS)
    assert cut.status_code == 200
    with pytest.raises(ValueError, match=r"Unterminated|Expecting|delimiter"):
        cut.json()
    page = hubspot_http.get(OBJECTS)
    assert (page.status_code, page.headers["content-type"]) == (502, "text/html")


def test_accepted_and_then_cut_off(faulty: RunningSandbox, slack_client: WebClient) -> None:
    faulty.control("POST", "faults", {"kind": "drop_after", "path": "chat.postMessage", "at": [1]})
    with pytest.raises(OSError, match=r"reset|closed|without response"):
        slack_client.chat_postMessage(channel="C0GENERAL0", text="accepted, not answered")
    texts = [m["text"] for m in faulty.control("GET", "slack/messages?channel=C0GENERAL0")["messages"]]
    assert texts.count("accepted, not answered") == 1

    def statuses() -> list[int]:
        logged = faulty.control("GET", "log?path=chat.postMessage&limit=1")["requests"]
        return [each["status"] for each in logged]

    # The log has it once the connection is done with, which is after its other end has heard of that.
    assert progress.wait(lambda: statuses() == [0], timeout_s=10, interval_s=0.05)


def test_cut_off_before_anything_is_done(faulty: RunningSandbox, hubspot_http: httpx.Client) -> None:
    faulty.control("POST", "faults", {"kind": "drop_before", "method": "POST"})
    with pytest.raises(httpx.TransportError):
        hubspot_http.post(OBJECTS, json={"properties": {"email": "never@dropped.example"}})
    faulty.control("DELETE", "faults")
    assert hubspot_http.get(f"{OBJECTS}/never@dropped.example?idProperty=email").status_code == 404


def test_latency_waits_and_then_answers(faulty: RunningSandbox, hubspot_http: httpx.Client) -> None:
    faulty.control("POST", "faults", {"kind": "latency", "seconds": 1.5, "times": 1})
    with pytest.raises(httpx.ReadTimeout):
        hubspot_http.get(OBJECTS, timeout=0.3)
    assert hubspot_http.get(OBJECTS, timeout=1.2).status_code == 200


def test_a_rate_strikes_about_so_often() -> None:
    faults = Faults(seed=1, rules=[rule({"kind": "status", "rate": 0.25})])
    hits = sum(faults.strike("GET", "/x")[1] is not None for _ in range(1000))
    assert 200 < hits < 300


def test_a_vendor_s_own_fault_is_counted_when_it_asks() -> None:
    faults = Faults(
        seed=1, rules=[rule({"kind": "partial", "path": "/read$", "method": "POST", "at": [2], "count": 3})]
    )
    for _ in range(3):
        assert faults.strike("POST", "/a/read") == (0, None), "the edge does not know it"
    asked = [faults.rule_for("partial", "POST", path) for path in ("/a/read", "/a/list", "/a/read", "/a/read")]
    assert [found and found.count for found in asked] == [None, None, 3, None]
    assert not faults.applies("shuffle", "POST", "/a/read")
    assert (faults.rules[0].calls, faults.rules[0].hits) == (3, 1)


@pytest.mark.parametrize(
    ("plan", "struck"),
    [
        ({"every": 3}, [3, 6, 9]),
        ({"at": [1, 4]}, [1, 4]),
        ({"times": 2}, [1, 2]),
        ({"every": 2, "times": 3}, [2, 4, 6]),
        ({"rate": 1.0}, list(range(1, 10))),
    ],
)
@pytest.mark.parametrize("kind", ["status", "shuffle"])
def test_when_a_fault_strikes(kind: str, plan: dict[str, Any], struck: list[int]) -> None:
    faults = Faults(seed=1, rules=[rule({"kind": kind, **plan})])

    if KINDS[kind].by == EDGE:
        assert [n for n in range(1, 10) if faults.strike("GET", "/x")[1]] == struck
    else:
        assert [n for n in range(1, 10) if faults.applies(kind, "GET", "/x")] == struck


def test_every_kind_says_who_applies_it_and_what_it_means() -> None:
    assert {kind.by for kind in KINDS.values()} == {EDGE, HUBSPOT, SLACK, APOLLO}
    assert all(kind.meaning for kind in KINDS.values())


def test_a_credential_that_is_refused(
    faulty: RunningSandbox, hubspot_http: httpx.Client, slack_client: WebClient, apollo_http: httpx.Client
) -> None:
    faulty.control("POST", "faults", {"kind": "unauthorized"})
    refused = hubspot_http.get(OBJECTS)
    assert (refused.status_code, refused.json()["category"]) == (401, "INVALID_AUTHENTICATION")
    with pytest.raises(SlackApiError, match="invalid_auth"):
        slack_client.auth_test()
    enriched = apollo_http.post("/people/match", params={"email": "a@b.example"})
    assert (enriched.status_code, enriched.headers["content-type"]) == (401, "text/plain")


@pytest.mark.parametrize(
    "body", [{"kind": "gremlin"}, {"kind": "status", "when": 3}, {"kind": "status", "path": "("}, {}]
)
def test_a_plan_that_cannot_be_read(sandbox_server: RunningSandbox, body: dict[str, Any]) -> None:
    response = httpx.post(f"{sandbox_server.url}/_sandbox/faults", json=body)
    assert response.status_code == 400
    assert response.json()["message"].startswith("invalid fault: ")


def test_the_log_holds_what_vendors_would_see(sandbox_server: RunningSandbox, hubspot_http: httpx.Client) -> None:
    since = sandbox_server.control("GET", "health")["requests"]
    hubspot_http.get(OBJECTS, params={"limit": 3})
    hubspot_http.get("/crm/owners/2026-09", headers={"Authorization": "Bearer x"})
    entries = sandbox_server.control("GET", f"log?since={since}&vendor=hubspot")["requests"]
    # A request that an earlier test gave up on may end only now.
    mine = [each for each in entries if each["query"] == "limit=3" or each["status"] == 401]
    assert [(e["method"], e["path"], e["query"], e["status"]) for e in mine] == [
        ("GET", OBJECTS, "limit=3", 200),
        ("GET", "/crm/owners/2026-09", "", 401),
    ]
    assert Settings().hubspot_token not in str(entries)
