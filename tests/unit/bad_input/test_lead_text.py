"""The bad-input list, E: what people type into a form, kept as it is and shown where it can do nothing.

Each case carries its number on the list.
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handoff.ledger import db, landing, streams
from handoff.ledger.db import Connection
from handoff.notify.card import Card, card
from handoff.notify.context import (
    Activity,
    Attribution,
    Company,
    Context,
    Definition,
    Lead,
    Score,
    ScorePart,
    Tier,
    Trigger,
)
from handoff.notify.text import slack_text
from sandbox.slack import blocks as block_kit
from tests.conftest import Database

NOW = datetime(2026, 11, 20, 19, tzinfo=UTC)
RAW_SPECIAL = re.compile(r"[<>]|&(?!(amp|lt|gt);)")
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
ZALGO = "Z" + "".join(chr(0x300 + number % 70) for number in range(400))

LITERAL = [
    *((50, text) for text in ("<!here>", "<!channel>", "<!everyone>", "<@U123>", "<#C1>", "<!subteam^S1>")),
    (50, "<!date^0^{_}|x>"),
    (51, "<https://evil.tld|app.hubspot.com>"),
    *((52, text) for text in ("&lt;!here&gt;", "&amp;lt;", "&amp;amp;", "A & B")),
    *((53, text) for text in ("*_~`", "```rm -rf```", "> quote", ":emoji:" * 20, "_*~bold~*_")),
    *((54, text) for text in ("@here @channel", "@everyone")),
    *((59, text) for text in ("שלום", "أحمد", "山田太郎", "İıß", "Ünï")),
    *((60, text) for text in ("javascript:alert(1)", "data:text/html,x", "slack://user?id=U1", "//evil")),
]
CLEANED = [
    (55, "evil\u202egnp.exe", "evilgnp.exe"),
    (55, "a\u200bb\ufeffc", "abc"),
    (55, "a\u0000b", "ab"),
    (55, "x\ufffey", "xy"),
    (55, "x\ud800y", "xy"),
    (55, "flag\U000e0041\U000e007f", "flag"),
    (57, "one\ntwo\rthree\r\nfour\u2028five\u2029six\u0085seven", "one two three four five six seven"),
    (59, "e\u0301", "é"),
]
NOTHING = ["", "   ", "\u200b", "null", "None", "undefined", "NaN", "[object Object]"]
LONG = [("x" * 10_000), FAMILY * 3000, ":emoji:" * 500, ZALGO, "&" * 10_000, "<" * 3000]


def numbered(cases: list[Any]) -> list[Any]:
    """Each case under its number and the first of its characters."""
    return [pytest.param(*case[1:], id=f"{case[0]} {case[1][:24].encode('unicode_escape').decode()}") for case in cases]


def shown(text: str) -> Card:
    """The card of a lead who typed the same into every field there is."""
    context = Context(
        lead=Lead("1", name=text, email=text, title=text, phone=text, country=text, linkedin_url=text),
        trigger=Trigger("form_submitted", f"Submitted {text}", NOW - timedelta(minutes=1)),
        attribution=Attribution(text, text, text, text, text),
        company=Company(text, text, text, 10, text),
        score=Score(1, 1, 0, 1, (ScorePart(text, 1),)),
        tier=Tier(text, text, 5),
        definition=Definition(text, text),
        record_url=text,
        reason=text,
        activities=(Activity(NOW, text),),
    )
    return card(context, NOW, "Europe/Paris", NOW, text)


def texts(made: Card) -> list[dict[str, Any]]:
    return [each for block in made.blocks for each in ([block["text"]] if "text" in block else block["fields"])]


def unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


@pytest.mark.parametrize("text", numbered(LITERAL))
def test_is_shown_literally(text: str) -> None:
    made = shown(text)
    assert unescaped(slack_text(text, 3000)) == text
    assert text in unescaped(made.text)
    # Where nothing formats, links or mentions: the message's own text is the fallback, which Slack parses.
    assert {each["type"] for each in texts(made)} == {"plain_text"}
    assert not RAW_SPECIAL.search(made.text)
    assert not any(RAW_SPECIAL.search(each["text"]) for each in texts(made))


@pytest.mark.parametrize(("text", "expected"), numbered(CLEANED))
def test_is_one_line_of_what_can_be_seen(text: str, expected: str) -> None:
    assert slack_text(text, 3000) == expected
    assert f"Submitted {expected} " in shown(text).text


@pytest.mark.parametrize("text", NOTHING, ids="58 {!r}".format)
def test_nothing_is_said_as_such(text: str) -> None:
    made = shown(text)
    assert texts(made)[0]["text"].startswith("(no name)")
    assert made.text.startswith("(no name)")


@pytest.mark.parametrize("text", LONG, ids=["56 letters", "56 families", "53 emoji names", "56 Zalgo", "56 &", "56 <"])
def test_is_cut_at_a_boundary_to_what_slack_takes(text: str) -> None:
    made = shown(text)
    assert block_kit.faults(made.blocks) == []
    assert len(made.text.encode("utf-16-le")) <= 2 * 600
    assert json.loads(json.dumps(made.blocks)) == made.blocks
    for each in [made.text, *(each["text"] for each in texts(made))]:
        assert not RAW_SPECIAL.search(each)
        each.encode("utf-8")


@pytest.mark.parametrize(
    ("composed", "decomposed"), [("é", "e\u0301"), ("Å", "A\u030a"), ("ﬁ", "ﬁ")], ids="59 {}".format
)
def test_two_ways_to_write_a_letter_are_shown_as_one(composed: str, decomposed: str) -> None:
    assert slack_text(composed, 60) == slack_text(decomposed, 60)


@pytest.fixture
def connection(ledger: Database) -> Iterator[Connection]:
    with db.connect() as connection:
        yield connection


STORED = [
    *((number, text, text) for number, text in LITERAL),
    *((number, text, text) for number, text, _ in CLEANED if text not in ("a\u0000b", "x\ud800y")),
    # The two that JSON can carry and Postgres cannot.
    (55, "a\u0000b", "a\ufffdb"),
    (55, "x\ud800y", "x\ufffdy"),
    *((58, text, text) for text in NOTHING),
    *((56, text, text) for text in LONG),
]


@pytest.mark.parametrize(("text", "kept"), numbered(STORED))
def test_is_stored_as_it_is(text: str, kept: str, connection: Connection) -> None:
    properties = dict.fromkeys(("firstname", "lastname", "company", "jobtitle", "website", "message"), text)
    record = landing.Record("1", NOW, {"id": "1", "properties": properties, "archived": False})
    batch_id = landing.open_batch(connection, "webhook", NOW)
    landed = landing.land(connection, batch_id, streams.CONTACTS, [record], loaded_at=NOW)
    assert (landed.landed, landed.quarantined) == (1, 0)
    row = connection.execute("select payload -> 'properties' as properties from raw.hubspot_contacts").fetchone()
    assert row == {"properties": dict.fromkeys(properties, kept)}
    # Read once more, it is no new version.
    assert landing.land(connection, batch_id, streams.CONTACTS, [record], loaded_at=NOW).landed == 0
