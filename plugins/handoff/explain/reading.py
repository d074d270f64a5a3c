"""What decided about a lead, read from the line's tables, or from a replica of them at another moment."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, LiteralString

from psycopg import sql

from handoff import clock
from handoff.explain import deleted, hypotheses, story, then
from handoff.explain.explanation import Explanation
from handoff.explain.supposed import Known
from handoff.ledger import aliases
from handoff.ledger.db import Connection, Row
from handoff.qualify import loads, replica
from handoff.qualify.loads import Load
from handoff.route import held, kept

MODELS = ("int_leads", "int_activities", "int_score_parts", "int_clauses", "int_handoff_cycles", "int_decisions")
NEW = "A new contact appears after the next run of handoff_line; an unreadable one is in quarantine"


class UnknownLead(LookupError):
    """No lead by that contact id or e-mail address, or none at that moment; the message says where to look."""


def explain(connection: Connection, lead: str, at: datetime | None = None, newer_acts: int = 0) -> Explanation:
    """Tell what was decided about a lead.

    Args:
        lead: a CRM contact id, an e-mail address, or the id of a handoff. Of one that was merged the lead that answers
            for it now is told, or, at a moment, the one that was known then.
        at: the moment to explain, as everything was known then; None for the line's last decision.
        newer_acts: how many of the newest acts the story leaves out.

    Raises:
        UnknownLead: nothing by that id or address, or nothing yet at that moment.
        ValueError: the moment is in the future.
    """
    if at is not None and at > clock.now():
        raise ValueError(f"{at.isoformat()} has not come yet: give a moment of the past, or none for the last decision")
    asked_for = lead_id_of(connection, lead)
    ids = aliases.ids_of(connection, "contacts", asked_for)
    # Which contact answered for the one asked for: by now, or by then.
    answers = aliases.ids_of(connection, "contacts", asked_for, at)[0]
    asked = ids[:1] if at is None else then.in_order(connection, asked_for, ids, at)
    with _decided(connection, asked, at) as (given, schema):
        gone = _perhaps_gone(connection, given, at)
        found = [row for each in asked for row in _rows(connection, schema, _LEAD, each)]
        if not found and (told := _deleted(connection, asked_for, asked, at, newer_acts)):
            return told
        if not found:
            since = f" at {at.isoformat()}" if at else ""
            raise UnknownLead(f"lead {asked_for} was not known{since}. {gone or NEW}")
        lead_id = found[0]["lead_id"]
        moment = at or found[0]["as_of"]
        load = given or loads.newest(connection, moment) or loads.first(connection)
        facts = _as_json(connection, schema, "int_leads", lead_id)
        activities = _as_json(connection, schema, "int_activities", lead_id)
        cycles = _as_json(connection, schema, "int_handoff_cycles", lead_id)
        then_ids = aliases.ids_of(connection, "contacts", lead_id, at)
        known = Known(facts[0], activities, cycles, held.at(connection, then_ids, moment))
        decisions = _rows(connection, schema, _DECISIONS, lead_id)
        parts, clauses = _rows(connection, schema, _PARTS, lead_id), _rows(connection, schema, _CLAUSES, lead_id)
    return Explanation(
        at=moment,
        lead=found[0],
        load=load,
        newer=_newer(connection, load) if at is None else None,
        asked_for=asked_for,
        merged_from=asked_for if asked_for != lead_id == answers else None,
        then_known_as=[row["lead_id"] for row in found] if lead_id not in (asked_for, answers) else [],
        decisions=decisions,
        parts=parts,
        clauses=clauses,
        changes=hypotheses.changes(connection, load, moment, known, decisions, clauses, parts) if load else [],
        story=story.tell(connection, lead_id, activities, at or clock.now(), newer_acts),
        waits=None if at else _waits(connection, lead_id),
        perhaps_gone=gone,
    )


def _deleted(
    connection: Connection, asked_for: str, asked: Sequence[str], at: datetime | None, newer_acts: int
) -> Explanation | None:
    for lead_id in asked:
        if found := deleted.read(connection, lead_id, at):
            lead, when = found
            moment = at or clock.now()
            return Explanation(
                at=moment,
                lead=lead,
                load=None,
                newer=None,
                asked_for=asked_for,
                merged_from=asked_for if asked_for != lead_id else None,
                then_known_as=[],
                decisions=[],
                parts=[],
                clauses=[],
                changes=[],
                story=story.tell(connection, lead_id, (), moment, newer_acts),
                waits=None,
                perhaps_gone=None,
                deleted=when,
            )
    return None


def _perhaps_gone(connection: Connection, load: Load | None, at: datetime | None) -> str | None:
    if load is None or at is None:
        return None
    return kept.perhaps_gone(connection, loads.models(connection, load.models_hash), MODELS, at, clock.now())


def _newer(connection: Connection, load: Load | None) -> Load | None:
    newest = loads.newest(connection)
    return newest if load and newest and newest.load_id != load.load_id else None


@contextmanager
def _decided(connection: Connection, lead_ids: list[str], at: datetime | None) -> Iterator[tuple[Load | None, str]]:
    """The schema with the decisions about leads: the line's own, or a replica's with the load that decides there."""
    if at is None:
        yield None, "line"
        return
    # What was decided before the first load on record is explained by that one.
    load = loads.newest(connection, at) or loads.first(connection)
    if load is None:
        raise UnknownLead("no agreement has been loaded yet: `handoff agreement load`")
    asked = replica.Replica(
        loads.models(connection, load.models_hash),
        MODELS,
        at,
        loads.agreement(connection, load.agreement_hash),
    )
    with replica.opened(connection, asked, lead_ids):
        yield load, "pg_temp"


def lead_id_of(connection: Connection, lead: str) -> str:
    """The contact id of a lead that somebody named by it, by an e-mail address, or by a handoff.

    Raises:
        UnknownLead: nobody here has it.
    """
    lead = lead.strip()
    found = connection.execute(
        """select lead_id from line.int_leads where lead_id = %(lead)s or email = lower(%(lead)s)
        union all
        select lead_id from handoff.handoffs where handoff_id = %(lead)s
        union all
        select id from raw.hubspot_contacts where id = %(lead)s limit 1""",
        {"lead": lead},
    ).fetchone()
    if found is None:
        raise UnknownLead(f"no lead {lead!r}: give a HubSpot contact id, an e-mail address or a handoff. {NEW}")
    return str(found["lead_id"])


def _waits(connection: Connection, lead_id: str) -> str | None:
    # What we wrote to the CRM ourselves comes back, and is no news.
    row = connection.execute(
        """select held_because, held_until from handoff.pending_leads
        where lead_id = %s and (held_because is not null or wakes)""",
        (lead_id,),
    ).fetchone()
    if row is None:
        return None
    if row["held_because"] is None:
        return "New data has arrived; the next run decides again."
    until = f" until {row['held_until']:%Y-%m-%d %H:%M} UTC at least" if row["held_until"] else ""
    return f"Held{until}: {row['held_because']}"


_LEAD = """
select lead_id, full_name, email, title, linkedin_url, company_name, industry, employees, country, lifecycle_stage,
    account_match_method, account_match_confidence, account_match_reason, as_of
