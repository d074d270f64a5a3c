"""What a gate says now, and the one way in which that changes: a verdict is written down and, if it is news, told."""

from dataclasses import dataclass
from datetime import datetime

from psycopg.types.json import Jsonb

from handoff.gates import documents
from handoff.gates.judge import Verdict
from handoff.ledger.db import Connection, Row
from handoff.notify.alert import alert
from handoff.notify.text import slack_text

BY_HAND = "opened by hand"
MOST_SAID = 1500
"""Characters of a reason in a Slack message."""
NOT_JUDGED = Verdict(True, "not judged yet")


@dataclass(frozen=True)
class State:
    """How a gate stands. `since` is when it came to be open or closed; `warnings` what it found and does not close
    for."""

    gate: str
    is_open: bool
    reason: str
    since: datetime
    judged_at: datetime
    warnings: tuple[str, ...]

    @property
    def is_by_hand(self) -> bool:
        """Whether a person opened it and it has not been found good since."""
        return self.is_open and self.reason.startswith(BY_HAND)


def state(connection: Connection, gate: str) -> Verdict:
    """The gate as the newest verdict left it; open when there is none yet."""
    row = _newest(connection, gate)
    return Verdict(row["is_open"], row["reason"], row["results"]) if row else NOT_JUDGED


def states(connection: Connection) -> tuple[State, ...]:
    """Every gate that was ever judged, by name."""
    rows = connection.execute(
        """select newest.*, (
            select min(gates.evaluated_at) from handoff.gates
            where gates.gate = newest.gate and gates.gate_id > coalesce((
                select max(other.gate_id) from handoff.gates as other
                where other.gate = newest.gate and other.is_open <> newest.is_open
            ), 0)
        ) as since
        from (select distinct on (gate) * from handoff.gates order by gate, gate_id desc) as newest order by gate"""
    )
    return tuple(
        State(row["gate"], row["is_open"], row["reason"], row["since"], row["evaluated_at"], _warned(row))
        for row in rows
    )


def is_closed(connection: Connection, gate: str) -> bool:
    """Whether a gate holds handoffs now."""
    return not state(connection, gate).is_open


def closed(connection: Connection) -> tuple[str, ...]:
    """The gates that hold handoffs now, by name."""
    return tuple(each.gate for each in states(connection) if not each.is_open)


def settle(connection: Connection, gate: str, batch_id: int, verdict: Verdict, as_of: datetime) -> Verdict:
    """Write a verdict down; returns what holds now.

    A gate that a person opened stays open until it is found good: until then a bad verdict changes nothing. One that
    could not judge opens no gate that is closed, and ends no person's word either. Closing, opening and new warnings
    are told to the review channel, each once.
    """
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"gate:{gate}",))
        before = _newest(connection, gate)
        by_hand = before is not None and before["reason"].startswith(BY_HAND)
        is_good = verdict.is_open and bool(verdict.results)
        if before and not is_good and (by_hand or not (before["is_open"] or verdict.results)):
            return Verdict(before["is_open"], before["reason"])
        gate_id = _record(connection, gate, batch_id, verdict, as_of)
        if verdict.validation:
            documents.keep(connection, gate, verdict.validation, as_of)
        _tell(connection, gate, gate_id, before, verdict, as_of)
        if verdict.is_open != (before is None or before["is_open"]):
            documents.render(connection, as_of, gate)
    return verdict


def open_by_hand(connection: Connection, gate: str, who: str, why: str, as_of: datetime) -> None:
    """Let the line go on although a gate says no: what it found is accepted as it is."""
    with connection.transaction():
        newest = connection.execute("select coalesce(max(batch_id), 0) as batch_id from raw.batches").fetchone()
        assert newest is not None
        before = _newest(connection, gate)
        verdict = Verdict(True, f"{BY_HAND} by {who}: {why}")
        gate_id = _record(connection, gate, newest["batch_id"], verdict, as_of)
        connection.execute(
            """update handoff.crm_properties set accepted_type = type, accepted_options = options
            where %s = 'crm_properties' and is_present""",
            (gate,),
        )
        _tell(connection, gate, gate_id, before, verdict, as_of)


def _newest(connection: Connection, gate: str) -> Row | None:
    return connection.execute(
        "select * from handoff.gates where gate = %s order by gate_id desc limit 1", (gate,)
    ).fetchone()


def _record(connection: Connection, gate: str, batch_id: int, verdict: Verdict, as_of: datetime) -> int:
    row = connection.execute(
        "insert into handoff.gates (gate, batch_id, evaluated_at, is_open, reason, results) "
        "values (%s, %s, %s, %s, %s, %s) returning gate_id",
        (gate, batch_id, as_of, verdict.is_open, verdict.reason, Jsonb(verdict.results)),
    ).fetchone()
    assert row is not None
    return int(row["gate_id"])


def _tell(
    connection: Connection, gate: str, gate_id: int, before: Row | None, verdict: Verdict, as_of: datetime
) -> None:
    was_open, said = before is None or before["is_open"], slack_text(verdict.reason, MOST_SAID)
    if was_open and not verdict.is_open:
        text = (
            f"The gate {gate} is closed: leads go on being landed and scored, and nobody is handed over. {said}. It "
            f"opens by itself when that is mended; if it is right as it is: `handoff gate open {gate} --because …`"
        )
        alert(connection, f"gate:{gate}:closed:{gate_id}", text, as_of)
    elif not was_open and verdict.is_open:
        text = f"The gate {gate} is open: {said}. The next run hands over what was held, hand-raisers first."
        alert(connection, f"gate:{gate}:opened:{gate_id}", text, as_of)
    if verdict.is_open and verdict.warnings:
        warned = [_without_value(name) for each in verdict.warnings for name in each["subjects"] or [each["failed"]]]
        # One message a day however often a measure crosses its limit.
        once = f"{gate}:warns:{as_of:%Y-%m-%d}:{'|'.join(sorted(warned))}"
        alert(connection, f"gate:{once}", f"The gate {gate} warns, and holds nothing: {said}.", as_of)


def _without_value(subject: str) -> str:
    return subject.partition(" = ")[0]


def _warned(row: Row) -> tuple[str, ...]:
    if not isinstance(row["results"], list):
        return ()
    return tuple(
        f"{each['failed']} ({each['share']}): {each['remedy']}"
        for each in row["results"]
        if not each["success"] and each.get("severity", "critical") != "critical"
    )
