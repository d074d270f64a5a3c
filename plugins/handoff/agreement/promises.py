"""The part of the page that says what each team promises, and what happens after a handoff."""

from datetime import date

from handoff.agreement import clauses, words
from handoff.agreement.document import Section, Table
from handoff.agreement.model import Agreement, Row
from handoff.agreement.vocabulary import METRICS

_ACTIONS = {
    "remind": "the {} is reminded",
    "warn": "the {} is warned",
    "reassign": "another rep gets the lead unless it was accepted, and the {} is told",
    "escalate": "the {} is told",
}


def sections(agreement: Agreement, day: date) -> list[Section]:
    """Service levels, commitments, the way back, and cases, as they hold on a day."""
    return [
        Section("How fast sales responds", (_clock(),), (_tiers(agreement, day), _escalations(agreement, day))),
        Section("What each team promises the other", (), (_commitments(agreement, day),)),
        Section("When sales rejects a lead", tuple(_return(agreement, day)), (_reasons(agreement, day),)),
        Section("Look-ups, competitors, and cases that both teams agree on", (), tuple(_rest(agreement, day))),
    ]


def _clock() -> str:
    return (
        "The clock runs in the rep's own working hours only, from the handoff until the first call, message or meeting."
    )


def _tiers(agreement: Agreement, day: date) -> Table:
    rows = []
    for row in agreement.in_force("tiers", day):
        who = "Raised a hand" if row["is_for_hand_raisers"] else f"Score of {words.number(row['min_score'])} or more"
        snooze = "never"
        if row["max_snoozes"]:
            snooze = f"{words.open_time(row['snooze_minutes'])}, {words.count(row['max_snoozes'], 'time')}"
        present = "whoever is at work comes first" if row["prefers_present"] else "at work or not"
        cells = (
            words.open_time(row["response_minutes"]),
            present,
            snooze,
            row["crm_task"] or "",
            row.key,
            row["why"] or "",
        )
        rows.append((_definition(agreement, row, day), row["name"] or "", who, *cells))
    return Table(
        "Service levels; of a definition's, the highest score that is reached applies",
        ("Definition", "Level", "For", "Within", "Goes to", "May be snoozed", "Task in the CRM", "Id", "Why"),
        tuple(rows),
    )


def _escalations(agreement: Agreement, day: date) -> Table:
    rows = []
    for row in agreement.in_force("escalations", day):
        tier = next(iter(agreement.in_force("tiers", day, tier_id=row["tier_id"])), None)
        minutes = int((tier["response_minutes"] or 0) * (row["at_percent"] or 0) / 100) if tier else None
        when = f"{words.open_time(minutes)} ({words.number(row['at_percent'])} %)"
        cells = (
            _definition(agreement, tier, day) if tier else "",
            tier["name"] if tier else row["tier_id"],
            when,
            _ACTIONS.get(row["action"], "{}").format(
                (row["notify"] or "").replace("second_manager", "manager's manager")
            ),
        )
        rows.append((*cells, row.key, row["why"] or ""))
    return Table("On the way to a breach", ("Definition", "Level", "After", "What happens", "Id", "Why"), tuple(rows))


def _definition(agreement: Agreement, row: Row, day: date) -> str:
    return clauses.name_of(agreement, row["definition_id"] or "", day)


def _commitments(agreement: Agreement, day: date) -> Table:
    rows = []
    for row in agreement.in_force("commitments", day):
        is_share = METRICS.get(row["metric"]) == "share" and row["target"] is not None
        target = f"{words.number(row['target'] * 100)} %" if is_share else words.number(row["target"])
        cells = (row["product_id"] or "", (row["side"] or "").capitalize(), row["name"] or "", target)
        rows.append((*cells, row.key, row["why"] or ""))
    return Table("Commitments", ("Product", "Team", "What", "At least", "Id", "Why"), tuple(rows))


