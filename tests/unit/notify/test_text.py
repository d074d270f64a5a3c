"""A lead's text cannot speak as us: every hostile value, and what is shown instead."""

import json
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handoff.notify.text import clean, cut, slack_text

RAW_SPECIAL = re.compile(r"[<>]|&(?!(amp|lt|gt);)")


def shown(value: object) -> str:
    return slack_text(value, 3000)


HOSTILE = """<!here> <!channel> <!everyone> <@U123> <#C1> <!subteam^S1> <!date^0^{_}|x> <<>> &
<https://evil.tld|app.hubspot.com> a&b &lt;!here&gt; &amp;lt;"""


@pytest.mark.parametrize("hostile", HOSTILE.split())
def test_is_shown_as_it_was_written(hostile: str) -> None:
    text = shown(hostile)
    assert not RAW_SPECIAL.search(text)
    assert text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == hostile


def test_is_escaped_once() -> None:
    assert shown("&lt;!here&gt;") == "&amp;lt;!here&amp;gt;"
    assert shown("A & B <x>") == "A &amp; B &lt;x&gt;"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("evil\u202egnp.exe", "evilgnp.exe"),
        ("a\u200bb\u2060c\ufeffd\u00ade", "abcde"),
        ("a\u0000b\ufffec\uffffd", "abcd"),
        ("x\ud800y", "xy"),
        ("flag\U000e0041\U000e007f", "flag"),
        ("one\ntwo\r\nthree\u2028four\u2029five\u0085six\x0bseven", "one two three four five six seven"),
        ("  wide\u00a0 \u3000space ", "wide space"),
        ("\u2800\u3164Ana\u3164", "Ana"),
        ("e\u0301", "é"),
        ("ＡＮＡ", "ＡＮＡ"),
        ("שלום عالم 山田 İıß", "שלום عالم 山田 İıß"),
        ("Z" + "\u0315" * 40 + "a", "Z" + "\u0315" * 4 + "a"),
        ("กำ้ เก๋า", unicodedata.normalize("NFC", "กำ้ เก๋า")),
        (12.5, "12.5"),
        ("@here @channel", "@here @channel"),
        ("*_~`> :tada:", "*_~`&gt; :tada:"),
        ("javascript:alert(1)", "javascript:alert(1)"),
    ],
)
def test_is_one_visible_line(value: object, expected: str) -> None:
    assert shown(value) == expected


@pytest.mark.parametrize(
    "nothing", [None, "", "   ", "\u200b", "\u3164", "null", "None", "undefined", "NaN", "[object Object]", " null "]
)
def test_nothing_is_said_as_such(nothing: object) -> None:
    assert slack_text(nothing, 60, empty="(no name)") == "(no name)"
    assert clean(nothing) == ""


@pytest.mark.parametrize("name", ["Nan Goldin", "Jennifer Null", "nan", "0"])
def test_a_name_that_looks_like_nothing_is_kept(name: str) -> None:
    assert slack_text(name, 60, empty="(no name)") == name


def test_is_cut_between_characters_and_escapes() -> None:
    assert slack_text("x" * 10_000, 60) == "x" * 59 + "…"
    assert slack_text("a" * 9 + "&&&", 12) == "a" * 9 + "…"
    assert slack_text("a" * 6 + "&&&", 12) == "a" * 6 + "&amp;…"
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    assert len(slack_text(family * 1000, 61).encode("utf-16-le")) <= 122
    assert cut("abc", 3) == "abc"


@settings(max_examples=10_000, deadline=None)
@given(st.text(max_size=80), st.integers(2, 60))
def test_any_text_is_safe_and_fits(value: str, limit: int) -> None:
    text = slack_text(value, limit)
    assert not RAW_SPECIAL.search(text)
    assert len(text.encode("utf-16-le")) <= 2 * limit
    assert not any(unicodedata.category(each) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} for each in text)
    json.dumps(text).encode("ascii")


@settings(max_examples=2000, deadline=None)
@given(st.text(max_size=60))
def test_what_was_cleaned_stays_as_it_is(value: str) -> None:
    assert clean(clean(value)) == clean(value)


def test_slacks_own_markup_is_written_in_one_place() -> None:
    package = Path(__file__).parents[3] / "plugins" / "handoff"
    marked = [path.name for path in package.rglob("*.py") if "mrkdwn" in path.read_text(encoding="utf-8")]
    assert marked == ["card.py"]
