"""Cases that other projects publish, where they lie beside the repository; the tests' own cases need none of them."""

import csv
import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[4] / "shared" / "data" / "matching"


def cases(name: str) -> list[dict[str, Any]]:
    """The cases of one file, none when it is not there."""
    path = FOLDER / name / "cases.json" if "/" not in name else FOLDER / name
    if not path.exists():
        return []
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cases"]
    return found


def companies() -> list[tuple[str, str]]:
    """Names and countries of companies, none when the file is not there."""
    path = FOLDER / "company_names" / "companies.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as lines:
        return [(row[0], row[1]) for row in csv.reader(lines, delimiter=";")]
