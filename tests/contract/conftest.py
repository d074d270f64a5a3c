"""The sandbox, and the vendors' own clients pointed at it."""

import itertools
from collections.abc import Callable, Iterator

import httpx
import pytest
from hubspot import HubSpot
from hubspot_sdk import HubSpot as DatedHubSpot
from slack_sdk import WebClient

from sandbox.settings import Settings
from sandbox.testing import RunningSandbox, running_sandbox

DEFAULT = Settings()


@pytest.fixture(scope="module")
def sandbox_server() -> Iterator[RunningSandbox]:
    """150 contacts, nothing happens by itself, no rate limits.

    One per file: what a file of tests makes here is then never met by another, whatever order they are run in.
    """
    with running_sandbox(contacts=150, limits=False) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def hubspot_v3(sandbox_server: RunningSandbox) -> HubSpot:
    """HubSpot's generated client of the v3 and v4 paths."""
    return HubSpot(access_token=DEFAULT.hubspot_token, host=sandbox_server.url)


@pytest.fixture(scope="module")
def hubspot_dated(sandbox_server: RunningSandbox) -> DatedHubSpot:
    """HubSpot's generated client of the 2026-03 paths."""
    return DatedHubSpot(access_token=DEFAULT.hubspot_token, base_url=sandbox_server.url, max_retries=0)


@pytest.fixture(scope="module")
def hubspot_http(sandbox_server: RunningSandbox) -> Iterator[httpx.Client]:
    """Plain HTTP, for the 2026-09 paths that no published client has."""
    headers = {"Authorization": f"Bearer {DEFAULT.hubspot_token}"}
    with httpx.Client(base_url=sandbox_server.url, headers=headers) as client:
        yield client


@pytest.fixture(scope="module")
def slack_client(sandbox_server: RunningSandbox) -> WebClient:
    """Slack's own client."""
    return WebClient(token=DEFAULT.slack_token, base_url=f"{sandbox_server.url}/api/", retry_handlers=[])


@pytest.fixture(scope="module")
def apollo_http(sandbox_server: RunningSandbox) -> Iterator[httpx.Client]:
    """Apollo has no client package."""
    headers = {"X-Api-Key": DEFAULT.apollo_key}
    with httpx.Client(base_url=f"{sandbox_server.url}/api/v1", headers=headers) as client:
        yield client


@pytest.fixture(scope="module")
def new_email() -> Callable[[], str]:
    """An address that no contact has."""
    numbers = itertools.count(1)
    return lambda: f"contract.test{next(numbers)}@unheard-of.example"
