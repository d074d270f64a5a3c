"""Measure how much better suggested points rank a file of real leads than the points of today.

    python bench/suggest.py LEADS.csv [--mapping FILE] [--json FILE]

The leads go into the sandbox's HubSpot and through a line of its own, as in `real_leads.py`, so that each has the score
that the agreement gives it today. Then points are learned from the earlier leads and judged by the later ones, twice:
for the agreement's own rules, and for the columns of the file. Exit 0 when both rank clearly better than today's.
"""

import argparse
import csv
import json
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

if not __package__:
    root = Path(__file__).resolve().parents[1]
    sys.path[:1] = [str(root), str(root / "plugins")]

from bench import leads_crm, leads_file, leads_mapping, machine, own_line
from bench.leads_file import LeadFile
from bench.leads_mapping import Mapping, key
from bench.real_leads import MAPPING, MOST_RUNS
from handoff import clock
from handoff.agreement import source
from handoff.ledger.db import Connection
from handoff.suggest import Report, as_text, from_file
from handoff.suggest.ledger import of_leads
from handoff.suggest.table import Wanted

RESULTS = Path(__file__).parent / "results" / "suggest.json"
TODAY = "Handoff score"


def main() -> int:
    """Exit status: 0 both clearly better, 1 not, 2 the file or mapping cannot be used."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path, help="CSV with a header, an outcome and a number that rises with time")
    parser.add_argument("--mapping", type=Path, default=MAPPING, help="what its columns mean (default: %(default)s)")
    parser.add_argument("--json", type=Path, help=f"also write the figures to this file, for example {RESULTS.name}")
    given = parser.parse_args()
    own_line.end_on_signals()
    load_before = machine.load()
    try:
        mapping = leads_mapping.load(given.mapping)
        file = leads_file.read(given.path, mapping)
    except leads_mapping.BadInput as wrong:
        print(wrong, file=sys.stderr)
        return 2
    with own_line.own_line() as line:
        scores, by_rules, seconds = _by_rules(line, file)
        hardware = machine.describe(line.connection, load_before)
    began = time.monotonic()
    by_columns = _by_columns(given.path, mapping, file, scores)
    seconds["columns"] = time.monotonic() - began
    for each in (by_rules, by_columns):
        print(as_text(each))
    found = {
        "at": clock.now().date().isoformat(),
        "rules": _figures(by_rules),
        "columns": _figures(by_columns),
        "seconds": {name: round(value, 1) for name, value in seconds.items()},
        "machine": hardware,
    }
    print(json.dumps(found["seconds"]))
    if given.json:
        rounded = json.loads(json.dumps(found), parse_float=lambda text: round(float(text), 4))
        given.json.write_text(json.dumps(rounded, indent=2) + "\n", encoding="utf-8")
    return 0 if min(by_rules.difference.low, by_columns.difference.low) > 0 else 1


def _by_rules(line: own_line.OwnLine, file: LeadFile) -> tuple[dict[str, float], Report, dict[str, float]]:
    """Today's scores by lead of the file, what is learned for the agreement's rules, and what it took."""
    began = time.monotonic()
    loaded = leads_crm.load(line.sandbox.url, file.leads, clock.now(), lambda text: print(text, file=sys.stderr))
    own_line.load_agreement()
    runs = 0
    while runs < MOST_RUNS and own_line.run(line.connection, f"suggest-{runs}"):
        runs += 1
    scored = time.monotonic()
    lead_of = {contact: lead for lead, contact in loaded.contact_ids.items()}
    scores = {lead_of[contact]: score for contact, score in _scores(line.connection).items() if contact in lead_of}
    known = sorted((lead for lead in scores if lead in file.outcomes), key=int)
    ended = {loaded.contact_ids[lead]: file.outcomes[lead] for lead in known}
    now = clock.now()
    report = of_leads(line.connection, source(), ended, now, now.date() + timedelta(days=1))
    return scores, report, {"line": scored - began, "rules": time.monotonic() - scored}


def _scores(connection: Connection) -> dict[str, float]:
    rows = connection.execute("select lead_id, score from line.int_scores")
    return {row["lead_id"]: float(row["score"]) for row in rows}


def _by_columns(path: Path, mapping: Mapping, file: LeadFile, scores: dict[str, float]) -> Report:
    """What is learned for the columns of the file, to which today's score is added."""
    with path.open(encoding="utf-8-sig", newline="") as rows:
        every = list(csv.DictReader(rows))
    names = {key(name): name for name in every[0]}
    number = next(names[key(name)] for name in mapping.id if key(name) in names)
    assert mapping.outcome is not None
    kept = [{**row, TODAY: str(scores[row[number].strip()])} for row in every if row[number].strip() in scores]
    with tempfile.TemporaryDirectory(prefix="handoff-bench-") as home:
        scored = Path(home) / path.name
        with scored.open("w", encoding="utf-8", newline="") as output:
            writer = csv.DictWriter(output, list(kept[0]))
            writer.writeheader()
            writer.writerows(kept)
        outcome = names[key(mapping.outcome.column)]
        wanted = Wanted(outcome, tuple(mapping.outcome.positive), id=number, today=TODAY)
        return from_file(scored, wanted, source(), clock.now().date() + timedelta(days=1))


def _figures(report: Report) -> dict[str, Any]:
    found = report.as_json()
    changed = [each for each in report.sheet.suggestions if each.verdict == "changed"]
    wanted = (
        "source",
        "order",
        "learned_from",
        "judged_by",
        "ended_well",
        "left_out",
        "ways",
        "compared",
        "difference",
    )
    return {
        **{name: found[name] for name in wanted},
        "items": len(report.sheet.suggestions),
        "changed": len(changed),
        "threshold": report.sheet.threshold,
        "reach": found["sheet"]["reach"],
        "columns_left_out": {
            each.column: [sign.rule for sign in each.signs] for each in report.columns if each.is_left_out
        },
        "columns_doubted": {
            each.column: [sign.rule for sign in each.signs]
            for each in report.columns
            if each.signs and not each.is_left_out
        },
    }


if __name__ == "__main__":
    sys.exit(main())
