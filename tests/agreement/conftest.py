"""The agreement's rows as they stand in git, and a database with the models built over them."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from psycopg.rows import dict_row

HERE = Path(__file__).parent
PROJECT = HERE.parents[1] / "dbt_project"
SEEDS = PROJECT / "seeds" / "agreement"
DEMO = "brightwell.example"
"""Domain of the company whose agreement is shipped, and which the sandbox plays."""
OF_ANY_COMPANY = frozenset(("test_golden_cases", "test_seeds", "test_unit_tested"))
"""Files that judge whichever agreement stands in the checkout; the others take rows of the demo company's as known."""

Rows = list[dict[str, str]]


def read(path: Path) -> Rows:
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where the agreement is another company's, tests that are about the demo company's say nothing."""
    domains = sorted({row["domain"] for row in read(SEEDS / "company.csv")})
    if DEMO not in domains:
        skip = pytest.mark.skip(reason=f"about the agreement of {DEMO}, and company.csv has {', '.join(domains)}")
        for item in items:
            if item.path.parent == HERE and item.path.stem not in OF_ANY_COMPANY:
                item.add_marker(skip)


@pytest.fixture(scope="session")
def seeds() -> dict[str, Rows]:
    """Every seed of the agreement, by name."""
    return {path.stem: read(path) for path in sorted(SEEDS.glob("*.csv"))}


@pytest.fixture(scope="session")
def documented() -> dict[str, dict[str, Any]]:
    """What the YAML says about every seed, by name."""
    with (SEEDS / "_agreement__seeds.yml").open(encoding="utf-8") as text:
        return {seed["name"]: seed for seed in yaml.safe_load(text)["seeds"]}


@pytest.fixture(scope="module")
def admin(module_agreement_database: Any) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    """A superuser's connection to a database with the agreement loaded, shared by one module's tests."""
    with psycopg.connect(
        module_agreement_database.admin_dsn, autocommit=True, row_factory=dict_row, options="-c timezone=UTC"
    ) as connection:
        yield connection
