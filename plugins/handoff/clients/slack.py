"""Slack's Web API, as the messages use it.

Methods: https://docs.slack.dev/reference/methods
"""

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache, cached_property
from typing import Any

from airflow.sdk import BaseHook
from slack_sdk import WebClient

from handoff import connections
from handoff.clients.budget import Budget, NotAsked, Policy
from handoff.clients.slack_errors import NoClearAnswer, NotSent, Refused, is_fault
from handoff.clients.slack_wire import once
from handoff.clients.stores import Store
from handoff.clients.tls import trusted
from handoff.clients.window import Lane, Limit

TIMEOUT_S = 8
EVENT_TYPE = "handoff"
"""`metadata.event_type` of our messages; `event_payload.dedupe_key` names the effect."""
POST = "chat.postMessage"
A_SECOND = (Limit(1, 1000),)
"""Messages, per channel. Slack tolerates short bursts and promises none."""
A_MINUTE = {"conversations.list": 20, "chat.postEphemeral": 100, "views.open": 100}
"""Calls of a method, by Slack's tiers; 50 for those that are not named."""
LONGEST_WAIT_S = 1.01
"""For a place: a channel's second. The outbox waits for anything longer."""


class SlackHook(BaseHook):
    """A Slack app's bot. Never sends a request twice by itself: the outbox decides.

    .. seealso:: https://docs.slack.dev/apis/web-api

    :param slack_conn_id: Airflow connection; `password` is the bot token, `extra.base_url` another API address.
    :param lane: `background` leaves the line its share of every limit.
    :param store: where limits and breaker are kept, None for the ledger.
    :param sleep: waits that many seconds.
    """

    conn_name_attr = "slack_conn_id"
    default_conn_name = connections.SLACK
    conn_type = "slack"
    hook_name = "Slack"

    def __init__(
        self,
        slack_conn_id: str = default_conn_name,
        *,
        lane: Lane = "line",
        store: Store | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__()
        self.slack_conn_id = slack_conn_id
        self.budget = Budget("slack", lane=lane, store=store, sleep=sleep)
        self.open_dm = cache(self._open_dm)
        self.channel_id = cache(self._channel_id)

    @property
    def waited_s(self) -> float:
        """Seconds that this hook's requests have waited for Slack's limits."""
        return self.budget.waited_s

    @cached_property
    def credentials(self) -> connections.Credentials:
        """The connection, looked up once."""
        return connections.get(self.slack_conn_id)

    @cached_property
    def client(self) -> WebClient:
        """The vendor's client, without its own retries: they send a message twice."""
        base_url = str(self.credentials.extra.get("base_url") or WebClient.BASE_URL)
        return WebClient(
            token=self.credentials.password,
            base_url=base_url if base_url.endswith("/") else f"{base_url}/",
            timeout=TIMEOUT_S,
            ssl=trusted(),
            retry_handlers=[],
        )

    def get_conn(self) -> WebClient:
        """The client, for methods that have none here."""
        return self.client

    def post(
        self,
        channel: str,
        text: str,
        blocks: list[dict[str, Any]] | None,
        dedupe_key: str,
        thread_ts: str | None = None,
    ) -> dict[str, Any]:
        """Post a message that can be found again by `dedupe_key`; returns its `channel` id and `ts`.

        `text` is what notifications show; it is parsed as Slack text, so it must be escaped. With `thread_ts` it goes
        below that message.
        """
        answer = self.call(
            POST,
            {
                "channel": channel,
                **_content(text, blocks),
                **({"thread_ts": thread_ts} if thread_ts else {}),
                "metadata": {"event_type": EVENT_TYPE, "event_payload": {"dedupe_key": dedupe_key}},
                "unfurl_links": False,
                "unfurl_media": False,
            },
            policy=Policy(f"{POST} {channel}", A_SECOND, margin_ms=0, is_exact=False),
        )
        if not answer.get("ts"):
            raise NoClearAnswer(f"{POST}: answered ok without ts")
        return {"channel": str(answer.get("channel") or channel), "ts": str(answer["ts"])}

    def update(self, channel_id: str, ts: str, text: str, blocks: list[dict[str, Any]]) -> None:
        """Replace the content of a message of ours, blocks and all; what it can be found again by stays."""
        self.call("chat.update", {"channel": channel_id, "ts": ts, "text": text, "blocks": blocks})

    def whisper(self, channel_id: str, user_id: str, text: str, blocks: list[dict[str, Any]]) -> str:
        """Show a sentence to one person of a channel; returns its `ts`, under which nobody can find it again."""
        content = _content(text, blocks)
        answer = self.call("chat.postEphemeral", {"channel": channel_id, "user": user_id, **content})
        return str(answer.get("message_ts") or "")

    def open_view(self, trigger_id: str, view: dict[str, Any]) -> None:
        """Open a modal for whoever has just pressed something: the trigger holds 3 s, and once."""
        self.call("views.open", {"trigger_id": trigger_id, "view": view})

    def find(
        self, channel_id: str, dedupe_key: str, since: datetime, thread_ts: str | None = None
    ) -> dict[str, Any] | None:
        """The message posted with `dedupe_key` at or after `since`, None if there is none; reads every page.

        History does not show what stands below a message, so replies are looked for below theirs.
        """
        for message in self.messages(channel_id, since, thread_ts):
            metadata = message.get("metadata") or {}
            if (metadata.get("event_payload") or {}).get("dedupe_key") == dedupe_key:
                return {"channel": channel_id, "ts": str(message["ts"])}
        return None

    def messages(self, channel_id: str, since: datetime, thread_ts: str | None = None) -> Iterator[dict[str, Any]]:
        """What was posted in a channel, or below a message, at or after `since`, page by page."""
        method = "conversations.replies" if thread_ts else "conversations.history"
        place = {"channel": channel_id, **({"ts": thread_ts} if thread_ts else {})}
        cursor = ""
        while True:
            query = {**place, "oldest": f"{since.timestamp():.6f}", "limit": 200, "cursor": cursor}
            page = self.call(method, {**query, "include_all_metadata": True}, form=True)
            yield from page["messages"]
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    def user_by_email(self, email: str) -> dict[str, Any]:
        """The member with that address; `Refused` if there is none or it was deactivated."""
        user: dict[str, Any] = self.call("users.lookupByEmail", {"email": email}, form=True)["user"]
        return user

    def _open_dm(self, user_id: str) -> str:
        """Id of the direct-message channel with a member; opening it again gives the same one."""
        return str(self.call("conversations.open", {"users": user_id})["channel"]["id"])

    def _channel_id(self, name: str) -> str:
        """Id of a channel given as `#name` or already as an id."""
        if not name.startswith("#"):
            return name
        cursor = ""
        while True:
            page = self.call(
                "conversations.list",
                {"types": "public_channel,private_channel", "limit": 999, "cursor": cursor},
                form=True,
            )
            for channel in page["channels"]:
                if channel["name"] == name[1:]:
                    return str(channel["id"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                raise Refused(f"channel_not_found: no channel {name} that the app can see; invite the app to it")

    def call(
        self, method: str, arguments: dict[str, Any], *, form: bool = False, policy: Policy | None = None
    ) -> dict[str, Any]:
        """Call a method once, within Slack's limits; returns its answer.

        Raises:
            SlackError: of the class that says whether it took effect.
        """
        limits = (Limit(A_MINUTE.get(method, 50), 60_000),)
        policy = policy or Policy(method, limits, margin_ms=0, is_exact=False)
        try:
            return self.budget.call(
                policy, lambda: once(self.client, method, arguments, form=form), is_fault, LONGEST_WAIT_S
            )
        except NotAsked as problem:
            is_down = problem.reason == "breaker"
            raise NotSent(f"{method}: {problem}", problem.retry_after_s, is_vendor_wide=is_down) from problem
        except NotSent as problem:
            if problem.is_rate_limit:
                self.budget.block(policy, problem.retry_after_s)
            raise


def _content(text: str, blocks: list[dict[str, Any]] | None) -> dict[str, Any]:
    return {"text": text, **({"blocks": blocks} if blocks else {})}
