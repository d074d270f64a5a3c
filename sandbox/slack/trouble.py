"""Slack's own bad days: faults that HTTP does not show."""

import asyncio
from typing import Any

from sandbox import clock
from sandbox.faults import Faults, Rule
from sandbox.slack.errors import SlackError

Answer = dict[str, Any]
_HISTORIES = ("conversations.history", "conversations.replies")


class Trouble:
    """The faults that befall one call, asked for once."""

    def __init__(self, faults: Faults, http_method: str, path: str, method: str) -> None:
        def struck(kind: str) -> Rule | None:
            return faults.rule_for(kind, http_method, path)

        self._refusal = struck("slack_error")
        self._late_refusal = struck("slack_error_late")
        self._slow = struck("slow_accept")
        self._no_ts = struck("slack_no_ts") if method.startswith("chat.") else None
        self._empty = struck("history_empty") if method in _HISTORIES else None
        self._lag = struck("history_lag") if method in _HISTORIES else None

    def before(self) -> None:
        """Refuse the call, with nothing done.

        Raises:
            SlackError: the rule's `error`.
        """
        _refuse(self._refusal)

    async def after(self, answer: Answer) -> Answer:
        """The answer as it arrives, when the work has been done.

        Raises:
            SlackError: the rule's `error`.
        """
        if self._slow:
            await asyncio.sleep(self._slow.seconds)
        _refuse(self._late_refusal)
        if self._no_ts:
            answer = {name: value for name, value in answer.items() if name not in ("ts", "message", "message_ts")}
        if self._lag:
            newest = clock.now() / 1000 - self._lag.seconds
            answer = answer | {"messages": [m for m in answer["messages"] if float(m["ts"]) <= newest]}
        if self._empty:
            answer = {"messages": [], "has_more": False, "response_metadata": {"next_cursor": ""}}
        return answer


def _refuse(rule: Rule | None) -> None:
    if rule:
        raise SlackError(rule.error or "internal_error")
