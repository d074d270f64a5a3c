"""Apollo's enrichment: people by e-mail address, organizations by domain.

Every answer is paid for, so nothing is asked twice here; a lost answer may have been paid for as well.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any

import httpx
from airflow.sdk import BaseHook

from handoff import connections
from handoff.clients import apollo_limits
from handoff.clients.apollo_answers import Json, about, body_of, reason, remedy
from handoff.clients.budget import Budget, NotAsked
from handoff.clients.retry_after import seconds
from handoff.clients.stores import Store
from handoff.clients.tls import trusted
from handoff.clients.window import Lane

Answers = dict[str, Json | None]
Lookup = Callable[[list[str], float], Iterator[tuple[str, Json | None]]]

AT_ONCE = 10
"""Most people or organizations in one request."""
LARGEST_ANSWER = 1_000_000
"""Bytes; a longer answer is not read."""
LONGEST_WAIT_S = 1.0
"""For a place within Apollo's limits: a rep waits for the lead."""
FAIR_S = 1.0
"""An answer that was given less time than this says nothing about Apollo when it does not come."""


class ApolloError(RuntimeError):
    """Apollo did not answer; the message names the request, the reason and the remedy."""


class Unusable(ApolloError):
    """Apollo failed: no answer in a fair time, a fault, or one that cannot be read."""


class ApolloHook(BaseHook):
    """Looks leads up, within a deadline: the line goes on without what is not known by then.

    .. seealso:: https://docs.apollo.io/reference/bulk-people-enrichment

    :param apollo_conn_id: Airflow connection; `password` is the API key.
    :param lane: `background` leaves the line its share of every limit.
    :param store: where limits and breaker are kept, None for the ledger.
    :param sleep: waits that many seconds.
    """

    conn_name_attr = "apollo_conn_id"
    default_conn_name = connections.APOLLO
    conn_type = "http"
    hook_name = "Apollo"

    def __init__(
        self,
        apollo_conn_id: str = default_conn_name,
        *,
        lane: Lane = "line",
        store: Store | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__()
        self.apollo_conn_id = apollo_conn_id
        self.budget = Budget("apollo", lane=lane, store=store, sleep=sleep)

    @property
    def waited_s(self) -> float:
        """Seconds that this hook's requests have waited for Apollo's limits."""
        return self.budget.waited_s

    @cached_property
    def client(self) -> httpx.Client:
        """The pool of connections, opened at first use; follows no redirect."""
        credentials = connections.get(self.apollo_conn_id)
        return httpx.Client(
            base_url=credentials.host or "https://api.apollo.io",
            headers={"x-api-key": credentials.password or ""},
            verify=trusted(),
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
                yield email, about(person, "email", email)
            return
        # The matches stand for the inputs by position only; a list of another length stands for nothing.
        for email in emails:
            yield email, about(self._post("people/match", until, params={"email": email}).get("person"), "email", email)

    def _ten_organizations(self, domains: list[str], until: float) -> Iterator[tuple[str, Json | None]]:
        found = self._post("organizations/bulk_enrich", until, json={"domains": domains}).get("organizations") or []
        for domain in domains:
            named = (about(organization, "primary_domain", domain) for organization in found)
            yield domain, next((each for each in named if each), None)

    def _post(self, endpoint: str, until: float, **request: Any) -> Json:
        what, policy = f"Apollo POST {endpoint}", apollo_limits.policy_of(endpoint)
        longest_wait_s = min(LONGEST_WAIT_S, max(0.0, until - time.monotonic()))
        try:
            response, content = self.budget.call(
                policy, lambda: self._once(what, endpoint, until, request), _is_fault, longest_wait_s
            )
        except NotAsked as problem:
            raise ApolloError(f"{what}: {problem}; the next run asks again") from problem
        limits, is_used_up = apollo_limits.told(response.headers)
        self.budget.learn(policy, limits)
        if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
            self.budget.block(policy, seconds(response.headers.get("retry-after")))
        elif is_used_up:
            self.budget.block(policy, apollo_limits.USED_UP_S)
        body = body_of(content)
        if response.status_code == httpx.codes.OK and body is not None:
            return body
        raise ApolloError(f"{what}: HTTP {response.status_code}: {reason(content, body)}; {remedy(response)}")

    def _once(self, what: str, endpoint: str, until: float, request: Json) -> tuple[httpx.Response, bytes]:
        remaining = until - time.monotonic()
        if remaining <= 0:
            raise ApolloError(f"{what}: the deadline passed; the next run asks again")
        failed = Unusable if remaining >= FAIR_S else ApolloError
        try:
            with self.client.stream("POST", f"/api/v1/{endpoint}", timeout=remaining, **request) as response:
                content = b""
                for piece in response.iter_bytes():
                    content += piece
                    if len(content) > LARGEST_ANSWER or time.monotonic() > until:
                        raise failed(f"{what}: more than {LARGEST_ANSWER} bytes, or past the deadline; gave it up")
        except httpx.HTTPError as problem:
            raise failed(f"{what}: {type(problem).__name__}: {problem}; the next run asks again") from problem
        if response.is_server_error or (response.is_success and body_of(content) is None):
            raise Unusable(f"{what}: HTTP {response.status_code}: {reason(content, None)}; the next run asks again")
        return response, content


def _is_fault(problem: Exception) -> bool:
    return isinstance(problem, Unusable)
