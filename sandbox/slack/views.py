"""Modals: what a view must be, and the views that are open."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sandbox.company.reference import TEAM_ID
from sandbox.slack import blocks
from sandbox.slack.elements import fault, text_faults
from sandbox.slack.errors import SlackError

APP_ID, BOT_PROFILE = "A0HANDOFF0", "B0HANDOFF0"
LARGEST = 250_000
"""Bytes of JSON."""
MOST_IN_STACK = 3
_FIELDS = {
    *("type", "title", "blocks", "submit", "close", "private_metadata", "callback_id", "external_id"),
    *("clear_on_close", "notify_on_close", "submit_disabled"),
}
_LENGTHS = (("private_metadata", 3000), ("callback_id", 255), ("external_id", 255))
Body = dict[str, Any]


def checked(view: object) -> Body:
    """A modal that Slack takes, its blocks with ids.

    Raises:
        SlackError: `invalid_arguments` with messages, or `view_too_large`.
    """
    if not isinstance(view, dict) or view.get("type") != "modal":
        raise SlackError("invalid_arguments", ["[ERROR] missing required field: view"])
    if len(json.dumps(view).encode()) > LARGEST:
        raise SlackError("view_too_large")
    wrong = [*blocks.faults(view.get("blocks"), blocks.MOST_VIEW_BLOCKS), *_faults(view)]
    if wrong:
        raise SlackError("invalid_arguments", wrong)
    return {**view, "blocks": blocks.named(view["blocks"])}


def _faults(view: Body) -> Iterator[str]:
    for name in sorted(set(view) - _FIELDS):
        yield fault(f"unsupported field: {name}", f"/view/{name}")
    for name in ("title", "submit", "close"):
        if name == "title" or view.get(name) is not None:
            yield from text_faults(view.get(name), f"/view/{name}", 24, plain=True)
    for name, most in _LENGTHS:
        if len(str(view.get(name) or "")) > most:
            yield fault(f"must be less than {most + 1} characters", f"/view/{name}")
    held = view.get("blocks")
    asks = isinstance(held, list) and any(isinstance(b, dict) and b.get("type") == "input" for b in held)
    if asks and view.get("submit") is None:
        yield fault("`submit` is required when an input block is present", "/view/submit")


@dataclass
class View:
    """One open modal."""

    user: str
    body: Body
    errors: dict[str, str] = field(default_factory=dict)
    """By `block_id`: what the app said about the last submission."""


@dataclass
class Views:
    """All open modals, the one on top last."""

    open_ones: dict[str, View] = field(default_factory=dict)
    _changes: int = 0
    _opened: int = 0

    def open(self, user: str, given: object, second: int, under: View | None = None) -> View:
        """Open a modal, on top of another one of the same stack if `under` is given.

        Raises:
            SlackError: `duplicate_external_id`, `push_limit_reached`, and those of `checked`.
        """
        body = checked(given)
        self._refuse_duplicate(body, "")
        if under and len(self._stack(under)) >= MOST_IN_STACK:
            raise SlackError("push_limit_reached")
        self._opened += 1
        view_id = f"V0SANDBOX{self._opened:03d}"
        fixed = {
            "id": view_id,
            "team_id": TEAM_ID,
            "app_id": APP_ID,
            "bot_id": BOT_PROFILE,
            "root_view_id": under.body["root_view_id"] if under else view_id,
            "previous_view_id": under.body["id"] if under else None,
        }
        self.open_ones[view_id] = View(user, self._whole(body, second) | fixed)
        return self.open_ones[view_id]

    def update(self, view: View, given: object, expected_hash: str, second: int) -> View:
        """Replace a modal's content.

        Raises:
            SlackError: `hash_conflict` when it changed since the app saw `expected_hash` (empty = does not matter),
                `duplicate_external_id`, and those of `checked`.
        """
        body = checked(given)
        if expected_hash and expected_hash != view.body["hash"]:
            raise SlackError("hash_conflict")
        self._refuse_duplicate(body, view.body["id"])
        view.body |= self._whole(body, second)
        view.errors = {}
        return view

    def find(self, view_id: str = "", external_id: str = "") -> View:
        """An open modal by Slack's id or the app's own.

        Raises:
            SlackError: `not_found`.
        """
        for view in self.open_ones.values():
            if view_id == view.body["id"] or (external_id and external_id == view.body["external_id"]):
                return view
        raise SlackError("not_found")

    def close(self, view: View, whole_stack: bool = False) -> None:
        """Take a modal away, or all of its stack."""
        for each in self._stack(view) if whole_stack else [view]:
            self.open_ones.pop(each.body["id"], None)

    def _stack(self, view: View) -> list[View]:
        root = view.body["root_view_id"]
        return [each for each in self.open_ones.values() if each.body["root_view_id"] == root]

    def _whole(self, body: Body, second: int) -> Body:
        self._changes += 1
        defaults: Body = {
            "private_metadata": "",
            "callback_id": "",
            "external_id": "",
            "submit": None,
            "close": None,
            "clear_on_close": False,
            "notify_on_close": False,
            "state": {"values": {}},
        }
        return defaults | body | {"hash": f"{second}.{self._changes:08d}"}

    def _refuse_duplicate(self, body: Body, own_id: str) -> None:
        given = body.get("external_id")
        if given and any(v.body["external_id"] == given and i != own_id for i, v in self.open_ones.items()):
            raise SlackError("duplicate_external_id")
