"""Which interaction is an answer, and whose about what; whatever else Slack may send is none."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.notify.card_form import form
from handoff.watch.answer_click import SUBMIT, Click, parse

AT = datetime(2026, 11, 25, 17, tzinfo=UTC)
PRESSED: dict[str, Any] = {
    "type": "block_actions",
    "user": {"id": "U0ANACOSTA"},
    "container": {"type": "message", "message_ts": "1.000100", "channel_id": "C1"},
    "trigger_id": "1.2.3",
    "actions": [{"type": "button", "action_id": "handoff_accept", "value": "7"}],
}
SUBMITTED: dict[str, Any] = {"type": "view_submission", "user": {"id": "U1"}, "view": form(7, 2, "Jo", [])}


def test_a_press_is_read() -> None:
    assert parse(PRESSED, AT) == Click("handoff_accept", 7, "U0ANACOSTA", AT, "C1", "1.000100", "1.2.3")


def test_a_form_is_read() -> None:
    click = parse(SUBMITTED, AT)
    assert click is not None
    assert (click.action, click.assignment_id, click.user_id, click.filled is not None) == (SUBMIT, 7, "U1", True)


def pressed(**action: Any) -> dict[str, Any]:
    return {**PRESSED, "actions": [{**PRESSED["actions"][0], **action}]}


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {**PRESSED, "type": "shortcut"},
        {**PRESSED, "user": None},
        {**PRESSED, "user": {"id": 7}},
        {**PRESSED, "user": {"id": ""}},
        {**PRESSED, "actions": []},
        {**PRESSED, "actions": "handoff_accept"},
        {**PRESSED, "actions": ["handoff_accept"]},
        *[pressed(action_id=each) for each in ("press", "", None, ["handoff_accept"], {"a": 1}, 7)],
        *[
            pressed(value=each)
            for each in ("", "x", "7 ", "-7", "+7", "7.0", "1e3", "٧", "0x7", "9" * 19, None, 7, ["7"])
        ],
        {**SUBMITTED, "view": None},
        {**SUBMITTED, "view": {**SUBMITTED["view"], "callback_id": "another"}},
        {**SUBMITTED, "type": "view_closed"},
    ],
    ids=str,
)
def test_anything_else_is_no_answer(payload: dict[str, Any]) -> None:
    assert parse(payload, AT) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)


@given(st.sampled_from(["user", "container", "trigger_id", "actions", "view", "type"]), JSON)
def test_no_payload_is_an_error(name: str, value: Any) -> None:
    parse({**PRESSED, name: value}, AT)
    parse({**SUBMITTED, name: value}, AT)