def _limits(row: Row) -> tuple[str, ...]:
    window = words.count(row["alert_window_minutes"], "minute")
    floor, factor = words.number(row["flood_floor"]), words.number(row["flood_factor"])
    return (
        f"A rep rejects {words.number(row['max_rejections_per_day'])} leads a day at most.",
        f"Nobody is told of more than {words.number(row['max_alerts'])} deadlines within {window}.",
        f"A rep is told of {words.number(row['max_cards'])} new leads one by one within "
        f"{words.count(row['card_window_minutes'], 'minute')}; what is more comes as one message.",
        f"More than {floor} MQLs in an hour, and than {factor} times the busiest hour of a week, are held until a "
        "person has looked.",
    )


def _return(agreement: Agreement, day: date) -> list[str]:
    limits = [line for row in agreement.in_force("handoff_policy", day) for line in _limits(row)]
    return limits + [
        f"{row['name']}: a rejected lead may qualify again after "
        f"{words.count(row['requalify_cooling_off_days'], 'day')}, one that sales was in touch with "
        f"{words.count(row['requalify_after_contact_days'], 'day')} after that, and either only by a new act."
        for row in agreement.in_force("definitions", day, status="live")
    ]


def _reasons(agreement: Agreement, day: date) -> Table:
    rows = []
    for row in agreement.in_force("rejection_reasons", day):
        waits = "yes" if row["starts_cooling_off"] else "no"
        then = "another rep gets it" if row["next_step"] == "reroute" else "the handoff is over"
        accused = ", ".join((row["clause_ids"] or "").split(";"))
        rows.append((row["label"] or "", then, accused, waits, row.key, row["why"] or ""))
    columns = ("Reason", "Then", "Clause that let the lead in", "Waits before it may qualify again", "Id", "Why")
    return Table("Reasons that a rep can give", columns, tuple(rows))


def _rest(agreement: Agreement, day: date) -> list[Table]:
    policies = tuple(_policy(row) for row in agreement.in_force("enrichment_policy", day))
    rivals = tuple(
        (row["name"] or "", row["domain"] or "", row.key, row["why"] or "")
        for row in agreement.in_force("competitors", day)
    )
    cases = tuple((_definition(agreement, row, day), *_case(row)) for row in agreement.in_force("golden_cases", day))
    return [
        Table(
            "What is looked up about a lead",
            ("What", "Kept for", "When nothing was found", "A day", "By a private address", "Id", "Why"),
            policies,
        ),
        Table("Competitors, with every address below their domain", ("Who", "Domain", "Id", "Why"), rivals),
        Table("Cases", ("Definition", "Who", "What they did", "Decision", "Because", "Id", "Why"), cases),
    ]


def _policy(row: Row) -> tuple[str, ...]:
    budget = words.count(row["daily_credits"], "look-up") if row["is_enabled"] else "switched off"
    kept = (words.count(row[name], "day") for name in ("ttl_days", "negative_ttl_days"))
    # A company is looked up by its domain, which a private address does not have.
    private = {True: "yes", False: "no"}.get(row["includes_free_mail"], "?") if row["subject"] == "person" else ""
    return ((row["subject"] or "").capitalize(), *kept, budget, private, row.key, row["why"] or "")


def _case(row: Row) -> tuple[str, ...]:
    size = f"{row['employees']} employees" if row["employees"] != "unknown" else "unknown size"
    who = f"{row['title']}, {row['email']}, {size}, {row['industry']}, {row['country']}, {row['lifecycle_stage']}"
    if row["company_lifecycle_stage"] != "unknown":
        who += f", company {row['company_lifecycle_stage']}"
    if row["flags"] != "none":
        who += f", {(row['flags'] or '').replace('_', ' ').replace(';', ' and ')}"
    acts = (row["acts"] or "").replace(";", ", ").replace("@", " ")
    did = ", ".join(f"{act} h before" for act in acts.split(", "))
    return who, did, (row["decision"] or "").replace("_", " "), row["because"] or "", row.key, row["why"] or ""
