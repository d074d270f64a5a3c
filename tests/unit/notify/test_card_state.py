"""The top of the card in every state, word for word, and what may still be pressed."""

from datetime import timedelta

import pytest

from handoff.notify.card import card
from handoff.notify.card_state import ACCEPT, CONTACTED, REJECT, SNOOZE, state_of
from handoff.notify.history import History
from handoff.notify.moments import zone
from tests.unit.notify.contexts import NOW, answer, history, texts, turn
from tests.unit.notify.test_card import assert_slack_takes

AGO = NOW + timedelta(minutes=3)
LOCAL = zone("America/New_York")
SNOOZABLE = {"snooze_minutes": 60, "max_snoozes": 1}
QUIET = NOW + timedelta(minutes=4)
BEN = turn(2, "Ben Okafor", cause="breach", assigned_at=NOW + timedelta(minutes=6), due_at=NOW + timedelta(minutes=11))
CHLOE = turn(3, "Chloé Martin", cause="declined", assigned_at=NOW + timedelta(minutes=8))
BY_HAND = turn(2, "Ben <!here>", cause="by_hand", reason="Farah <@U1> said so", assigned_at=NOW)
ALL = (ACCEPT, CONTACTED, SNOOZE, REJECT)
LEFT = (CONTACTED, REJECT)

STATES: dict[str, tuple[History, tuple[str, ...], tuple[str, ...]]] = {
    "offered": (history(), ("Offered to Ana Costa",), (ACCEPT, CONTACTED, REJECT)),
    "offered, may be snoozed": (history(**SNOOZABLE), ("Offered to Ana Costa",), ALL),
    "accepted": (history(answer("accepted")), ("Accepted by Ana Costa, 14:01 EST",), LEFT),
    "accepted by a manager, may be snoozed": (
        history(answer("accepted", by="Farah Ali"), **SNOOZABLE),
        ("Accepted by Farah Ali, 14:01 EST",),
        (CONTACTED, SNOOZE, REJECT),
    ),
    "claimed": (
        history(answer("accepted"), answer("claimed")),
        ("Ana Costa says they have been in touch; waiting for it in HubSpot",),
        (REJECT,),
    ),
    "snoozed": (
        history(answer("snoozed", snoozed_until=QUIET), snooze_minutes=60, max_snoozes=2),
        ("Offered to Ana Costa", "Reminders are quiet until 14:03 EST today"),
        (ACCEPT, CONTACTED, REJECT),
    ),
    "snoozed before": (
        history(answer("snoozed", 1, snoozed_until=NOW + timedelta(minutes=2)), snooze_minutes=60, max_snoozes=2),
        ("Offered to Ana Costa",),
        ALL,
    ),
    "no snooze is left": (
        history(answer("snoozed", 1, snoozed_until=NOW + timedelta(minutes=2)), **SNOOZABLE),
        ("Offered to Ana Costa",),
        (ACCEPT, CONTACTED, REJECT),
    ),
    "deadline missed": (
        history(turns=(turn(is_breached=True, due_at=NOW + timedelta(minutes=1)),), **SNOOZABLE),
        ("Offered to Ana Costa", "Deadline missed: nobody was in touch by 14:00 EST today"),
        (ACCEPT, CONTACTED, REJECT),
    ),
    "handed on, and nobody else may take it": (
        history(answer("declined", reason="Not mine <!channel>")),
        ("Ana Costa hands it on: Not mine &lt;!channel&gt;. Nobody else may take it now",),
        (ACCEPT, CONTACTED, REJECT),
    ),
    "contacted in time": (
        history(answer("contacted", 4.5)),
        ("Contacted by Ana Costa after 4 min, in time",),
        (REJECT,),
    ),
    "contacted late by a colleague": (
        history(answer("contacted", 65, by="Ben Okafor")),
        ("Contacted by Ben Okafor after 1 h 5 min, after the deadline",),
        (REJECT,),
    ),
    "contacted, and handed over anew": (
        history(answer("contacted", 4.5), newer=BEN),
        (
            "Contacted by Ana Costa after 4 min, in time",
            "Handed over anew to Ben Okafor, 14:05 EST: answers count there",
        ),
        (),
    ),
    "contacted by nobody known, in the next one's time": (
        history(answer("contacted", 9, by=None), turns=(turn(), BEN)),
        ("Contacted by somebody after 9 min, in time",),
        (),
    ),
    "went on after the deadline": (
        history(turns=(turn(is_breached=True), BEN)),
        ("Went to Ben Okafor, 14:05 EST: nobody was in touch in time",),
        (),
    ),
    "went on twice": (
        history(answer("declined", 7, by="Ben Okafor", of=2, reason="Not mine"), turns=(turn(), BEN, CHLOE)),
        ("Went to Chloé Martin, 14:07 EST: nobody was in touch in time",),
        (),
    ),
    "handed on": (
        history(answer("declined", 7, reason="Not mine"), turns=(turn(), CHLOE)),
        ("Went to Chloé Martin, 14:07 EST: Ana Costa handed it on: Not mine",),
        (),
    ),
    "went on by hand": (
        history(turns=(turn(), BY_HAND)),
        ("Went to Ben &lt;!here&gt;, 13:59 EST: Farah &lt;@U1&gt; said so",),
        (),
    ),
    "rejected": (
        history(answer("accepted", 1), answer("rejected", reason="No budget or no say")),
        ("Rejected by Ana Costa, 14:01 EST: No budget or no say",),
        (),
    ),
    "contacted, and rejected for what was said": (
        history(answer("contacted", 4.5), answer("rejected", 10, reason="Not now")),
        ("Rejected by Ana Costa, 14:09 EST: Not now",),
        (),
    ),
    "contacted, and withdrawn": (
        history(answer("contacted", 4.5), answer("withdrawn", 10, by=None, reason_id="deleted")),
        ("Withdrawn: the lead was deleted in the CRM; nothing is due any more",),
        (),
    ),
    "rejected in the CRM without a reason": (
        history(answer("rejected", by=None)),
        ("Rejected by somebody, 14:01 EST: no reason given",),
        (),
    ),
    "withdrawn": (
        history(answer("accepted", 1), answer("withdrawn", by=None, reason_id="deleted")),
        ("Withdrawn: the lead was deleted in the CRM; nothing is due any more",),
        (),
    ),
    "erased": (
        history(answer("withdrawn", by=None, reason_id="erased")),
        ("Withdrawn: the lead was erased at their own request; nothing is due any more",),
        (),
    ),
}


