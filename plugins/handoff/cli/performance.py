"""`handoff agreement performance`: which clauses let the wrong leads in, and the backtest of a change."""

import json
from dataclasses import asdict

import typer

from handoff.cli.shared import AsJson, fail, use_local_connections


def performance(as_json: AsJson = False) -> None:
    """Rank the clauses by what sales answered and what became of the leads, and say what to try about the worst.

    Each suggestion is a command that backtests one change: run it, look at whom it would lose, then decide. Nothing is
    suggested where the intervals leave room for chance.
    """
    from handoff import clock
    from handoff.agreement import Unreadable, source
    from handoff.agreement.document import markdown
    from handoff.agreement.stored import deciding
    from handoff.ledger.db import connect
    from handoff.review.performance import ranking
    from handoff.review.verdicts import document, verdicts

    use_local_connections()
    try:
        with connect() as connection:
            agreement, _ = deciding(connection, source())
            found = verdicts(ranking(connection), agreement, clock.now().date())
    except (Unreadable, LookupError) as reason:
        fail(f"{reason}.")
    text = json.dumps(asdict(found), indent=2, ensure_ascii=False) if as_json else markdown(document(found))
    typer.echo(text, nl=as_json)
