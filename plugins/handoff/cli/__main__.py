"""`python -m handoff.cli`, where the command `handoff` is not on the path."""

from handoff.cli import app

app()
