"""Who gets a lead, and who would."""

import getpass
import json
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from handoff.cli.shared import AsJson, fail, use_local_connections
from handoff.cli.two_agreements import After, Before, Changes, On, compared

if TYPE_CHECKING:
    from handoff.route.flood import Answer

Who = Annotated[str | None, typer.Option("--by", help="Who decides; without it, the user of this machine.")]
commands = typer.Typer(help="Who gets a lead and why, and who would under another agreement.", no_args_is_help=True)


@commands.command()
def explain(
    lead: Annotated[str, typer.Argument(help="A HubSpot contact id, or an e-mail address.")],
) -> None:
    """Say who got a lead each time and why nobody else did, why it is held if it is, and who would get it now."""
    from handoff import clock
    from handoff.explain import UnknownLead, lead_id_of
    from handoff.ledger.db import connect
    from handoff.route import story

    use_local_connections()
    with connect() as connection:
        try:
            found = story.story(connection, lead_id_of(connection, lead), clock.now())
        except (UnknownLead, LookupError) as wrong:
            fail(str(wrong))
    typer.echo(story.as_text(found))


@commands.command()
def release(who: Who = None) -> None:
    """Hand over the MQLs that are held because more came than usual."""
    _answer("released", who)


@commands.command()
def drop(who: Who = None) -> None:
    """Hand none of them over for what they did until now; a new act counts again."""
    _answer("dropped", who)


def _answer(said: "Answer", who: str | None) -> None:
    from handoff import clock
    from handoff.ledger.db import connect
    from handoff.route import flood

    use_local_connections()
    with connect() as connection:
        found = flood.current(connection)
        if found is None:
            fail("Nothing is held: no more MQLs came than go through without asking.")
        try:
            flood.answer(connection, found.flood_id, said, who or getpass.getuser(), clock.now())
        except flood.NothingToAnswer as late:
            fail(str(late))
    typer.echo(f"{found.held:,} MQLs {said}; the next run of the line acts on it.")


@commands.command()
def simulate(
    before: Before = None,
    after: After = None,
    change: Changes = None,
    days: Annotated[int, typer.Option(help="How far back to go; two years are kept.", min=1, max=730)] = 90,
    on: On = None,
    as_json: AsJson = False,
) -> None:
    """Route the handoffs of the last days again by two agreements: load, fairness, wait and breaches.

    For example: handoff route simulate --change ben-okafor:max_open=10 --change high:response_minutes=120
    """
    from handoff import clock
    from handoff.cli.printing import show
    from handoff.ledger.db import connect
    from handoff.qualify import models
    from handoff.route import simulate as simulating
    from handoff.route import simulated

    if before is None and after is None and not change:
        fail("Nothing to compare: name --from or --to, or a --change such as ben-okafor:max_open=10.")
    end = clock.now()
    sides, day = compared(before, after, change or (), on, end.date())
    use_local_connections()
    start = end - timedelta(days=days)
    with connect() as connection:
        compiled = models.compiled(for_all=True, selection=simulating.SELECTION)
        rows = simulating.arrivals(connection, start, end)
        left_out = simulating.left_out(connection, start, end)
        outcomes = [
            simulated.outcome(
                label,
                tables,
                list(simulating.simulate(connection, compiled, tables, rows, end, day)),
                day,
                end,
                left_out,
            )
            for label, tables in sides
        ]
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in outcomes], indent=2, default=str))
    else:
        show(simulated.document(outcomes[0], outcomes[1], start, end))
