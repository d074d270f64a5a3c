"""Look on from outside of Airflow."""

import logging
from typing import Annotated

import typer

from handoff.cli.shared import fail

commands = typer.Typer()


@commands.command()
def watchdog(
    local: Annotated[
        bool, typer.Option("--local", help="Restart the local stack's scheduler when it is wedged.")
    ] = False,
    keep: Annotated[
        list[str] | None,
        typer.Argument(metavar="-- COMMAND", help="A scheduler to run and to restart when it is wedged; tells nobody."),
    ] = None,
) -> None:
    """Watch the line, for ever: alerts by HANDOFF_ALERT_WEBHOOK or HANDOFF_ALERT_SMTP, not through the outbox.

    `handoff up` runs it. In Compose one of them tells people, and another runs the scheduler:
    `handoff watchdog -- airflow scheduler` ends when the scheduler does. Limits in seconds: HANDOFF_CANARY_S (120),
    HANDOFF_PENDING_S (300), HANDOFF_OUTBOX_S (600), HANDOFF_INBOX_S (300), HANDOFF_INGEST_S (600),
    HANDOFF_LOAD_S (120), HANDOFF_WATCH_S (300), HANDOFF_FAILING_S (1200), HANDOFF_PATIENCE_S (5).
    """
    from handoff.local import state
    from handoff.local.wedged import LocalScheduler
    from handoff.settings import settings
    from handoff.vitals import kept as own
    from handoff.vitals import second_path, troubles
    from handoff.vitals import watchdog as dog

    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    try:
        limit = troubles.limits()
    except ValueError as wrong:
        fail(str(wrong))
    if keep:
        kept = own.Kept(keep)
        raise typer.Exit(own.keep(kept, dog.Watchdog(limit, kept, tell=own.only_log)))
    if not second_path.is_configured():
        logging.warning("Nobody hears of anything: set %s or %s", second_path.WEBHOOK, second_path.SMTP)
    scheduler = LocalScheduler(state.layout(settings())) if local else None
    dog.run(dog.Watchdog(limit, scheduler))
