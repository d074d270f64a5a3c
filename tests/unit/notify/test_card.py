"""The card: what a rep reads, and that nothing in it can be more than Slack takes or say more than we do."""

import random
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from handoff.notify import card as cards
from handoff.notify.card import card
from handoff.notify.card_state import ACCEPT, CONTACTED, REJECT, SNOOZE, State
from handoff.notify.context import (
    Activity,
    Attribution,
    BadContext,
    Company,
    Context,
    Definition,
    Lead,
    Score,
    ScorePart,
    Tier,
    Trigger,
)
from handoff.notify.digest_card import Entry, digest
from handoff.notify.digests import MOST
from handoff.notify.moments import business_time, deadline, elapsed, moment, told_at, zone
from handoff.notify.text import slack_text
from sandbox.slack import blocks as block_kit
from tests.dice import Tell, seed, tell
from tests.unit.notify.contexts import NOW, OUR_LINKS, RECORD, make, texts


def said(context: Context, **arguments: Any) -> str:
    made = card(context, NOW + timedelta(minutes=5, seconds=30), "America/New_York", NOW, **arguments)
    return "\n".join(texts(made.blocks))


def test_says_everything_a_rep_needs() -> None:
    state = State(7, ("Offered to Ana Costa",), (ACCEPT, CONTACTED, SNOOZE, REJECT), 60, is_news=False, is_open=True)
    assert said(make(), state=state).splitlines() == [
        "Offered to Ana Costa",
        "Jordan Lee at Acme",
        "Call by 14:05 EST today (5 business minutes)",
        "Submitted the form Request a demo (13:59)",
        "[Accept]",
        "[I've contacted them]",
        "[Snooze 1 business hour]",
        "[Reject]",
        "To begin with",
        "• Came through the campaign “Q4 Pipeline Gap”",
        "Title",
        "VP Sales",
        "Company",
        "Acme · acme.example",
        "Size and industry",
        "1,250 employees · Computer software",
        "Country",
        "US",
        "E-mail",
        "jordan@acme.example",
        "First source",
        "Paid search · Brand search US",
        "Latest source",
        "Organic search",
        "Campaign",
        "Q4 Pipeline Gap",
        "Why: Hand-raiser, definition platform 2026-11",
        "Asked to talk to sales",
        "Score 84 = fit 44 + engagement 40 (threshold 60)",
        "+40  Asked for a demo",
        "+44  Senior",
        "Last engagements",
        "13:59  Viewed page 0",
        "04:59  Viewed page 1",
        "19 Nov 19:59  Viewed page 2",
        "19 Nov 10:59  Viewed page 3",
        "19 Nov 01:59  Viewed page 4",
        "18 Nov 16:59  Viewed page 5",
        "18 Nov 07:59  Viewed page 6",
        "17 Nov 22:59  Viewed page 7",
        "17 Nov 13:59  Viewed page 8",
        "17 Nov 04:59  Viewed page 9",
        f"<{RECORD}|Open in HubSpot>  ·  <https://www.linkedin.com/in/jordan-lee|LinkedIn>",
    ]


def test_the_notification_says_who_what_and_by_when() -> None:
    made = card(make(), NOW + timedelta(minutes=5), "Asia/Tokyo", NOW)
    assert made.text == (
        "Jordan Lee at Acme: Submitted the form Request a demo (03:59). Call by 04:04 JST today (5 business minutes)"
    )


def test_the_channels_copy_says_whose_lead_it_is() -> None:
    assert said(make(), rep_name="Chloé Martin").startswith("Chloé Martin: Jordan Lee at Acme\n")


def test_parts_that_are_not_shown_are_summed() -> None:
    parts = tuple(ScorePart(f"Rule {n}", 2.5) for n in range(15))
    lines = said(make(score=Score(37.5, 0, 37.5, 30, parts))).splitlines()
    assert [line for line in lines if line.startswith("+")] == [f"+2.5  Rule {n}" for n in range(12)] + ["+7.5  3 more"]


def test_what_is_not_known_is_left_out() -> None:
    text = said(make(lead=Lead("1", name="null"), company=Company(), attribution=Attribution(), record_url=None))
    assert text.startswith("(no name)\n")
    assert "Company" not in text
    assert "Nothing else is known" in text
    assert "<" not in text


ADDRESSES = """javascript:alert(1) https://evil.example/in/x //www.linkedin.com/in/x
https://www.linkedin.com.evil.example/in/x https://www.linkedin.com/in/x|app> https://www.linkedin.com@evil/"""


@pytest.mark.parametrize("address", ADDRESSES.split())
def test_no_other_address_is_linked(address: str) -> None:
    assert address not in said(make(lead=Lead("1", linkedin_url=address)))
    assert "|Open" not in said(make(record_url=address))


