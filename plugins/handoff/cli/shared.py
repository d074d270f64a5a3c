"""What the commands share."""

import os
from datetime import UTC, datetime
from typing import Annotated, NoReturn

import typer

from handoff.settings import settings

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object, for a script.")]


def use_local_connections() -> None:
    """Outside of Airflow, and unless the caller's environment names a database, the local stack's is meant."""
    from handoff.local import stack

    if "AIRFLOW_CONN_HANDOFF_DB" not in os.environ:
        try:
            stack.activate()
        except FileNotFoundError:
            fail(f"Nothing has been started in {settings().home}: run `handoff up`.")


def fail(message: str) -> NoReturn:
    """End with exit status 1 and one red sentence."""
    typer.secho(message, fg=typer.colors.RED, err=True)
    raise typer.Exit(1)


def moment(text: str) -> datetime:
    """An instant given on the command line; without an offset it is UTC."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        fail(f"{text!r} is no moment: write for example 2026-11-24T09:30Z")
    return at if at.tzinfo else at.replace(tzinfo=UTC)