from {} where lead_id = %s
"""
_DECISIONS = """
select product_id, definition_id, definition_version, is_shadow, decision, reason, score, fit_points,
    engagement_points, tier_id, trigger_summary, trigger_at, qualified_at
from {} where lead_id = %s order by is_shadow, product_id, definition_id
"""
_PARTS = """
select definition_id, family, rule_id, points, raw_points, evidence, activity_id, occurred_at
from {} where lead_id = %s order by family, points desc, rule_id, occurred_at
"""
_CLAUSES = """
select definition_id, clause_kind, clause_id, state, detail
from {} where lead_id = %s order by clause_kind, clause_id
"""
_TABLES = {_LEAD: "int_leads", _DECISIONS: "int_decisions", _PARTS: "int_score_parts", _CLAUSES: "int_clauses"}


def _rows(connection: Connection, schema: str, query: LiteralString, lead_id: str) -> list[Row]:
    relation = sql.Identifier(schema, _TABLES[query])
    return connection.execute(sql.SQL(query).format(relation), (lead_id,)).fetchall()


def _as_json(connection: Connection, schema: str, relation: str, lead_id: str) -> list[dict[str, Any]]:
    rows = connection.execute(
        sql.SQL("select to_jsonb(known) as row from {} as known where lead_id = %s").format(
            sql.Identifier(schema, relation)
        ),
        (lead_id,),
    )
    return [row["row"] for row in rows]
