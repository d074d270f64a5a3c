"""The form that asks why: within Slack's limits whatever the agreement holds, and read as it was filled in."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.views import View

from handoff.notify.card_form import LONGEST_NOTE, MOST_OPTIONS, NOTE, REASON, Filled, Reason, filled, form
from sandbox.slack.views import checked

REASONS = [Reason("no_budget", "No budget", "recycle"), Reason("not_mine", "Not <mine>", "reroute")]


def submitted(**state: Any) -> dict[str, Any]:
    given = {REASON: {"selected_option": {"value": "no_budget"}}, NOTE: {"value": " They\nhang up "}, **state}
    return {**form(7, 2, "Jo", REASONS), "state": {"values": {name: {name: value} for name, value in given.items()}}}


def test_asks_for_a_reason_of_the_agreement_and_says_what_follows() -> None:
    view = form(7, 2, "Jo <!channel>", REASONS)
    assert (view["callback_id"], view["private_metadata"]) == ("handoff_rejected", "7:2")
    assert view["blocks"][0]["text"]["text"] == "Jo &lt;!channel&gt;"
    options = view["blocks"][1]["element"]["options"]
    assert [(each["value"], each["text"]["text"], each["description"]["text"]) for each in options] == [
        ("no_budget", "No budget", "Ends here, and goes back to marketing"),
        ("not_mine", "Not &lt;mine&gt;", "Another rep gets it"),
    ]
    assert view["blocks"][2]["element"]["max_length"] == LONGEST_NOTE


@settings(max_examples=100, deadline=None)
@given(
    st.text(max_size=200),
    st.lists(
        st.builds(Reason, st.text(min_size=1, max_size=160), st.text(max_size=200), st.just("recycle")), min_size=1
    ),
)
def test_any_agreement_makes_a_form_that_slack_takes(whom: str, reasons: list[Reason]) -> None:
    view = form(10**17, 10**6, whom, [*reasons, *REASONS, *reasons * 50])
    checked(view)
    View(**view).validate_json()
    assert len(view["blocks"][1]["element"]["options"]) <= MOST_OPTIONS


def test_is_read_as_it_was_filled_in() -> None:
    assert filled(submitted()) == Filled(7, 2, "no_budget", "They hang up")
    assert filled(submitted(note={"value": None})) == Filled(7, 2, "no_budget", "")


@pytest.mark.parametrize(
    "change",
    [
        {"callback_id": "another"},
        {"callback_id": None},
        {"private_metadata": "7"},
        {"private_metadata": "7:"},
        {"private_metadata": "-7:2"},
        {"private_metadata": "٧:2"},
        {"private_metadata": f"{10**18}:2"},
        {"private_metadata": None},
        {"private_metadata": ["7:2"]},
    ],
    ids=str,
)
def test_what_is_none_of_ours_is_not_read(change: dict[str, Any]) -> None:
    assert filled({**submitted(), **change}) is None


@pytest.mark.parametrize(
    "state", [None, {}, [], {"values": None}, {"values": {REASON: []}}, {"values": {REASON: {REASON: 1}}}]
)
def test_a_form_without_its_fields_holds_no_reason(state: Any) -> None:
    assert filled({**submitted(), "state": state}) == Filled(7, 2, "", "")
