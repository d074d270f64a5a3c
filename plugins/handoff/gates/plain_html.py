"""Keep of a page only what is said: tables, lists and words, without script, style, address or attribute."""

from html import escape
from html.parser import HTMLParser

KEPT = frozenset(
    (
        *("table", "thead", "tbody", "tr", "th", "td", "caption", "ul", "ol", "li", "dl", "dt", "dd", "p", "pre"),
        *("code", "strong", "em", "b", "i", "br", "h1", "h2", "h3", "h4", "h5", "h6", "span", "div"),
    )
)
SILENT = frozenset(
    ("head", "script", "style", "template", "svg", "nav", "button", "form", "noscript", "iframe", "object", "footer")
)
"""Elements whose content is no text for people."""
VOID = frozenset(("br",))
SIGNS = {"text-success": "✓ met", "text-danger": "▲ not met", "text-warning": "● not met"}
"""What Great Expectations' pictures say, by the class of their element."""


class _Plain(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.silent: list[str] = []
        self.opened: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in SILENT:
            self.silent.append(tag)
        elif tag in KEPT and not self.silent:
            self.parts.append(f"<{tag}>")
            if tag not in VOID:
                self.opened.append(tag)
            if tag == "i":
                self.parts += [SIGNS[name] for name in (dict(attrs).get("class") or "").split() if name in SIGNS]

    def handle_endtag(self, tag: str) -> None:
        if self.silent and tag in self.silent:
            while self.silent.pop() != tag:
                pass
        elif not self.silent and tag in self.opened:
            # What was left open inside ends here, so that nothing reaches beyond the page's own frame.
            while (last := self.opened.pop()) != tag:
                self.parts.append(f"</{last}>")
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self.silent and data.strip():
            self.parts.append(escape(data))

    def close(self) -> None:
        super().close()
        self.parts += [f"</{tag}>" for tag in reversed(self.opened)]


def plain(page: str) -> str:
    """HTML that holds none but `KEPT` elements, all closed, none with an attribute; every other text is escaped."""
    parser = _Plain()
    parser.feed(page)
    parser.close()
    return "".join(parser.parts)
