"""Whatever the product can alert about has an entry in the runbook."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import product

import yaml

from handoff.review import policies
from handoff.settings import REPOSITORY
from tests.unit.vitals.said import GAP, NOTES, PACKAGE, calls, functions, note, texts

RUNBOOK = (REPOSITORY / "docs" / "operations.md").read_text()


def _beginning(node: ast.expr) -> str:
    """What a string, formatted or not, begins with."""
    part = node.values[0] if isinstance(node, ast.JoinedStr) else node
    assert isinstance(part, ast.Constant), "an alert's key begins with a word of its own"
    return str(part.value)


def _alerts() -> Iterator[tuple[str, set[str]]]:
    """Key and texts of everything that goes to the review channel by itself."""
    for path in PACKAGE.rglob("*.py"):
        for function in functions(path):
            for call in calls(function, "alert"):
                key = _beginning(call.args[1]).partition(":")[0]
                if key == "ladder" and function.name == "tell":
                    # To whoever is above the rep, and to the channel when nobody is.
                    for name in NOTES.keys() - {"reminder", "raised", "__init__"}:
                        if not name.startswith("_"):
                            yield key, note(name)
                else:
                    yield key, texts(call.args[2], function)


def test_each_word_to_the_review_channel_has_an_entry_by_its_text() -> None:
    said: dict[str, set[str]] = defaultdict(set)
    for key, found in _alerts():
        said[key] |= found
    (question,) = (each for each in functions(PACKAGE / "notify" / "flood_card.py") if each.name == "question")
    said["flood"] |= {
        " ".join(pair) for pair in product(*(texts(ast.Name(each), question) for each in ("held", "how")))
    }
    assert len(said) >= 10
    # A text of gaps alone would fit anything.
    assert not [text for found in said.values() for text in found if len(text.replace(GAP, "")) < 20]
    written = {
        key: set(told.split(" / ")) for key, told in re.findall(r"^\| `([a-z]+)` \| (.+?) \|", RUNBOOK, re.MULTILINE)
    }
    assert said == written


def test_nothing_goes_to_the_review_channel_past_these_entries() -> None:
    """Beside alerts, only the breaker's question and the weekly pack know the channel's name."""
    users = {path.stem for path in PACKAGE.rglob("*.py") if any(calls(ast.parse(path.read_text()), "review_channel"))}
    assert users == {"alert", "flood_card", "posting"}


def test_each_trouble_has_an_entry_by_its_text() -> None:
    said = {}
    for path in (PACKAGE / "vitals").glob("*.py"):
        for function in functions(path):
            for call in calls(function, "Trouble"):
                (name,), (text,) = (texts(each, function) for each in call.args[:2])
                silent = any(each.arg == "is_alerted" for each in call.keywords)
                said[name] = text + " (health and status only)" * silent
            for call in calls(function, "tell"):
                if isinstance(call.args[0], ast.Constant):
                    told = re.fullmatch(r":wrench: Handoff: (.+) \[([a-z]+)\]", str(call.args[0].value))
                    assert told
                    said[told[2]] = told[1]
    assert len(said) >= 14
    assert said == dict(re.findall(r"^\| `\[([a-z-]+…?)\]` (.+?) \|", RUNBOOK, re.MULTILINE))


def test_each_policy_has_an_entry_and_says_on_the_board_what_it_promises() -> None:
    models = REPOSITORY / "dbt_project" / "models" / "policy"
    names = {path.stem for path in models.glob("*.sql")}
    documented = yaml.safe_load((models / "_policy__models.yml").read_text())["models"]
    assert {each["name"] for each in documented if each["description"].startswith(policies.MUST_BE_EMPTY)} == names
    _, _, after = RUNBOOK.partition("\n## Policies\n")
    written, _, _ = after.partition("\n## ")
    assert names == set(re.findall(r"^\| `([a-z_]+)` \|", written, flags=re.MULTILINE))
