"""The pages of `docs/`, as people without the repository read them."""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("For you", ("for-reps", "for-managers", "for-marketing", "for-revops", "operations", "for-developers")),
    ("The agreement", ("agreement", "suggest", "attribution", "identity")),
    ("The handoff", ("routing", "first-contact", "business-time", "review")),
    ("The system", ("connect", "marts", "bi", "reliability", "decisions")),
)
"""Pages by their file's name, in the order of the menu; any other page of the directory follows under "More"."""
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")
_PICTURE = re.compile(r"[a-z0-9][a-z0-9-]{0,60}\.png")


class UnknownPage(LookupError):
    """There is no page or picture of that name."""


@dataclass(frozen=True)
class Entry:
    """A page in the menu."""

    name: str
    title: str


@dataclass(frozen=True)
class Page:
    """A page: its title, and its body as HTML of ours."""

    name: str
    title: str
    body: str


def menu(directory: Path) -> tuple[tuple[str, tuple[Entry, ...]], ...]:
    """Every page of a directory, in groups."""
    there = {path.stem: _title(path) for path in sorted(directory.glob("*.md")) if _NAME.fullmatch(path.stem)}
    named = {name for _, names in GROUPS for name in names}
    groups = (*GROUPS, ("More", tuple(name for name in there if name not in named)))
    found = ((group, tuple(Entry(name, there[name]) for name in names if name in there)) for group, names in groups)
    return tuple((group, entries) for group, entries in found if entries)


def page(directory: Path, name: str, root: str) -> Page:
    """One page.

    Args:
        root: the web app's own address, for the links between pages.

    Raises:
        UnknownPage
    """
    path = directory / f"{name}.md"
    if not _NAME.fullmatch(name) or not path.is_file():
        raise UnknownPage(f"there is no page {name!r}: see the menu")
    text = path.read_text(encoding="utf-8")
    parser = _parser()
    tokens = parser.parse(text)
    _link(tokens, root)
    return Page(name, _title(path), parser.renderer.render(list(_boxed(tokens)), parser.options, {}))


def picture(directory: Path, name: str) -> Path:
    """A picture of the pages.

    Raises:
        UnknownPage
    """
    path = directory / "images" / name
    if not _PICTURE.fullmatch(name) or not path.is_file():
        raise UnknownPage(f"there is no picture {name!r}")
    return path


@cache
def _parser() -> MarkdownIt:
    # HTML in a page is shown as text: what a page may do is decided here.
    return MarkdownIt("commonmark", {"html": False, "typographer": False}).enable("table")


def _title(path: Path) -> str:
    with path.open(encoding="utf-8") as lines:
        return next((line.removeprefix("# ").strip() for line in lines if line.startswith("# ")), path.stem)


def _link(tokens: Sequence[Token], root: str) -> None:
    """Lead links to pages here and out of the house; a link into the repository becomes its bare path."""
    open_links: list[bool] = []
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            token.attrSet("id", _slug(tokens[place + 1].content))
        if token.children:
            _link(token.children, root)
        if token.type == "image":
            token.attrSet("src", f"{root}/docs/images/{PurePosixPath(str(token.attrGet('src'))).name}")
        elif token.type == "link_open":
            target = _target(str(token.attrGet("href")), root)
            open_links.append(bool(target))
            if target:
                token.attrSet("href", target)
            else:
                token.tag, token.attrs = "span", {"class": "source"}
        elif token.type == "link_close" and not open_links.pop():
            token.tag = "span"


def _boxed(tokens: Sequence[Token]) -> Iterator[Token]:
    """Each table in a box of its own that scrolls, named as its section is, with a heading for each column and row."""
    section, is_first = "", False
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            section = tokens[place + 1].content.replace("`", "")
        elif token.type == "table_open":
            label = html.escape(section)
            box = f'<div class="scroll" role="region" tabindex="0" aria-label="{label}">'
            yield Token("html_block", "", 0, content=box)
            token.attrSet("aria-label", section)
        elif token.type == "th_open":
            token.attrSet("scope", "col")
        elif token.type == "tr_open":
            is_first = True
        elif token.type == "td_open" and is_first:
            token.tag = "th"
            token.attrSet("scope", "row")
        elif token.type == "td_close" and is_first:
            token.tag, is_first = "th", False
        yield token
        if token.type == "table_close":
            yield Token("html_block", "", 0, content="</div>\n")


def _target(href: str, root: str) -> str:
    path, _, fragment = href.partition("#")
    anchor = f"#{fragment}" if fragment else ""
    if re.match(r"https?://", href):
        return href
    if not path:
        return anchor
    name = PurePosixPath(path)
    return f"{root}/docs/{name.stem}{anchor}" if name.suffix == ".md" and len(name.parts) == 1 else ""


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def values(directory: Path, name: str, root: str) -> dict[str, Any]:
    """What the template shows of a page.

    Raises:
        UnknownPage
    """
    return {"page": page(directory, name, root), "groups": menu(directory)}
