"""Apollo's enrichment: people by e-mail address, organizations by domain.

Every answer is paid for, so nothing is asked twice here; a lost answer may have been paid for as well.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any

import httpx
from airflow.sdk import BaseHook

from handoff import connections

Json = dict[str, Any]
Answers = dict[str, Json | None]
Lookup = Callable[[list[str], float], Iterator[tuple[str, Json | None]]]

AT_ONCE = 10
"""Most people or organizations in one request."""
LARGEST_ANSWER = 1_000_000
"""Bytes; a longer answer is not read."""


class ApolloError(RuntimeError):
    """Apollo did not answer; the message names the request, the reason and the remedy."""


class ApolloHook(BaseHook):
    """Looks leads up, within a deadline: the line goes on without what is not known by then.

    .. seealso:: https://docs.apollo.io/reference/bulk-people-enrichment

    :param apollo_conn_id: Airflow connection; `password` is the API key.
    """

    conn_name_attr = "apollo_conn_id"
    default_conn_name = connections.APOLLO
    conn_type = "http"
    hook_name = "Apollo"

    def __init__(self, apollo_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.apollo_conn_id = apollo_conn_id

    @cached_property
    def client(self) -> httpx.Client:
        """The pool of connections, opened at first use; follows no redirect."""
        credentials = connections.get(self.apollo_conn_id)
        return httpx.Client(
            base_url=credentials.host or "https://api.apollo.io", headers={"x-api-key": credentials.password or ""}
        )

    def people(self, emails: Sequence[str], deadline_s: float = 3.0) -> Answers:
        """For each lower-case address the person, or None when Apollo knows nobody, or somebody else, by it.

        An address that is missing in the answer was not looked up: the deadline passed, a limit was reached or
        Apollo failed. Only None is worth remembering.

        Raises:
            ApolloError: nothing at all was answered.
        """
        return self._gather(emails, deadline_s, self._ten_people)

    def organizations(self, domains: Sequence[str], deadline_s: float = 3.0) -> Answers:
        """The same for organizations by domain."""
        return self._gather(domains, deadline_s, self._ten_organizations)

    def _gather(self, keys: Sequence[str], deadline_s: float, ask: Lookup) -> Answers:
        until = time.monotonic() + deadline_s
        answers: Answers = {}
        wanted = list(dict.fromkeys(keys))
        try:
            for start in range(0, len(wanted), AT_ONCE):
                for key, answer in ask(wanted[start : start + AT_ONCE], until):
                    answers[key] = answer
        except ApolloError as problem:
            if not answers:
                raise
            self.log.warning("%d of %d looked up, then: %s", len(answers), len(wanted), problem)
        return answers

    def _ten_people(self, emails: list[str], until: float) -> Iterator[tuple[str, Json | None]]:
        body = {"details": [{"email": each} for each in emails]}
        matches = self._post("people/bulk_match", until, json=body).get("matches") or []
        if len(matches) == len(emails):
            for email, person in zip(emails, matches, strict=True):
                yield email, _if(person, "email", email)
            return
        # The matches stand for the inputs by position only; a list of another length stands for nothing.
        for email in emails:
            yield email, _if(self._post("people/match", until, params={"email": email}).get("person"), "email", email)

    def _ten_organizations(self, domains: list[str], until: float) -> Iterator[tuple[str, Json | None]]:
        found = self._post("organizations/bulk_enrich", until, json={"domains": domains}).get("organizations") or []
        for domain in domains:
            named = (_if(organization, "primary_domain", domain) for organization in found)
            yield domain, next((each for each in named if each), None)

    def _post(self, endpoint: str, until: float, **request: Any) -> Json:
        what = f"Apollo POST {endpoint}"
        remaining = until - time.monotonic()
        if remaining <= 0:
            raise ApolloError(f"{what}: the deadline passed; the next run asks again")
        try:
            with self.client.stream("POST", f"/api/v1/{endpoint}", timeout=remaining, **request) as response:
                content = b""
                for piece in response.iter_bytes():
                    content += piece
                    if len(content) > LARGEST_ANSWER or time.monotonic() > until:
                        raise ApolloError(f"{what}: more than {LARGEST_ANSWER} bytes, or past the deadline; gave it up")
        except httpx.HTTPError as problem:
            raise ApolloError(f"{what}: {type(problem).__name__}: {problem}; the next run asks again") from problem
        try:
            body = json.loads(content)
        except (ValueError, RecursionError):
            body = None
        if response.status_code == httpx.codes.OK and isinstance(body, dict):
            return body
        raise ApolloError(f"{what}: HTTP {response.status_code}: {_reason(content, body)}; {_remedy(response)}")


def _if(found: Any, field: str, wanted: str) -> Json | None:
    """The record if it is about what was asked for."""
    echoed = str(found.get(field) or "") if isinstance(found, dict) else ""
    return found if echoed.strip().lower().removeprefix("www.") == wanted.lower().removeprefix("www.") else None


def _reason(content: bytes, body: Any) -> str:
    said = body if isinstance(body, dict) else {}
    text = said.get("error_message") or said.get("message") or said.get("error") or content.decode("utf-8", "replace")
    return str(text)[:300]


def _remedy(response: httpx.Response) -> str:
    match response.status_code:
        case 401:
            return "put a valid API key into the connection's password"
        case 402 | 422:
            return "look at the credits that are left in Apollo's settings"
        case 403:
            return "allow this endpoint for the API key in Apollo's settings"
        case 429:
            return f"wait {response.headers.get('retry-after') or 'for the next window'} s, or raise the plan's limit"
    return "the next run asks again"