@pytest.mark.parametrize(
    ("due", "time_zone", "expected"),
    [
        (NOW + timedelta(minutes=5), "America/New_York", "14:04 EST today"),
        (NOW + timedelta(hours=14), "America/New_York", "03:59 EST tomorrow"),
        (NOW + timedelta(days=3), "Europe/Paris", "19:59 CET Mon 23 Nov"),
        (NOW + timedelta(days=3), "America/Sao_Paulo", "15:59 UTC-03:00 Mon 23 Nov"),
        (datetime(2027, 7, 1, 12, tzinfo=UTC), "America/New_York", "08:00 EDT Thu 1 Jul"),
        (NOW - timedelta(days=1), "Nowhere/At_All", "18:59 UTC Thu 19 Nov"),
        (NOW, "../../etc/passwd", "18:59 UTC today"),
    ],
)
def test_a_deadline_is_told_by_the_reps_clock(due: datetime, time_zone: str, expected: str) -> None:
    assert deadline(due, zone(time_zone), NOW) == expected


def test_a_moment_is_told_by_the_reps_clock() -> None:
    assert moment(NOW, zone("Asia/Tokyo"), NOW) == "03:59"
    assert moment(NOW - timedelta(hours=4), zone("Asia/Tokyo"), NOW) == "20 Nov 23:59"
    assert told_at(NOW, zone("Asia/Tokyo"), NOW) == "03:59 JST"
    assert told_at(NOW - timedelta(days=1), zone("America/Sao_Paulo"), NOW) == "19 Nov 15:59 UTC-03:00"


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ({"seconds": -3}, "0 s"),
        ({"seconds": 59.9}, "59 s"),
        ({"minutes": 4, "seconds": 59}, "4 min"),
        ({"hours": 3, "minutes": 5}, "3 h 5 min"),
        ({"hours": 3}, "3 h"),
        ({"days": 1, "minutes": 5}, "1 day"),
        ({"days": 2, "hours": 3, "minutes": 59}, "2 days 3 h"),
    ],
)
def test_a_length_of_time_is_told_in_its_two_largest_units(span: dict[str, float], expected: str) -> None:
    assert elapsed(timedelta(**span)) == expected


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        (0, "0 business minutes"),
        (1, "1 business minute"),
        (5, "5 business minutes"),
        (60, "1 business hour"),
        (90, "90 business minutes"),
        (480, "8 business hours"),
    ],
)
def test_a_promise_is_told_in_working_time(minutes: int, expected: str) -> None:
    assert business_time(minutes) == expected


HOSTILE = [
    None,
    "<!channel>",
    "<@U1>",
    "<https://evil.tld|app.hubspot.com>",
    "&lt;!here&gt;",
    "*bold* ```",
    "\u202e\u0000\ud800",
    "\U0001f600" * 2000,
    "&" * 5000,
    "word " * 1000,
]
WORDS = st.sampled_from(HOSTILE) | st.text(max_size=12)
TEXT = WORDS.map(lambda words: words or "")
POINTS = st.floats(-1e6, 1e6)
CONTEXTS = st.builds(
    make,
    lead=st.builds(Lead, st.just("1"), WORDS, WORDS, WORDS, WORDS, WORDS, WORDS, WORDS),
    trigger=st.builds(Trigger, TEXT, TEXT, st.just(NOW)),
    attribution=st.builds(Attribution, WORDS, WORDS, WORDS, WORDS, WORDS),
    company=st.builds(Company, WORDS, WORDS, WORDS, st.none() | st.integers(-1, 10**12), WORDS),
    score=st.builds(
        Score, POINTS, POINTS, POINTS, POINTS, st.lists(st.builds(ScorePart, TEXT, POINTS), max_size=16).map(tuple)
    ),
    tier=st.builds(Tier, TEXT, TEXT, st.integers(0, 10**6)),
    definition=st.builds(Definition, TEXT, TEXT),
    record_url=WORDS | st.just(RECORD),
    reason=WORDS,
    activities=st.lists(st.builds(Activity, st.just(NOW), TEXT), max_size=16).map(tuple),
)


