"""Templates to answers."""

from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from handoff.web.pages.filters import FILTERS
from handoff.web.pages.marks import SHAPES, WORDS

NAVIGATION = (
    *(("handoffs", "Handoffs"), ("board", "Board"), ("review", "Review"), ("marts", "Marts")),
    ("agreement", "Agreement"),
    ("docs", "Docs"),
)
"""Path below the app, and what people call it, in the order of the menu."""

_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters |= FILTERS
_environment.globals |= {"navigation": NAVIGATION, "shapes": SHAPES, "words": WORDS}


def render(request: Request, template: str, values: dict[str, Any], status: int = 200) -> HTMLResponse:
    """One page. `root` is the app's own address in it, `here` the page's path below that."""
    root = request.scope.get("root_path", "")
    here = request.url.path.removeprefix(root).strip("/")
    text = _environment.get_template(template).render(values, root=root, here=here)
    return HTMLResponse(text, status)
