"""`handoff …`: each command is a few lines over a function that a DAG or a test could call as well."""

import typer

from handoff.cli import (
    agreement,
    backtest,
    bi,
    crm,
    database,
    docs,
    gate,
    leads,
    outbox,
    privacy,
    review,
    route,
    stack,
    watchdog,
)

app = typer.Typer(
    help="From the moment a lead qualifies to the message a rep acts on, and the clock after it.\n\n"
    "Start with `handoff up`; `handoff status` shows the line at work.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(stack.commands)
app.add_typer(bi.commands)
app.add_typer(watchdog.commands)
app.add_typer(leads.commands)
app.add_typer(backtest.commands)
app.add_typer(docs.commands)
app.add_typer(crm.commands, name="crm")
app.add_typer(gate.commands, name="gate")
app.add_typer(route.commands, name="route")
app.add_typer(outbox.commands, name="outbox")
app.add_typer(review.commands, name="review")
app.add_typer(privacy.commands, name="privacy")
app.add_typer(database.commands, name="db")
app.add_typer(agreement.commands, name="agreement")
