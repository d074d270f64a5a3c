"""What every page owes to whoever reads it by ear, without colours, or in the dark."""

from itertools import pairwise
from typing import Any, Literal

from playwright.sync_api import Page, expect

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LANDMARKS: tuple[Literal["banner", "main", "contentinfo"], ...] = ("banner", "main", "contentinfo")
# WCAG 2.2, 1.4.3: contrast of text, large text aside.
CONTRAST = 4.5
MEASURE_CONTRAST = """() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const linear = (part) => (part /= 255) <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = parse(getComputedStyle(each).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const text = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim()).join("");
    if (!text || !element.checkVisibility()) continue;
    const [one, other] = [luminance(parse(getComputedStyle(element).color)), luminance(behind(element))];
    found.push([(Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05), text]);
  }
  return found;
}"""


def assert_named(page: Page) -> None:
    """Landmarks, headings in their order, and a name for whatever one reads, presses or looks at."""
    assert page.evaluate("document.documentElement.lang") == "en-GB"
    assert page.title().endswith(" · Handoff")
    for landmark in LANDMARKS:
        expect(page.get_by_role(landmark)).to_have_count(1)
    menus: list[str] = page.eval_on_selector_all("nav", "all => all.map(each => each.ariaLabel || '')")
    assert "Pages" in menus
    assert "" not in menus
    assert len(set(menus)) == len(menus)
    levels: list[int] = page.eval_on_selector_all("h1, h2, h3, h4", "all => all.map(each => Number(each.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels)), levels
    for selector, is_wrong in (
        ("img", "each.getAttribute('alt') === null"),
        ("a, button, [role=img]", "!(each.ariaLabel || each.textContent.trim())"),
        ("iframe", "!each.title"),
        ("input, select", "!(each.ariaLabel || each.labels.length)"),
        ("[role=region]", "!each.ariaLabel || each.tabIndex !== 0"),
        ("table", "!(each.ariaLabel || (each.caption && each.caption.textContent.trim()))"),
        ("th", "!['row', 'col'].includes(each.scope)"),
        # A line that says that there is nothing is one cell, and tells of nothing.
        ("tbody tr", "each.cells.length > 1 && each.querySelectorAll('th[scope=row]').length !== 1"),
        ("[id]", "document.querySelectorAll('#' + CSS.escape(each.id)).length !== 1"),
    ):
        assert _wrong(page, selector, is_wrong) == [], selector


def assert_contrast(page: Page, scheme: Any) -> None:
    """Text stands out from what is behind it, in the scheme that the reader's system asks for."""
    red = page.evaluate("Number(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0])")
    assert (red < 64) == (scheme == "dark")
    measured = page.evaluate(MEASURE_CONTRAST)
    assert len(measured) > 10
    assert [each for each in measured if each[0] < CONTRAST] == []


def _wrong(page: Page, selector: str, is_wrong: str) -> list[str]:
    script = f"all => all.filter(each => {is_wrong}).map(each => each.outerHTML.slice(0, 300))"
    found: list[str] = page.eval_on_selector_all(selector, script)
    return found