SAID = st.builds(
    State,
    st.integers(1, 10**18),
    st.lists(TEXT.map(lambda words: slack_text(words, 400, empty="-")), min_size=1, max_size=4).map(tuple),
    st.lists(st.sampled_from([ACCEPT, CONTACTED, SNOOZE, REJECT]), unique=True).map(tuple),
    st.integers(0, 10**6),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
STATES = st.none() | SAID


def assert_slack_takes(blocks: list[dict[str, Any]], text: str) -> None:
    """By the sandbox's limits and by the vendor's own models, with no mention and no link but ours."""
    assert block_kit.faults(blocks) == []
    for block in Block.parse_all(blocks):
        block.validate_json()
    assert 0 < len(text) < 4000
    for each in [text, *texts(blocks)]:
        assert "<" not in OUR_LINKS.sub("", each)


@settings(max_examples=300, deadline=None)
@given(CONTEXTS, WORDS, STATES)
def test_any_context_makes_a_card_that_slack_takes(context: Context, rep_name: str | None, state: State | None) -> None:
    made = card(context, NOW + timedelta(minutes=5), "America/New_York", NOW, rep_name, state)
    assert_slack_takes(made.blocks, made.text)


def test_a_line_mentions_a_member_and_nobody_else() -> None:
    blocks = cards.said("Call them", "U0ANACOSTA")
    assert texts(blocks) == ["Call them", "<@U0ANACOSTA>"]
    assert block_kit.faults(blocks) == []
    for odd in ["", "u0ana", "C0REVIEW00", "U1> <!channel>", "<!here>", "U0ANA|x", "U" * 40, "U1\n"]:
        assert texts(cards.said("Call them", odd)) == ["Call them"]


ENTRIES = st.builds(
    Entry,
    CONTEXTS,
    st.just(NOW + timedelta(minutes=5)),
    st.sampled_from(["America/New_York", "Asia/Kathmandu", "nowhere"]),
    SAID,
)


@settings(max_examples=40, deadline=None)
@given(st.lists(ENTRIES, min_size=2, max_size=MOST, unique_by=lambda each: each.state.assignment_id))
def test_any_leads_make_a_digest_that_slack_takes(entries: list[Entry]) -> None:
    made = digest(entries, NOW)
    assert_slack_takes(made.blocks, made.text)


def test_a_full_digest_of_the_longest_entries_is_taken() -> None:
    words = "\U0001f600" * 2000
    context = make(lead=Lead("1", words, words), trigger=Trigger(words, words, NOW), company=Company(words))
    said = tuple(slack_text(words, 400) for _ in range(4))
    states = [State(n, said, (ACCEPT, CONTACTED, SNOOZE, REJECT), 10**6, True, True) for n in range(MOST)]
    made = digest([Entry(context, NOW, "Europe/Paris", state) for state in states], NOW)
    assert len(made.blocks) == 50
    assert_slack_takes(made.blocks, made.text)


def test_ten_thousand_names_make_cards_that_slack_takes(record_property: Tell) -> None:
    number = seed()
    tell(record_property, number)
    dice = random.Random(number)
    state = State(7, ("Offered",), (ACCEPT, CONTACTED, REJECT), is_open=True)
    for _ in range(10_000):
        name = "".join(dice.choice(PIECES)(dice) for _ in range(dice.randrange(1, 30)))
        made = card(make(lead=Lead("1", name=name), activities=()), NOW, "Europe/Paris", NOW, name, state)
        assert_slack_takes(made.blocks, made.text)
        assert not any(MENTION.search(each) for each in [made.text, *texts(made.blocks)]), (number, name)


MENTION = re.compile(r"<[@#!]|&(?!amp;|lt;|gt;)")
PIECES: list[Callable[[random.Random], str]] = [
    lambda dice: chr(dice.randrange(0x110000)),
    lambda dice: chr(dice.randrange(0x20, 0x250)),
    lambda dice: dice.choice(
        ["<!channel>", "<@U1>", "<#C1>", "<!subteam^S1>", "<https://evil.tld|x>", "&lt;", "&", ">"]
    ),
    lambda dice: dice.choice("*_~`\u202e\u200b\ufeff\u0301\U0001f600") * dice.randrange(1, 80),
]


@settings(max_examples=200, deadline=None)
@given(CONTEXTS)
def test_a_context_is_read_as_it_was_stored(context: Context) -> None:
    assert Context.from_json(context.to_json()) == context


def test_a_context_of_a_newer_release_is_readable() -> None:
    assert Context.from_json({**make().to_json(), "mood": "sunny"}) == make()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"lead": {}}, "lead.lead_id: Field required"),
        ({"score": {"total": "many"}}, "score.total"),
        ({"activities": [{"occurred_at": "2026-11-20T10:00:00", "summary": "x"}]}, "activities.0.occurred_at"),
    ],
)
def test_a_context_that_cannot_be_read_says_why(change: dict[str, Any], says: str) -> None:
    with pytest.raises(BadContext, match=re.escape(says)):
        Context.from_json({**make().to_json(), **change})
    with pytest.raises(BadContext):
        Context.from_json(None)