@pytest.mark.parametrize(("told", "lines", "actions"), STATES.values(), ids=list(STATES))
def test_the_top_of_the_card(told: History, lines: tuple[str, ...], actions: tuple[str, ...]) -> None:
    first = told.turns[0]
    state = state_of(told, first, LOCAL, AGO)
    assert (state.lines, state.actions, state.assignment_id) == (lines, actions, first.assignment_id)
    made = card(told.context, first.due_at, first.time_zone, AGO, "Ana Costa", state)
    assert_slack_takes(made.blocks, made.text)
    shown = "\n".join(texts(made.blocks))
    assert shown.startswith("\n".join(lines))
    # A deadline that no longer counts is not shown, nor are buttons that would do nothing.
    assert ("Call by" in shown) == state.is_open == (bool(actions) and not told.of_handoff("contacted"))
    assert [each["value"] for block in made.blocks for each in block.get("elements", ()) if "value" in each] == [
        str(first.assignment_id)
    ] * len(actions)


def test_the_notification_says_what_became_of_it() -> None:
    told = history(answer("accepted"))
    state = state_of(told, told.current, LOCAL, AGO)
    made = card(told.context, told.current.due_at, "America/New_York", AGO, state=state)
    assert made.text == "Accepted by Ana Costa, 14:01 EST. Jordan Lee at Acme"
    fresh = state_of(history(), told.current, LOCAL, AGO)
    made = card(told.context, told.current.due_at, "America/New_York", AGO, state=fresh)
    assert made.text.startswith("Jordan Lee at Acme: Submitted the form Request a demo (13:59). Call by 14:04 EST")


def test_nothing_of_an_erased_person_is_left_on_the_card() -> None:
    told, lines, _ = STATES["erased"]
    made = card(told.context, NOW, "UTC", AGO, "Ana Costa", state_of(told, told.current, LOCAL, AGO))
    assert (made.text, texts(made.blocks)) == (lines[0], list(lines))


def test_the_card_of_whoever_has_it_now_is_open() -> None:
    told = history(answer("declined", 7, reason="Not mine"), turns=(turn(), CHLOE), **SNOOZABLE)
    state = state_of(told, told.current, LOCAL, AGO)
    assert (state.lines, state.actions, state.is_news) == (("Offered to Chloé Martin",), ALL, False)
