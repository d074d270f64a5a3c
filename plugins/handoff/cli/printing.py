"""A page on paper of any kind: tables for a person at a terminal, Markdown for a file, a pipe or a pull request."""

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from handoff.agreement.document import Document, Table, markdown

NUMERIC = set("0123456789.,%+-−–→() ")
"""Characters of cells that are set to the right."""


def show(document: Document, console: Console | None = None) -> None:
    """Print a page."""
    console = console or Console(highlight=False)
    if not console.is_terminal:
        console.file.write(markdown(document))
        return
    console.print(Text(document.title, "bold"))
    for paragraph in document.summary:
        console.print(Padding(Text(paragraph), (1, 0, 0, 0)))
    for section in document.sections:
        console.print(Padding(Text(section.title, "bold underline"), (1, 0, 0, 0)))
        for paragraph in section.paragraphs:
            console.print(Text(paragraph))
        for table in section.tables:
            console.print(Padding(_grid(table) if table.rows else Text(f"{table.caption}: none"), (1, 0, 0, 0)))
    console.print(Padding(Text(document.stamp, "dim"), (1, 0, 0, 0)))


def _grid(table: Table) -> Grid:
    grid = Grid(title=Text(table.caption, "italic"), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for place, name in enumerate(table.columns):
        is_number = all(set(row[place]) <= NUMERIC for row in table.rows)
        grid.add_column(Text(name), justify="right" if is_number else "left", overflow="fold")
    for row in table.rows:
        grid.add_row(*map(Text, row))
    return grid
