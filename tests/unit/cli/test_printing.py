"""A page is tables at a terminal, and Markdown everywhere else."""

from io import StringIO

from rich.console import Console

from handoff.agreement.document import Document, Section, Table, markdown
from handoff.cli.printing import show

PAGE = Document(
    title="Backtest: main → [this checkout]",
    summary=("As many MQLs.",),
    sections=(
        Section(
            "Load",
            ("By the rota.",),
            (
                Table("Handoffs by rep", ("Rep", "Before"), (("ben-okafor", "7"), ("chloe_martin", "112"))),
                Table("Lost: 0", ("Lead", "Why"), ()),
            ),
        ),
    ),
    signatories=(),
    stamp="3 leads",
)


def printed(*, is_terminal: bool) -> str:
    out = StringIO()
    show(PAGE, Console(file=out, force_terminal=is_terminal, color_system=None, width=60))
    return out.getvalue()


def test_at_a_terminal_columns_stand_below_each_other() -> None:
    lines = [line.strip() for line in printed(is_terminal=True).splitlines()]
    assert "Backtest: main → [this checkout]" in lines
    head, ben, chloe = (next(line for line in lines if line.startswith(name)) for name in ("Rep", "ben", "chloe"))
    # Numbers end below each other, and nothing is escaped for Markdown.
    assert len(head) == len(ben) == len(chloe)
    assert chloe.split() == ["chloe_martin", "112"]
    assert "Lost: 0: none" in lines
    assert not any("|" in line or "\\" in line for line in lines)


def test_into_a_file_it_is_markdown() -> None:
    assert printed(is_terminal=False) == markdown(PAGE)
