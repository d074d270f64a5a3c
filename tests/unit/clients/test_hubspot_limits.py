"""What HubSpot's headers say, and when its day ends."""

from datetime import UTC, datetime

import pytest

from handoff.clients.budget import Policy
from handoff.clients.hubspot_limits import ASSOCIATIONS, SEARCH, TEN_SECONDLY, day_ends, policy_of, told
from handoff.clients.window import Limit

HEADERS = {
    "x-hubspot-ratelimit-max": "190",
    "x-hubspot-ratelimit-interval-milliseconds": "10000",
    "x-hubspot-ratelimit-daily": "650000",
    "x-hubspot-ratelimit-daily-remaining": "0",
}


def test_headers_name_the_limits() -> None:
    assert told(HEADERS) == ((Limit(190, 10_000),), (650_000, 0))


@pytest.mark.parametrize("nonsense", ["", "-1", "many", "1e9", "٥", "9" * 30])
def test_nonsense_says_nothing(nonsense: str) -> None:
    assert told(dict.fromkeys(HEADERS, nonsense)) == ((), None)


def test_oauth_apps_have_no_daily_headers() -> None:
    assert told({name: value for name, value in HEADERS.items() if "daily" not in name}).day is None


@pytest.mark.parametrize(
    ("path", "policy"),
    [
        ("/crm/objects/2026-09/contacts/search", SEARCH),
        ("/crm/v3/objects/contacts/search", SEARCH),
        ("/crm/objects/2026-09/contacts/7", TEN_SECONDLY),
        ("/crm/associations/2026-09/contacts/companies/batch/read", ASSOCIATIONS),
        ("/crm/v4/associations/contacts/companies/batch/read", ASSOCIATIONS),
    ],
)
def test_each_path_has_its_policy(path: str, policy: Policy) -> None:
    assert policy_of(path) is policy


@pytest.mark.parametrize(
    ("now", "zone", "ends"),
    [
        ("2026-11-24T04:59:59", "America/New_York", "2026-11-24T05:00:00"),
        ("2026-11-24T05:00:00", "America/New_York", "2026-11-25T05:00:00"),
        # The day on which clocks go back has 25 hours.
        ("2026-11-01T05:30:00", "America/New_York", "2026-11-02T05:00:00"),
        ("2026-11-24T10:20:30", "Asia/Kolkata", "2026-11-24T18:30:00"),
        ("2026-11-24T10:20:30", "", "2026-11-24T11:00:00"),
        ("2026-11-24T10:20:30", "No/Where", "2026-11-24T11:00:00"),
        ("2026-11-24T10:20:30", "../../etc/passwd", "2026-11-24T11:00:00"),
    ],
)
def test_the_day_ends_at_the_portals_midnight(now: str, zone: str, ends: str) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert day_ends(at, zone) == datetime.fromisoformat(ends).replace(tzinfo=UTC)
