"""The example in docs/agreement.md that one follows with a calculator is what the models compute."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.qualify import loads, replica

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
WHITEPAPER = "f0000000-0000-4000-8000-000000000004"
DANA = {
    "lead_id": "dana",
    "employees": 300,
    "industry": "Software",
    "region": "EMEA",
    "country": "DE",
    "seniority": "director",
    "is_freemail": False,
    "is_enriched": True,
    "as_of": AT.isoformat(),
}
ACTS = [
    ("page_viewed", "/pricing", 0),
    ("page_viewed", "/pricing", 7),
    ("page_viewed", "/product", 14),
    ("form_submitted", WHITEPAPER, 10),
]


@pytest.fixture
def connection(agreement_database: object) -> Iterator[Connection]:
    with db.connect() as connection:
        yield connection


def test_dana_scores_what_the_page_says(connection: Connection) -> None:
    load = loads.newest(connection)
    assert load
    acts = [
        {
            "activity_id": str(number),
            "lead_id": "dana",
            "kind": kind,
            "subject": subject,
            "summary": "Did it",
            "is_inbound": True,
            "occurred_at": (AT - timedelta(days=days)).isoformat(),
            "extracted_at": (AT - timedelta(days=days)).isoformat(),
        }
        for number, (kind, subject, days) in enumerate(ACTS)
    ]
    given = {
        "int_leads": replica.these("int_leads", [DANA]),
        "int_activities": replica.these("int_activities", acts),
    }
    models = loads.models(connection, load.models_hash)
    asked = replica.Replica(models, ("int_score_parts", "int_decisions"), AT, None, given)
    with replica.opened(connection, asked, ["dana"]):
        parts = replica.rows(connection, "int_score_parts", "occurred_at, rule_id")
        (decision,) = replica.rows(connection, "int_decisions", "lead_id")
    engagement = [row["points"] for row in parts if row["family"] == "engagement"]
    assert engagement == [Decimal("1.25"), Decimal("11.91"), Decimal("6.00"), Decimal("12.00")]
    assert sum(row["raw_points"] for row in parts if row["family"] == "fit") == 57
    assert (decision["fit_points"], decision["engagement_points"]) == (50, Decimal("31.16"))
    assert (decision["score"], decision["tier_id"]) == (Decimal("81.16"), "high")
    page = (Path(__file__).parents[2] / "docs" / "agreement.md").read_text()
    for said in ("= **31.16**", "may count **50**", "= **81.16** of 65", "× 0.7937 | 11.91 |"):
        assert said in page
