"""Whatever the product can alert about has an entry in the runbook."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from handoff.review import policies
from handoff.settings import REPOSITORY

RUNBOOK = (REPOSITORY / "docs" / "operations.md").read_text()
PACKAGE = REPOSITORY / "plugins" / "handoff"


def _calls(path: Path, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            yield node


def _beginning(node: ast.expr) -> str:
    """What a string, formatted or not, begins with."""
    part = node.values[0] if isinstance(node, ast.JoinedStr) else node
    assert isinstance(part, ast.Constant), "an alert's key begins with a word of its own"
    return str(part.value)


def test_each_word_to_the_review_channel_has_an_entry() -> None:
    keys = {
        _beginning(call.args[1]).partition(":")[0] for path in PACKAGE.rglob("*.py") for call in _calls(path, "alert")
    }
    assert len(keys) >= 10
    assert keys == set(re.findall(r"^\| `([a-z]+)` \|", RUNBOOK, flags=re.MULTILINE))


def test_each_trouble_has_an_entry() -> None:
    ids = {
        _beginning(call.args[0]).rstrip("-")
        for path in (PACKAGE / "vitals").glob("*.py")
        for call in _calls(path, "Trouble")
    }
    written = {each.removesuffix("-…") for each in re.findall(r"^\| `\[([a-z-]+…?)\]`", RUNBOOK, flags=re.MULTILINE)}
    assert ids | {"restart"} == written


def test_each_policy_has_an_entry_and_says_on_the_board_what_it_promises() -> None:
    models = REPOSITORY / "dbt_project" / "models" / "policy"
    names = {path.stem for path in models.glob("*.sql")}
    documented = yaml.safe_load((models / "_policy__models.yml").read_text())["models"]
    assert {each["name"] for each in documented if each["description"].startswith(policies.MUST_BE_EMPTY)} == names
    _, _, after = RUNBOOK.partition("\n## Policies\n")
    written, _, _ = after.partition("\n## ")
    assert names == set(re.findall(r"^\| `([a-z_]+)` \|", written, flags=re.MULTILINE))
