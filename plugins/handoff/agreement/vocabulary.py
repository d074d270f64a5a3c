"""The words that rules may use, each read from where it is true: the facts' YAML and the reference seeds."""

from functools import cache

import yaml

from handoff.agreement.model import Agreement
from handoff.settings import settings

NUMBERS = frozenset({"employees", "account_match_confidence"})
"""Facts that are numbers; held to the model's columns by a test, as is that flags are those named is_."""
METRICS = {
    "conversion_rate": "share",
    "acceptance_rate": "share",
    "sla_attainment": "share",
    "handoffs_per_week": "count",
}
"""What a commitment may promise, which `rpt_weekly_review` judges, and what its target is."""

ANSWERS = frozenset({"accepted", "claimed", "rejected", "contacted", "withdrawn", "declined", "snoozed", "erased"})
"""What the ledger keeps as an answer to a handoff; held to its constraint by a test."""
READ_OF_ACTS = frozenset({"analytics_source", "activity_kind", "utm_source", "utm_medium", "utm_campaign"})
"""What a channel rule may look at beside the parameters of touch_parameters; held to the models by a test."""


@cache
def fact_kinds() -> dict[str, str]:
    """The facts about a lead that a rule may ask for, each a `number`, a `flag` or `text`: the columns of int_leads."""
    path = settings().dbt_project / "models" / "enrich" / "_enrich__models.yml"
    models = yaml.load(path.read_bytes(), yaml.CSafeLoader)["models"]
    described = next(model["columns"] for model in models if model["name"] == "int_leads")
    return {name: _kind(name) for name in (column["name"] for column in described)}


def _kind(name: str) -> str:
    return "number" if name in NUMBERS else "flag" if name.startswith("is_") else "text"


def known_values(agreement: Agreement) -> dict[str, set[str]]:
    """The values that a fact can have, for those facts whose values the reference seeds list."""
    return {
        "country": _values(agreement, "countries", "country"),
        "region": _values(agreement, "countries", "region"),
        "industry": _values(agreement, "industries", "industry"),
        "seniority": _values(agreement, "title_rules", "seniority")
        | _values(agreement, "apollo_seniorities", "seniority"),
    }


def regions(agreement: Agreement) -> dict[str, set[str]]:
    """The countries of each sales region."""
    found: dict[str, set[str]] = {}
    for row in agreement.rows("countries"):
        if row["region"] and row["country"]:
            found.setdefault(row["region"], set()).add(row["country"])
    return found


def _values(agreement: Agreement, table: str, column: str) -> set[str]:
    return {row[column] for row in agreement.rows(table) if row[column]}
