"""What is promised: definitions that were signed, tiers for every lead that qualifies, escalations, commitments."""

from collections.abc import Iterator
from itertools import pairwise

from handoff.agreement.model import Agreement, Problem, Row
from handoff.agreement.rules.near import nearest
from handoff.agreement.rules.scoring import JUDGED
from handoff.agreement.spans import first_gap, moments
from handoff.agreement.vocabulary import METRICS


def problems(agreement: Agreement) -> Iterator[Problem]:
    """Of definitions, the company, tiers, escalations and commitments."""
    versions: dict[tuple[str, str], Row] = {}
    for row in agreement.rows("definitions"):
        yield from _signed(agreement, row)
        if row["version"] and (first := versions.setdefault((row.key, row["version"]), row)) is not row:
            wrong = (
                f"version {row['version']} of {row.label} stands on line {first.line} as well, and decisions carry it"
            )
            yield row.problem("version", wrong, "count it up")
        if row["status"] in JUDGED:
            yield from _tiers(agreement, row)
    for tier in agreement.rows("tiers"):
        yield from _escalations(agreement, tier)
    for row in agreement.rows("commitments"):
        yield from _commitment(row)


def _signed(agreement: Agreement, row: Row) -> Iterator[Problem]:
    if row["status"] != "live":
        return
    signed, begins = row["agreed_at"], row["valid_from"]
    if signed and begins and signed > begins:
        wrong = f"agreed_at {signed} of {row.label} is after {begins}, when it begins to decide"
        yield row.problem("agreed_at", wrong, f"let it begin on {signed} or later, or write when it was signed")
    day = first_gap(row, agreement.rows("company"))
    if day and "company" in agreement.tables:
        wrong = f"{row.label} is live, and company.csv says nobody who sells from {day}"
        yield row.problem("valid_from", wrong, f"add a row to company.csv that holds on {day}")
    day = first_gap(row, agreement.rows("handoff_policy"))
    if day and "handoff_policy" in agreement.tables:
        wrong = f"{row.label} is live, and handoff_policy.csv does not say what holds for its handoffs from {day}"
        yield row.problem("valid_from", wrong, f"add a row to handoff_policy.csv that holds on {day}")


def _tiers(agreement: Agreement, row: Row) -> Iterator[Problem]:
    tiers = agreement.rows("tiers", definition_id=row.key)
    cases = (
        (True, 0, "hand-raisers", 0),
        (False, row["threshold"], "leads that reach the threshold", row["threshold"]),
    )
    for is_hand_raiser, most, who, least in cases if "tiers" in agreement.tables else ():
        fitting = [
            tier
            for tier in tiers
            # What is wrong with a cell is told once.
            if tier["is_for_hand_raisers"] in (is_hand_raiser, None)
            and (tier["min_score"] is None or most is None or tier["min_score"] <= most)
        ]
        if day := first_gap(row, fitting):
            wrong = f"{row.label} is {row['status']} and has no tier for {who} from {day}"
            flag = str(is_hand_raiser).lower()
            remedy = f"add a row to tiers.csv with is_for_hand_raisers {flag} and min_score {least} or less"
            yield row.problem("definition_id", wrong, remedy)


def _escalations(agreement: Agreement, tier: Row) -> Iterator[Problem]:
    steps = agreement.rows("escalations", tier_id=tier.key)
    if "escalations" in agreement.tables and (day := first_gap(tier, steps)):
        wrong = f"{tier.label} has no escalation from {day}, so that nobody hears of a breach"
        yield tier.problem("tier_id", wrong, f"add a row to escalations.csv for {tier.key}", "warning")
    told = set()
    for day in moments(tier.span, steps):
        known = [step for step in steps if step.holds(day) and None not in (step["step"], step["at_percent"])]
        for earlier, later in pairwise(sorted(known, key=lambda step: (step["step"], step.line))):
            late = later["at_percent"] <= earlier["at_percent"] and later["step"] > earlier["step"]
            if late and later not in told:
                told.add(later)
                wrong = f"at_percent {later['at_percent']} of {later.label} is not after step {earlier['step']}"
                yield later.problem("at_percent", wrong, f"write more than {earlier['at_percent']}")


def _commitment(row: Row) -> Iterator[Problem]:
    metric, target = row["metric"], row["target"]
    if metric and metric not in METRICS:
        wrong = f"metric {metric!r} of {row.label} is not measured by the weekly review"
        yield row.problem("metric", wrong, nearest(metric, METRICS))
    elif target is not None and target < 0:
        yield row.problem("target", f"target {target} of {row.label} is below 0", "write what is promised, from 0")
    elif metric and METRICS[metric] == "share" and target is not None and target > 1:
        wrong = f"target {target} of {row.label} is no share, which lies from 0 to 1"
        yield row.problem("target", wrong, f"write {target / 100} for {target} per cent")
