"""A past handoff decided again, from the versions, the agreement and the models of then: the same, or what differs."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from handoff import clock
from handoff.ledger.db import Connection, Row
from handoff.qualify import loads, replica
from handoff.qualify.loads import Tables
from handoff.qualify.models import ModelSet
from handoff.route import again, kept
from handoff.route.assign import NobodyEligible, choose
from handoff.route.contexts import REPLICA, candidates_of, contexts_of
from handoff.route.due import NoCalendar
from handoff.route.had import had, keeper
from handoff.route.turns import burdens, credits

MODELS = ("int_leads", "int_activities", "int_score_parts", "int_qualifications", "int_route_candidates")


class CannotReplay(LookupError):
    """There is no such handoff, it was made before what decides was kept, its person was erased, or what was known then
    is older than kept; the message says which."""


@dataclass(frozen=True)
class Difference:
    """One place in which the decision of now is not the one of then: a path into the handoff's row, and both values."""

    path: str
    then: Any
    now: Any

    def __str__(self) -> str:
        return f"{self.path}: was {_text(self.then)}, is now {_text(self.now)}"


@dataclass(frozen=True)
class Replay:
    """One handoff decided again: why, to whom, and by when to call.

    `then` and `now` are the two decisions as canonical JSON, equal byte for byte when nothing differs.
    """

    handoff_id: str
    as_of: datetime
    then: str
    now: str
    differences: tuple[Difference, ...]

    @property
    def is_equal(self) -> bool:
        """Whether the two are the same bytes."""
        return self.then == self.now


def replay(connection: Connection, handoff_id: str, load_id: int | None = None) -> Replay:
    """Decide a handoff again.

    Args:
        load_id: the agreement and models to decide by; None for those that decided then.

    Raises:
        CannotReplay: see there.
    """
    handoff = connection.execute("select * from handoff.handoffs where handoff_id = %s", (handoff_id,)).fetchone()
    if handoff is None:
        raise CannotReplay(f"no handoff {handoff_id!r}: `handoff explain LEAD` names those of a lead")
    if because := kept.lost(handoff):
        raise CannotReplay(f"{handoff_id} {because}")
    load = loads.by_id(connection, load_id or handoff["load_id"] or 0)
    if load is None:
        raise CannotReplay(f"{handoff_id} was made before the models and the agreement were kept with each decision")
    assignment = connection.execute(
        "select * from handoff.assignments where handoff_id = %s order by assignment_id limit 1", (handoff_id,)
    ).fetchone()
    assert assignment is not None
    then = canonical(_kept(handoff, assignment))
    models = loads.models(connection, load.models_hash)
    tables = loads.agreement(connection, load.agreement_hash)
    asked = replica.Replica(models, MODELS, handoff["as_of"], tables)
    with replica.opened(connection, asked, [handoff["lead_id"]]):
        decided = _decided(connection, handoff, assignment)
    now = canonical({**decided, **_promised(connection, models, tables, handoff, assignment, decided)})
    if then != now and (because := kept.too_old(connection, handoff, models, MODELS, clock.now())):
        raise CannotReplay(f"{handoff_id} {because}")
    return Replay(handoff_id, handoff["as_of"], then, now, tuple(_differences(json.loads(then), json.loads(now))))


def canonical(value: Any) -> str:
    """The one JSON text of a value: keys in order, no blanks."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def _kept(handoff: Row, assignment: Row) -> dict[str, Any]:
    return {
        "decision": "mql",
        "cycle": handoff["cycle"],
        "due_at": assignment["due_at"],
        "definition_id": handoff["definition_id"],
        "definition_version": handoff["definition_version"],
        "tier_id": handoff["tier_id"],
        "score": float(handoff["score"]),
        "trigger_activity_id": handoff["trigger_activity_id"],
        "trigger_kind": handoff["trigger_kind"],
        "context": handoff["context"],
        "rep_id": assignment["rep_id"],
        "pool_id": assignment["pool_id"],
        "reason": assignment["reason"],
        "credits": assignment["credits"],
        "candidates": assignment["candidates"],
    }


def _decided(connection: Connection, handoff: Row, assignment: Row) -> dict[str, Any]:
    lead_id, product_id = handoff["lead_id"], handoff["product_id"]
    # Where the CRM's record opens is a setting, and no part of the decision.
    record_url = handoff["context"]["record_url"].replace("{", "{{").replace("}", "}}")
    found = contexts_of(connection, [lead_id], REPLICA, record_url).get((lead_id, product_id))
    if found is None:
        return {"decision": "none: the lead was not known, or no definition of its product was live"}
    row, context = found
    candidates = candidates_of(connection, [lead_id], REPLICA)[lead_id, product_id]
    try:
        choice = choose(
            candidates,
            credits(connection, candidates, before=assignment),
            burdens(connection, candidates, handoff["routed_at"], REPLICA, before=assignment),
            before=had(connection, lead_id, product_id, handoff["routed_at"]) if handoff["cycle"] > 1 else (),
            keeper=keeper(connection, lead_id, product_id, handoff["routed_at"], REPLICA, assignment),
            prefers_present=row["prefers_present"],
        )
        chosen = {
            "rep_id": choice.candidate.rep_id,
            "pool_id": choice.candidate.pool_id,
            "reason": choice.reason,
            "credits": choice.credits,
            "candidates": [each.as_json() for each in choice.candidates],
        }
    except NobodyEligible as nobody:
        chosen = {"rep_id": "nobody", "pool_id": None, "reason": str(nobody), "credits": None, "candidates": []}
    return {
        "decision": row["decision"],
        "definition_id": row["definition_id"],
        "definition_version": str(row["definition_version"]),
        "tier_id": row["tier_id"],
        "score": float(row["score"]),
        "trigger_activity_id": row["trigger_activity_id"],
        "trigger_kind": row["trigger_kind"],
        "context": context.to_json(),
        **chosen,
    }


def _promised(
    connection: Connection, models: ModelSet, tables: Tables, handoff: Row, assignment: Row, decided: dict[str, Any]
) -> dict[str, Any]:
    """The cycle, and by when to call; what of them cannot be made again stays as it was."""
    again_cycle = again.cycle(connection, handoff)
    promised = {
        "cycle": handoff["cycle"] if again_cycle is None else again_cycle,
        "due_at": assignment["due_at"],
    }
    if "context" in decided:
        minutes = decided["context"]["tier"]["response_minutes"]
        try:
            due = again.due(connection, models, tables, decided["rep_id"], assignment["assigned_at"], minutes)
        except NoCalendar as error:
            return {**promised, "due_at": str(error)}
        promised["due_at"] = due or promised["due_at"]
    return promised


def _differences(then: Any, now: Any, path: str = "") -> Iterator[Difference]:
    if isinstance(then, dict) and isinstance(now, dict):
        for key in sorted(then.keys() | now.keys()):
            yield from _differences(then.get(key), now.get(key), f"{path}.{key}".lstrip("."))
    elif isinstance(then, list) and isinstance(now, list):
        for place in range(max(len(then), len(now))):
            left, right = (each[place] if place < len(each) else None for each in (then, now))
            yield from _differences(left, right, f"{path}[{place}]")
    elif then != now:
        yield Difference(path, then, now)


def _text(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 120 else f"{text[:117]}…"
