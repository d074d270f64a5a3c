"""The local stack's state as tables for a person."""

from collections.abc import Sequence

from rich.table import Table

from handoff.extract.overview import StreamState
from handoff.local.progress import console
from handoff.local.status import Status
from handoff.vitals.facts import Facts


def status(found: Status) -> None:
    if found.components:
        console.print(_components(found))
    if found.paused is None:
        console.print(
            "[yellow]Whether a DAG is paused is not known here: ask where Airflow's metadata can be reached.[/]"
        )
    if found.paused:
        console.print(f"\n[red]Paused in the Airflow UI, so doing nothing: {', '.join(found.paused)}.[/]")
    for file in found.import_errors or ():
        console.print(f"\n[red]Airflow cannot import {file}.[/]")
    for name, text in found.wrong.items():
        console.print(f"\n[red]{text}[/] \\[{name}]")
    if found.stations is None:
        console.print("\n[red]The ledger cannot be reached.[/]")
        return
    console.print()
    table = _stations(found.stations)
    if found.facts is not None:
        _vitals(table, found.facts)
    console.print(table)


def _components(found: Status) -> Table:
    components = Table("component", "state", "pid", "up", "memory", box=None, header_style="dim")
    for each in found.components:
        colour = "green" if each.is_healthy else "red"
        word = "healthy" if each.is_healthy else each.state.lower() if each.state != "RUNNING" else "not answering"
        components.add_row(
            each.name,
            f"[{colour}]{word}[/]",
            str(each.pid or "–"),
            _duration(each.uptime_s) if each.pid else "–",
            f"{each.memory_mb:.0f} MB",
        )
    components.add_row("", "", "", "", f"{sum(each.memory_mb for each in found.components):.0f} MB")
    return components


def _vitals(table: Table, facts: Facts) -> None:
    canary = "never seen" if facts.canary_age_s is None else f"{_duration(int(facts.canary_age_s))} ago"
    table.add_row("last task", canary)
    table.add_row(
        "oldest lead", f"waits {_duration(int(facts.lead_age_s))}; {facts.held} held" if facts.pending else "–"
    )
    for kind, each in facts.outbox.items():
        due = f", the oldest due for {_duration(int(each.oldest_due_s))}" if each.oldest_due_s else ""
        table.add_row(kind, f"{each.pending} wait{due}, {each.dead} given up")
    if facts.watermark_age_s:
        stream, age = max(facts.watermark_age_s.items(), key=lambda each: each[1])
        table.add_row("least certain", f"{stream}: {_duration(int(age))} ago")


def _stations(found: dict[str, object]) -> Table:
    table = Table("station", "now", box=None, header_style="dim")
    table.add_row(
        "extract", f"{found['landed']} landed, {found['quarantined']} quarantined, {found['inbox']} in the inbox"
    )
    missed, lacks = found["missed"], found["lacks"]
    assert isinstance(missed, dict)
    assert isinstance(lacks, dict)
    table.add_row("missed, 7 days", ", ".join(f"{n} found by {kind}" for kind, n in missed.items()) or "not looked yet")
    for stream, reason in lacks.items():
        table.add_row("[yellow]not readable[/]", f"{stream}: {reason}")
    table.add_row("qualify", f"{found['pending']} pending; {_counts(found['qualified']) or 'nothing decided yet'}")
    table.add_row("route", f"{found['handed_off']} handed off")
    outbox = found["outbox"]
    assert isinstance(outbox, dict)
    table.add_row(
        "notify, sync", "; ".join(f"{kind}: {_counts(states)}" for kind, states in outbox.items()) or "nothing sent"
    )
    gates = found["gates"]
    assert isinstance(gates, dict)
    table.add_row(
        "gates",
        "; ".join(
            f"{name} {'open' if gate['is_open'] else 'CLOSED: ' + gate['reason']}" for name, gate in gates.items()
        )
        or "none evaluated yet",
    )
    last = found["last_run"]
    table.add_row("last run", _run(last) if isinstance(last, dict) else "none yet")
    latency = found["latency"]
    assert isinstance(latency, dict)
    if latency["n"]:
        table.add_row(
            "event to Slack", f"p50 {latency['p50_s']} s, p95 {latency['p95_s']} s over the last {latency['n']}"
        )
    return table


def streams(found: Sequence[StreamState]) -> None:
    table = Table(
        "stream", "read until", "certain until", "missed", "swept", "needs the scope", box=None, header_style="dim"
    )
    for each in found:
        table.add_row(
            each.stream.removeprefix("hubspot_"),
            f"{each.seen_until:%d %b %H:%M:%S}" if each.seen_until else "–",
            f"{each.watermark:%d %b %H:%M:%S}" if each.watermark else "–",
            str(each.missed),
            str(each.swept),
            each.scope,
        )
    console.print(table)
    for each in found:
        if each.lacks:
            console.print(f"\n[yellow]{each.stream}[/]: {each.lacks}")


def _run(last: dict[str, object]) -> str:
    if not last["finished_at"]:
        return f"{last['run_id']}, started {last['started_at']}, still running"
    return f"{last['note'] or 'nothing to do'} (finished {last['finished_at']})"


def _counts(found: object) -> str:
    return ", ".join(f"{number} {name}" for name, number in found.items()) if isinstance(found, dict) else ""


def _duration(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
