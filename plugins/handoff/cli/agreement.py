"""The written agreement."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from handoff.cli.performance import performance
from handoff.cli.shared import AsJson, fail, use_local_connections
from handoff.cli.suggest import suggest

if TYPE_CHECKING:
    from handoff.agreement.model import Agreement

commands = typer.Typer(
    help="The written agreement: dbt_project/seeds/agreement. Edit a line, `check` it, look at it with `show` and at "
    "the change with `diff`, then `load` it.",
    no_args_is_help=True,
)
commands.command()(suggest)
commands.command()(performance)

Source = Annotated[
    str | None,
    typer.Argument(help="A directory, or a revision of git such as HEAD~1 or main; without it, this checkout."),
]


class Format(StrEnum):
    """What `show` prints."""

    MD = "md"
    HTML = "html"


@commands.command()
def load(
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Also rebuild the line's tables from raw, and judge every lead anew.")
    ] = False,
) -> None:
    """Load the agreement as it stands in this checkout once its tests have passed; nobody is paged for the past.

    With --rebuild whoever a looser agreement makes an MQL by acts since go-live is handed over with the line's next
    run; more of them than an hour may have are held for a person's answer.
    """
    from handoff import agreement, clock
    from handoff.qualify.dbt import DbtFailed

    use_local_connections()
    try:
        counts = agreement.load(clock.now(), full_refresh=rebuild)
    except DbtFailed as failed:
        fail(f"The agreement was not loaded. {failed}")
    typer.echo(", ".join(f"{name}: {value}" for name, value in counts.items()))


@commands.command()
def check(where: Source = None, as_json: AsJson = False) -> None:
    """Say what is wrong with the agreement: file, line, and what to write instead. Exits with 1 when it cannot go live.

    Reads the files alone, so nothing needs to run. `handoff agreement load` refuses what this finds. Public holidays
    of the next twelve months that nobody has decided, and calendars whose holidays run out, are warnings.
    """
    from handoff import clock
    from handoff.agreement import check as rules
    from handoff.agreement.rules import ahead

    found = _read(where)
    problems = [*rules.problems(found), *ahead.problems(found, clock.now().date())]
    errors = sum(each.severity == "error" for each in problems)
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in problems], indent=2, ensure_ascii=False))
    else:
        for each in problems:
            typer.secho(str(each), fg=typer.colors.RED if each.severity == "error" else typer.colors.YELLOW)
        rows = f"{sum(1 for _ in found)} rows in {len(found.tables)} tables of {found.name}"
        typer.echo(f"{errors} errors, {len(problems) - errors} warnings in {rows}" if problems else f"Sound: {rows}")
    if errors:
        raise typer.Exit(1)


@commands.command()
def show(
    where: Source = None,
    at: Annotated[
        datetime | None, typer.Option(help="The day to show it for; today by default.", formats=["%Y-%m-%d"])
    ] = None,
    as_format: Annotated[Format, typer.Option("--format", help="Markdown, or a page for a browser.")] = Format.MD,
) -> None:
    """Print the whole agreement as one page that a person would sign.

    For example `handoff agreement show --at 2027-01-01 --format html > agreement.html`.
    """
    from handoff import clock
    from handoff.agreement.document import markdown
    from handoff.agreement.show import document
    from handoff.web.pages.agreement import standalone

    moment = at.replace(tzinfo=UTC) if at else clock.now()
    found = _read(where)
    typer.echo(markdown(document(found, moment)) if as_format is Format.MD else standalone(found, moment), nl=False)


@commands.command()
def diff(
    before: Annotated[str, typer.Argument(help="A directory or a revision of git, for example main.")],
    after: Source = None,
    as_json: AsJson = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown, for a pull request.")] = False,
) -> None:
    """Tell in words what changed between two agreements, and whether it is of what was already in force.

    A rule is changed by ending its row with valid_to and adding one that begins on that day. Whoever edits a row that
    is in force changes how the past is counted, and gives one version two texts. Handoffs keep the rows they were
    decided by: each load is kept, and `handoff replay` takes that one.
    """
    from handoff import clock
    from handoff.agreement.change import markdown
    from handoff.agreement.diff import changes

    found = changes(_readable(before), _readable(after), clock.now().date())
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in found], indent=2, default=str, ensure_ascii=False))
    elif as_markdown:
        typer.echo(markdown(found), nl=False)
    else:
        for each in found:
            typer.secho(str(each), fg=typer.colors.RED if each.rewrites_since else None)
        typer.echo(f"{len(found)} changes" if found else "The agreement is the same.")


@commands.command()
def holidays(
    where: Source = None,
    years: Annotated[int, typer.Option(help="How many years after this one.", min=0, max=10)] = 2,
) -> None:
    """Print public holidays that the agreement says nothing of, as rows to append to holidays.csv. Writes nothing.

    They are those of the countries in calendar_countries.csv. Rows that name such a country for a day which is no
    public holiday there are told as comments, on standard error.
    """
    from handoff import clock
    from handoff.agreement import public_holidays

    found, today = _readable(where), clock.now().date()
    span = (today.replace(month=1, day=1), today.replace(year=today.year + years + 1, month=1, day=1))
    for row, place in public_holidays.unknown(found, *span):
        typer.echo(f"# {row.seed.file}:{row.line}: {row['holiday_on']} is no public holiday in {place}", err=True)
    typer.echo(public_holidays.as_csv(public_holidays.missing(found, *span), today), nl=False)


def _read(where: str | None) -> "Agreement":
    from handoff.agreement import Unreadable, source

    try:
        return source(where)
    except Unreadable as reason:
        fail(f"{reason}.")


def _readable(where: str | None) -> "Agreement":
    """As `_read`, and ends when a file could not be read: its rows would be told as removed."""
    found = _read(where)
    if found.problems:
        fail("\n".join([f"Not every row of {found.name} can be read:", *map(str, found.problems)]))
    return found
