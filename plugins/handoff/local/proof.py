"""The proof that the line runs: a visitor asks for a demo, and the right rep's message is in Slack."""

import time
from dataclasses import dataclass
from typing import Any

import httpx
from rich.panel import Panel
from rich.text import Text

from handoff import connections
from handoff.ledger.db import Connection, connect
from handoff.local import health, progress
from handoff.settings import Settings, settings

HISTORY_S = 600
"""The first run lands and scores the whole history."""
MESSAGE_S = 120
"""A run each minute, and one that is under way may have to end first."""
HTTP_S = 10
LINE = "handoff_line"


class Unproven(RuntimeError):
    """The event did not arrive; the message says at which station it stopped and where to look."""


@dataclass(frozen=True)
class Message:
    """A Slack message as the sandbox holds it; `seconds` from the visitor's act to its arrival."""

    channel: str
    ts: str
    text: str
    seconds: float


def is_demo() -> bool:
    """Whether the line reads from and writes to the sandbox, and not to a real account."""
    sandbox = _sandbox(settings())
    slack = str(connections.get(connections.SLACK).extra.get("base_url", ""))
    return connections.get(connections.HUBSPOT).host == sandbox and slack.startswith(sandbox)


def prove() -> Message | None:
    """Let a visitor of the demo company ask for a demo, wait for the rep's message, and show it.

    With a real HubSpot or Slack no demo event is made: None.

    Raises:
        Unproven
    """
    if not is_demo():
        progress.console.print("  HubSpot or Slack is a real account: no demo lead is made there.")
        return None
    if LINE in health.paused(settings()):
        raise Unproven(f"{LINE} is paused, so no lead moves: unpause it at {_dag_page()}")
    with connect() as connection:
        with progress.step("The demo company's history, landed and scored") as say:
            if not progress.wait(
                lambda: _history_is_in(connection), timeout_s=HISTORY_S, on_wait=lambda: say(_counts(connection))
            ):
                raise Unproven(f"The first run did not end within {HISTORY_S} s. {_last_run(connection)}")
        with progress.step("A visitor asks for a demo, and a rep gets the message") as say:
            contact_id, started = _ask_for_demo(settings()), time.monotonic()
            arrived: list[dict[str, Any]] = []
            if not progress.wait(
                lambda: _arrived(connection, contact_id, arrived),
                timeout_s=MESSAGE_S,
                on_wait=lambda: say(stopped_at(connection, contact_id)),
            ):
                reached = stopped_at(connection, contact_id)
                raise Unproven(
                    f"No message within {MESSAGE_S} s about contact {contact_id}. It stopped at {reached}. "
                    f"{_last_run(connection)}"
                )
            message = Message(
                arrived[0]["channel"], arrived[0]["ts"], arrived[0]["text"], round(time.monotonic() - started, 1)
            )
    _show(message, settings())
    return message


def stopped_at(connection: Connection, lead_id: str) -> str:
    """How far a lead has come, by the ledger: the station that it waits at, and why if the ledger knows."""
    facts = connection.execute(
        """
        select
            exists (select from handoff.inbox where object_id = %(lead)s) as hinted,
            exists (select from raw.hubspot_contacts where id = %(lead)s) as landed,
            exists (select from handoff.pending_leads where lead_id = %(lead)s) as pending,
            exists (select from handoff.handoffs where lead_id = %(lead)s) as handed_off,
            (
                select 'the gate ' || gate || ' is closed (' || reason || ')' from (
                    select distinct on (gate) gate, is_open, reason from handoff.gates order by gate, gate_id desc
                ) as newest where not is_open limit 1
            ) as held,
            (
                select outbox.state || coalesce(': ' || outbox.last_error, '')
                from handoff.outbox inner join handoff.handoffs using (handoff_id)
                where handoffs.lead_id = %(lead)s and outbox.kind = 'slack_dm'
                order by outbox.outbox_id desc limit 1
            ) as message
        """,
        {"lead": lead_id},
    ).fetchone()
    assert facts is not None
    if facts["handed_off"]:
        return f"notify: its message is {facts['message'] or 'not in the outbox'}"
    if not facts["landed"]:
        return f"extract: {'its webhook has arrived, it' if facts['hinted'] else 'it'} has not been landed"
    if facts["held"]:
        return f"route: {facts['held']}"
    return f"qualify: {_decision(connection, lead_id) or 'it has not been scored'}" + (
        ", and is still pending" if facts["pending"] else ""
    )


