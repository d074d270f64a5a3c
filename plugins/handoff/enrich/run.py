"""Ask Apollo about leads whose firmographics are not known: by the agreement, within its budget, and never for long."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from handoff import clock
from handoff.clients.apollo import Answers, ApolloError, ApolloHook
from handoff.enrich import lookups
from handoff.enrich.lookups import Question, Subject
from handoff.ledger import landing, pending, streams
from handoff.ledger.db import Connection
from handoff.ledger.streams import Stream
from handoff.notify.alert import alert

log = logging.getLogger(__name__)

# A lead waits for its message while Apollo is asked; more than this and the next run goes on.
MOST_AT_ONCE = 50
DEADLINE_S = 3.0
"""What Apollo may cost a lead, people and organizations together."""
LATE_DEADLINE_S = 60.0
STREAMS: Mapping[Subject, Stream] = {"person": streams.PEOPLE, "organization": streams.ORGANIZATIONS}


def run(connection: Connection, hook: ApolloHook, as_of: datetime) -> dict[str, Any]:
    """Land what Apollo knows about the pending leads, and that it knows nothing: both are kept.

    Apollo's failures never stop the line. What it did not answer in time is asked again by `late`, and the lead is
    decided again when the answer lands.
    """
    rows = connection.execute(
        """select lead_id, email, domain, needs_person, needs_organization
        from line.int_enrichment_candidates order by priority, lead_id limit %s""",
        (MOST_AT_ONCE,),
    ).fetchall()
    questions = [Question("person", row["email"], row["lead_id"]) for row in rows if row["needs_person"]]
    questions += [Question("organization", row["domain"], row["lead_id"]) for row in rows if row["needs_organization"]]
    counts, _ = _ask(connection, hook, questions, as_of, DEADLINE_S)
    return counts


def late(connection: Connection, hook: ApolloHook, as_of: datetime) -> dict[str, Any]:
    """Ask again what was not answered; leads that somebody is found for now are decided again."""
    questions = lookups.open_questions(connection, as_of)[: MOST_AT_ONCE * 4]
    counts, lead_ids = _ask(connection, hook, questions, as_of, LATE_DEADLINE_S)
    if lead_ids:
        batch_id = landing.open_batch(connection, "enrich", as_of)
        pending.queue(connection, batch_id, set(lead_ids), set(), clock.now(), {})
        landing.close_batch(connection, batch_id, clock.now(), {"leads": len(lead_ids)})
    return {**counts, "leads": len(lead_ids)}


def _ask(
    connection: Connection, hook: ApolloHook, questions: Sequence[Question], as_of: datetime, deadline_s: float
) -> tuple[dict[str, Any], list[str]]:
    """Counts, and the leads that somebody was found for."""
    wanted = _within_budget(connection, lookups.worth_asking(connection, questions, as_of), as_of)
    counts: dict[str, Any] = {"asked": sum(len(keys) for keys in wanted.values()), "found": 0}
    if not counts["asked"]:
        return counts, []
    lookups.write(connection, [each for found in wanted.values() for each in _of(questions, found)], as_of)
    batch_id = landing.open_batch(connection, "enrich", as_of)
    ask = {"person": hook.people, "organization": hook.organizations}
    leads: set[str] = set()
    with ThreadPoolExecutor(len(wanted)) as pool:
        # At the same time: the deadline is the lead's, not each vendor call's.
        asked = {
            subject: pool.submit(ask[subject], [key for _, key in keys], deadline_s) for subject, keys in wanted.items()
        }
        for subject, future in asked.items():
            try:
                answers = future.result()
            except ApolloError as error:
                log.warning("going on without enrichment: %s", error)
                counts["failed"] = str(error)
            else:
                counts["found"] += _land(connection, batch_id, subject, answers)
                leads.update(lookups.settle(connection, subject, answers, clock.now()))
    landing.close_batch(connection, batch_id, clock.now(), counts)
    return counts, sorted(leads)


def _of(questions: Sequence[Question], keys: Sequence[tuple[Subject, str]]) -> list[Question]:
    wanted = set(keys)
    return [each for each in questions if (each.subject, each.key) in wanted]


def _within_budget(
    connection: Connection, questions: Sequence[Question], as_of: datetime
) -> dict[Subject, list[tuple[Subject, str]]]:
    """Each thing to look up once, in the order of the questions, as far as the day's credits go."""
    left = lookups.credits_left(connection, as_of)
    wanted: dict[Subject, list[tuple[Subject, str]]] = defaultdict(list)
    for each in dict.fromkeys((question.subject, question.key) for question in questions):
        if len(wanted[each[0]]) < left.get(each[0], 0):
            wanted[each[0]].append(each)
        else:
            text = (
                f"Enrichment has used up today's budget for each {each[0]}: leads go on without what Apollo would "
                "know. The budget is a row in seeds/agreement/enrichment_policy.csv."
            )
            alert(connection, f"credits:{each[0]}:{as_of:%Y-%m-%d}", text, as_of)
    return {subject: keys for subject, keys in wanted.items() if keys}


def _land(connection: Connection, batch_id: int, subject: Subject, answers: Answers) -> int:
    fetched_at = clock.now()
    rows = [landing.Record(each, fetched_at, {subject: answer}) for each, answer in answers.items()]
    landing.land(connection, batch_id, STREAMS[subject], rows, loaded_at=fetched_at)
    return sum(answer is not None for answer in answers.values())
