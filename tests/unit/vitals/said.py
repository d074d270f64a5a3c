"""What the product's code would say: each text that an expression may become, with … for what is put in."""

import ast
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from handoff.settings import REPOSITORY

PACKAGE = REPOSITORY / "plugins" / "handoff"
GAP = "…"


def functions(path: Path) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef))


def calls(within: ast.AST, name: str) -> Iterator[ast.Call]:
    """Calls of a function, or of a method, by that name."""
    for node in ast.walk(within):
        if isinstance(node, ast.Call) and name in (getattr(node.func, "id", ""), getattr(node.func, "attr", "")):
            yield node


NOTES = {each.name: each for each in functions(PACKAGE / "watch" / "ladder_notes.py")}
"""Sentences about a lead that others put into theirs."""


def texts(node: ast.expr, within: ast.FunctionDef) -> set[str]:
    """Every text that an expression of this function may become."""
    match node:
        case ast.Constant():
            return {str(node.value)}
        case ast.JoinedStr():
            return {"".join(each) for each in product(*(texts(part, within) for part in node.values))}
        case ast.IfExp():
            return texts(node.body, within) | texts(node.orelse, within)
        case ast.FormattedValue(ast.Name(name)):
            # Of what was put together elsewhere only plain words, and sentences about a lead, are part of the text.
            values = _values(name, within)
            found = set().union(*(texts(each, within) for each in values))
            return found if values and (_is_note(values[0]) or GAP not in "".join(found)) else {GAP}
        case ast.FormattedValue():
            return texts(node.value, within)
        case ast.Name():
            return set().union(*(texts(each, within) for each in _values(node.id, within))) or {GAP}
        case ast.Call(ast.Attribute(attr="_with_link")):
            return {f"{each}." for each in texts(node.args[0], within)}
        case ast.Call() if _is_note(node):
            return note(getattr(node.func, "attr", ""))
        case _:
            return {GAP}


def note(name: str) -> set[str]:
    """Every text of one of the sentences about a lead."""
    (result,) = (node.value for node in ast.walk(NOTES[name]) if isinstance(node, ast.Return))
    assert result is not None
    return texts(result, NOTES[name])


def _is_note(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and getattr(node.func, "attr", "") in NOTES


def _values(name: str, within: ast.FunctionDef) -> list[ast.expr]:
    return [
        node.value
        for node in ast.walk(within)
        if isinstance(node, ast.Assign) and [getattr(each, "id", "") for each in node.targets] == [name]
    ]