def _decision(connection: Connection, lead_id: str) -> str | None:
    exists = connection.execute("select to_regclass('line.int_qualifications') is not null as yes").fetchone()
    if not exists or not exists["yes"]:
        return None
    row = connection.execute(
        "select decision || ' (' || reason || ')' as decision from line.int_qualifications where lead_id = %s limit 1",
        (lead_id,),
    ).fetchone()
    return f"it is decided {row['decision']}" if row else None


def _history_is_in(connection: Connection) -> bool:
    """Whether a run has gone through every station, or found nothing to do."""
    row = connection.execute(
        """select exists (
            select from handoff.line_runs where counts ? 'route' or counts -> 'extract' ->> 'pending' = '0'
        ) as yes"""
    ).fetchone()
    return bool(row and row["yes"])


def _counts(connection: Connection) -> str:
    row = connection.execute(
        """select (select count(*) from raw.hubspot_contacts) as contacts,
            (select count(*) from raw.hubspot_events) as events,
            (select count(*) from handoff.pending_leads) as pending"""
    ).fetchone()
    assert row is not None
    return f"{row['contacts']} contacts and {row['events']} events landed, {row['pending']} leads to score"


def _last_run(connection: Connection) -> str:
    row = connection.execute("select note from handoff.line_runs order by started_at desc limit 1").fetchone()
    place = f"see {_dag_page()}"
    return f"The last run says: {row['note']}; {place}" if row and row["note"] else f"No run has ended yet; {place}"


def _dag_page() -> str:
    return f"http://127.0.0.1:{settings().airflow_port}/dags/{LINE}"


def _ask_for_demo(configured: Settings) -> str:
    """The contact that a new visitor became, from a company that any sensible agreement sells to."""
    visitor = {"country": "United States", "employees": 250}
    answer = httpx.post(f"{_sandbox(configured)}/_sandbox/act/demo_request", json=visitor, timeout=HTTP_S)
    return str(answer.raise_for_status().json()["contactId"])


def _arrived(connection: Connection, lead_id: str, arrived: list[dict[str, Any]]) -> bool:
    """Whether Slack itself, not only the ledger, holds the rep's message about a lead."""
    row = connection.execute(
        """select outbox.result from handoff.outbox inner join handoff.handoffs using (handoff_id)
        where handoffs.lead_id = %s and outbox.kind = 'slack_dm' and outbox.state = 'sent'
        order by outbox.outbox_id limit 1""",
        (lead_id,),
    ).fetchone()
    if row is None or not row["result"]:
        return False
    answer = httpx.get(f"{_sandbox(settings())}/_sandbox/slack/messages", timeout=HTTP_S)
    arrived += [
        message
        for message in answer.raise_for_status().json()["messages"]
        if message["channel"] == row["result"]["channel"] and message["ts"] == row["result"]["ts"]
    ]
    return bool(arrived)


def _show(message: Message, configured: Settings) -> None:
    progress.console.print(
        Panel(Text(message.text), title=f"Slack, {message.seconds} s after the visitor's click", title_align="left")
    )
    sandbox = _sandbox(configured)
    for name, address in (
        ("Airflow", f"http://127.0.0.1:{configured.airflow_port}"),
        ("Slack", f"{sandbox}/slack"),
        ("CRM", f"{sandbox}/crm"),
    ):
        progress.console.print(f"  {name:<8} {address}")


def _sandbox(configured: Settings) -> str:
    return f"http://127.0.0.1:{configured.sandbox_port}"
