"""Why a lead is, or is not, an MQL: the score's parts, the clauses, the decision, and who got it."""

from dataclasses import asdict, dataclass
from typing import Any

from handoff.ledger import aliases
from handoff.ledger.db import Connection, Row


class UnknownLead(LookupError):
    """No lead by that contact id or e-mail address has been landed."""


@dataclass(frozen=True)
class Explanation:
    """Everything that decided about one lead, as rows of `line` and of the ledger."""

    lead: Row
    qualifications: list[Row]
    parts: list[Row]
    clauses: list[Row]
    handoffs: list[Row]
    is_pending: bool

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def explain(connection: Connection, lead: str) -> Explanation:
    """Read the present decision about a lead.

    Args:
        lead: a CRM contact id, or an e-mail address.

    Raises:
        UnknownLead: nothing by that id or address; the message says where to look.
    """
    found = connection.execute(
        """select lead_id, full_name, email, title, company_name, industry, employees, country, lifecycle_stage,
            account_match_method, account_match_confidence, account_match_reason
        from line.int_leads where lead_id = %(lead)s or email = lower(%(lead)s) order by lead_id limit 1""",
        {"lead": lead.strip()},
    ).fetchone()
    if found is None:
        raise UnknownLead(
            f"no lead {lead!r}: give a HubSpot contact id or an e-mail address. A new contact appears after the next "
            "run of handoff_line; an unreadable one is in raw.quarantine"
        )
    # What was handed over under an id that a merge did away with is this lead's as well.
    key = {"lead": found["lead_id"], "ids": aliases.ids_of(connection, "contacts", found["lead_id"])}
    return Explanation(
        lead=found,
        qualifications=connection.execute(
            """select product_id, definition_id, definition_version, decision, reason, score, fit_points,
                engagement_points, tier_id, trigger_summary, trigger_at, qualified_at
            from line.int_qualifications where lead_id = %(lead)s order by product_id""",
            key,
        ).fetchall(),
        parts=connection.execute(
            """select definition_id, family, rule_id, points, raw_points, evidence, occurred_at
            from line.int_score_parts where lead_id = %(lead)s order by family, points desc, rule_id, occurred_at""",
            key,
        ).fetchall(),
        clauses=connection.execute(
            """select definition_id, clause_kind, clause_id, state, detail
            from line.int_clauses where lead_id = %(lead)s order by clause_kind, clause_id""",
            key,
        ).fetchall(),
        handoffs=connection.execute(
            """select handoff.handoff_id, handoff.product_id, handoff.cycle, handoff.routed_at, handoff.score,
                assignment.rep_id, assignment.reason, assignment.due_at, message.state as message_state,
                message.sent_at, (
                    select string_agg(answer.kind || ' ' || to_char(answer.occurred_at, 'YYYY-MM-DD HH24:MI'), ', ')
                    from handoff.dispositions as answer where answer.handoff_id = handoff.handoff_id
                ) as answers
            from handoff.handoffs as handoff
            left join handoff.assignments as assignment using (handoff_id)
            left join handoff.outbox as message
                on message.handoff_id = handoff.handoff_id and message.kind = 'slack_dm'
            where handoff.lead_id = any(%(ids)s) order by handoff.cycle, assignment.assigned_at""",
            key,
        ).fetchall(),
        is_pending=connection.execute("select from handoff.pending_leads where lead_id = %(lead)s", key).rowcount > 0,
    )


def as_text(explanation: Explanation) -> str:
    """The explanation as a person would tell it, in plain lines."""
    lead = explanation.lead
    title = ", ".join(str(lead[each]) for each in ("title", "company_name", "country") if lead[each])
    lines = [
        f"{lead['full_name'] or lead['email'] or '(no name)'} · contact {lead['lead_id']}"
        + (f" · {title}" if title else "")
    ]
    lines.append(f"account: {lead['account_match_method']} ({lead['account_match_reason']})")
    if explanation.is_pending:
        lines.append("New data has arrived; the next run decides again.")
    for each in explanation.qualifications:
        lines += ["", f"{each['product_id']}: {each['decision'].upper()}: {each['reason']}"]
        definition = f"{each['definition_id']} {each['definition_version']}"
        lines.append(
            f"  score {each['score']} = fit {each['fit_points']} + engagement {each['engagement_points']}, by "
            f"definition {definition} at {each['qualified_at']:%Y-%m-%d %H:%M:%S} UTC"
        )
        lines += [
            f"    {part['points']:+8.2f}  {part['evidence']}  [{part['rule_id']}]"
            for part in explanation.parts
            if part["definition_id"] == each["definition_id"]
        ]
        lines.append("  clauses")
        lines += [
            f"    {clause['state']:<8} {clause['clause_kind']}: {clause['detail']}  [{clause['clause_id']}]"
            for clause in explanation.clauses
            if clause["definition_id"] == each["definition_id"]
        ]
    for each in explanation.handoffs:
        lines += ["", f"handed to {each['rep_id']} at {each['routed_at']:%Y-%m-%d %H:%M:%S} UTC: {each['reason']}"]
        sent = f"{each['sent_at']:%H:%M:%S} UTC" if each["sent_at"] else each["message_state"]
        answers = each["answers"] or "no answer yet"
        lines.append(f"  message {sent} · due {each['due_at']:%Y-%m-%d %H:%M:%S} UTC · {answers}")
    if not explanation.handoffs:
        lines += ["", "never handed over"]
    return "\n".join(lines)
