"""The page of the written agreement: what `handoff agreement show` prints, for a browser."""

from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, DictLoader, Environment, FileSystemLoader, StrictUndefined

from handoff.agreement.document import Table
from handoff.agreement.model import Agreement
from handoff.agreement.show import document

TEMPLATE = "agreement.html"
_TEMPLATES = Path(__file__).parent / "templates"
# Stands for the web app's frame where there is no web app: a file that is sent round or printed.
_FRAME = """<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{% block title %}{% endblock %}</title>
<style>
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
body { max-width: 70rem; margin: 2rem auto; padding: 0 1rem }
.scroll { overflow-x: auto; margin: 1rem 0 }
table { border-collapse: collapse; width: 100% }
caption { text-align: left; font-weight: 600; padding: .5rem 0 }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #8884 }
.number { text-align: right; font-variant-numeric: tabular-nums }
figure { margin: 1.5rem 0; overflow-x: auto } figcaption { font-weight: 600 } svg { background: #fff; max-width: 100% }
.signature { margin: 3rem 0 0; border-top: 1px solid; max-width: 24rem; padding-top: .3rem }
@media print { body { margin: 0; font-size: 11px } tr, .signature { break-inside: avoid } }
</style>
</head>
<body><main>{% block main %}{% endblock %}</main></body>
</html>
"""
_LINE = 32
"""Letters above which a cell may be broken into lines."""
_NUMBERS = frozenset({"Points", "At most", "Order", "Precedence", "Gained", "Lost", "Before", "After"})


def page(agreement: Agreement, at: datetime) -> dict[str, Any]:
    """What the template needs.

    Returns: `title`; `document`, a `handoff.agreement.document.Document`; and `kind`, a function of a table and the
    place of a column, which answers `number`, `id`, `text` for cells that are sentences, or nothing.
    """
    found = document(agreement, at)
    return {"title": found.title, "document": found, "kind": kind}


def standalone(agreement: Agreement, at: datetime) -> str:
    """The same page as one HTML file that needs nothing else."""
    return alone(TEMPLATE, page(agreement, at))


def alone(template: str, values: dict[str, Any]) -> str:
    """A template in a frame of its own: one HTML file."""
    loader = ChoiceLoader([DictLoader({"base.html": _FRAME}), FileSystemLoader(_TEMPLATES)])
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template(template).render(values) + "\n"


def kind(table: Table, place: int) -> str:
    """How a column is shown: `number`, `id`, `text` for cells that are sentences, or nothing of that."""
    name = table.columns[place]
    if name in _NUMBERS:
        return "number"
    is_long = max((len(row[place]) for row in table.rows), default=0) > _LINE
    return "id" if name == "Id" else "text" if is_long else ""
