"""`handoff agreement suggest`: points that outcomes speak for. A person decides."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from handoff.cli.shared import AsJson, fail, use_local_connections

Names = list[str] | None


def suggest(
    source: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="Learn from a CSV file of leads; else from the ledger."),
    ] = None,
    outcome: Annotated[str | None, typer.Option(help="The file's column that says what became of each lead.")] = None,
    good: Annotated[
        list[str] | None, typer.Option(help="A value of it that is a good one; else yes, 1, won ….")
    ] = None,
    id_column: Annotated[
        str | None, typer.Option("--id", help="Its column with a number that rises with time, where no --at is given.")
    ] = None,
    at_column: Annotated[
        str | None,
        typer.Option("--at", help="Its column with the moment of each lead."),
    ] = None,
    today: Annotated[str | None, typer.Option(help="Its column with each lead's score by the points of today.")] = None,
    keep: Annotated[Names, typer.Option(help="A column to learn from whatever speaks against it.")] = None,
    leave_out: Annotated[Names, typer.Option(help="A column not to learn from.")] = None,
    facts: Annotated[
        Names, typer.Option("--as", metavar="COLUMN=FACT", help="A column that is this fact of the agreement.")
    ] = None,
    definition: Annotated[str | None, typer.Option(help="The definition, where several are live.")] = None,
    on: Annotated[
        datetime | None, typer.Option(help="First day of the new points; tomorrow by default.", formats=["%Y-%m-%d"])
    ] = None,
    write: Annotated[Path | None, typer.Option(metavar="PATCH", help="Write the diff to this new file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say which points the outcomes speak for, how sure that is, and how much better they rank. Changes nothing.

    Learns from the earlier outcomes, judges by the later ones, and proposes the change as a diff of the seeds with
    the evidence in each row: `git apply` it, or do not. Columns of a file that are known only after the outcome are
    found by rule and left out, each with the reason.
    """
    from handoff import clock
    from handoff.agreement import Unreadable
    from handoff.agreement import source as read_agreement
    from handoff.ledger.db import connect
    from handoff.suggest import CannotSuggest, as_text, from_file, from_ledger
    from handoff.suggest.table import Wanted

    now = clock.now()
    first = on.date() if on else now.date() + timedelta(days=1)
    if first <= now.date():
        fail(f"{first} is not in the future: decisions that were made could not be made again. Give a later --on.")
    if bool(source) != bool(outcome):
        fail("A file and its column with the outcome go together: --from FILE --outcome COLUMN.")
    if write and write.exists():
        fail(f"{write} is there already: name a new file.")
    try:
        agreement = read_agreement()
        if source:
            wanted = Wanted(
                *(outcome or "", tuple(good or ()), id_column, at_column, today, tuple(keep or ())),
                leave_out=tuple(leave_out or ()),
                facts=tuple(_pair(text) for text in facts or ()),
            )
            found = from_file(source, wanted, agreement, first, definition)
        else:
            use_local_connections()
            with connect() as connection:
                found = from_ledger(connection, agreement, now, first, definition)
    except (CannotSuggest, Unreadable) as reason:
        fail(f"{reason}.")
    if write:
        _write(write, found.patch)
    typer.echo(json.dumps(found.as_json(), indent=2, ensure_ascii=False) if as_json else as_text(found), nl=as_json)


def _write(path: Path, patch: str) -> None:
    if not patch:
        fail("There is no diff to write: no rule of the agreement would change.")
    try:
        # Never over a file that is there.
        with path.open("x", encoding="utf-8", newline="") as file:
            file.write(patch)
    except OSError as reason:
        fail(f"{path} cannot be written: {reason.strerror}.")


def _pair(text: str) -> tuple[str, str]:
    column, _, fact = text.rpartition("=")
    if not column or not fact:
        fail(f"{text!r} names no column and fact: write for example --as 'Lead Source=first_source'.")
    return column, fact
