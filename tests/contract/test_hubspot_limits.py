"""HubSpot's three rate limits, as pure buckets and over HTTP."""

import httpx

from sandbox.hubspot.limits import Limits
from sandbox.settings import Settings
from sandbox.testing import running_sandbox

DAY = 86_400_000
NEW_YORK_MIDNIGHT = 1_790_222_400_000
"""2026-09-24T04:00:00Z."""


def test_five_searches_in_any_second() -> None:
    limits = Limits()
    assert [limits.take(1000 + i * 10, search=True, exempt=False) for i in range(6)] == [None] * 5 + ["SECONDLY"]
    assert limits.take(1999, search=True, exempt=False) == "SECONDLY"
    assert limits.take(2000, search=True, exempt=False) is None


def test_190_requests_in_any_ten_seconds_and_searches_are_exempt() -> None:
    limits = Limits()
    refused = [limits.take(5000, search=False, exempt=False) for _ in range(191)]
    assert refused == [None] * 190 + ["TEN_SECONDLY_ROLLING"]
    assert limits.take(5000, search=True, exempt=False) is None
    assert limits.take(5000, search=False, exempt=True) is None
    assert limits.take(14_999, search=False, exempt=False) == "TEN_SECONDLY_ROLLING"
    assert limits.take(15_000, search=False, exempt=False) is None


def test_the_day_ends_at_the_portal_s_midnight() -> None:
    limits = Limits(per_day=2)
    before = NEW_YORK_MIDNIGHT - 1
    assert [limits.take(before, search=False, exempt=True) for _ in range(3)] == [None, None, "DAILY"]
    assert limits.take(NEW_YORK_MIDNIGHT, search=False, exempt=True) is None
    assert limits.headers()["X-HubSpot-RateLimit-Daily-Remaining"] == "1"


def test_the_three_bodies_over_http() -> None:
    with running_sandbox() as sandbox:
        headers = {"Authorization": f"Bearer {Settings().hubspot_token}"}
        with httpx.Client(base_url=sandbox.url, headers=headers) as client:
            sandbox.control("POST", "limits", {"per_second": 1, "per_ten_seconds": 1})
            path, seen = "/crm/objects/2026-09/contacts", {}
            for _ in range(3):
                answer = client.post(f"{path}/search", json={})
                seen[answer.status_code] = answer
            assert seen[429].json()["policyName"] == "SECONDLY"
            assert seen[429].json()["message"] == "You have reached your secondly limit."
            assert not [name for name in seen[429].headers if "ratelimit" in name]
            client.get(path)
            general = client.get(path)
            assert general.json()["policyName"] == "TEN_SECONDLY_ROLLING"
            assert general.json()["groupName"].startswith("publicapi:")
            assert general.headers["x-hubspot-ratelimit-remaining"] == "0"
            sandbox.control("POST", "limits", {"per_day": 0})
            daily = client.get(path).json()
            assert (daily["errorType"], daily["policyName"]) == ("RATE_LIMIT", "DAILY")
            refused = sandbox.control("GET", "limits")["refused"]
            assert min(refused.values()) >= 1


def test_peaks_count_what_was_refused_too() -> None:
    limits = Limits()
    for at in (1000, 1100, 1200, 1300, 1400, 1450, 1500, 2399, 2400):
        limits.take(at, search=True, exempt=False)
    for at in (0, 5000, 9999, 10_000, 10_001):
        limits.take(at, search=False, exempt=False)
    limits.take(10_001, search=False, exempt=True)
    assert limits.usage()["peaks"] == {"searches_per_second": 7, "requests_per_ten_seconds": 4}
    limits.forget()
    limits.take(30_000, search=True, exempt=False)
    assert limits.usage()["peaks"] == {"searches_per_second": 1, "requests_per_ten_seconds": 0}
    assert limits.usage()["refused"] == {"DAILY": 0, "TEN_SECONDLY_ROLLING": 0, "SECONDLY": 0}


def test_peaks_over_http() -> None:
    with running_sandbox() as sandbox:
        headers = {"Authorization": f"Bearer {Settings().hubspot_token}"}
        with httpx.Client(base_url=sandbox.url, headers=headers) as client:
            sandbox.control("POST", "limits", {"per_second": 1})
            for _ in range(4):
                client.post("/crm/objects/2026-09/contacts/search", json={})
            client.get("/crm/owners/2026-09")
            client.post("/crm/associations/2026-09/contacts/companies/batch/read", json={"inputs": []})
        used = sandbox.control("GET", "limits")
        assert used["peaks"]["searches_per_second"] > used["per_second"]
        assert used["peaks"]["requests_per_ten_seconds"] == 1
        again = sandbox.control("DELETE", "limits")
        assert again["peaks"] == {"searches_per_second": 0, "requests_per_ten_seconds": 0}
