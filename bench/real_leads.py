"""Run the line over a file of real leads, account for every one of them, and show how the outcome rises with the score.

    python bench/real_leads.py leads.csv [--mapping FILE] [--json FILE]

The leads go into the sandbox's HubSpot through the vendor's own client, what they did through tracking; then a line of
its own (scratch Postgres, no Airflow) runs over them. Go-live is after all that: nobody may be paged. The outcome
column stays here and is compared with the score at the end. Exit 0 when no lead is lost and nobody was paged.
"""

import argparse
import json
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

if not __package__:
    root = Path(__file__).resolve().parents[1]
    sys.path[:1] = [str(root), str(root / "plugins")]

from bench import leads_crm, leads_file, leads_mapping, own_line
from bench.leads_account import account, decisions
from bench.leads_file import LeadFile
from handoff import clock

MAPPING = Path(__file__).parent / "mappings" / "x_education.toml"
MOST_RUNS = 5
SHOWN = 12
CAVEAT = """  The score is the demo agreement's, written for a seller of software to companies, and was not fitted to
  this file. How columns became behaviour is a judgement: it is in the mapping. What the file does not say
  (company, size, industry, dates) is unknown; everything counts as having happened when it was loaded."""


def main() -> int:
    """Exit status: 0 all accounted for, 1 a lead lost or somebody paged, 2 the file or mapping cannot be used."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path, help="CSV with a header")
    parser.add_argument("--mapping", type=Path, default=MAPPING, help="what its columns mean (default: %(default)s)")
    parser.add_argument("--json", type=Path, help="also write everything to this file")
    given = parser.parse_args()
    own_line.end_on_signals()
    try:
        file = leads_file.read(given.path, leads_mapping.load(given.mapping))
    except leads_mapping.BadInput as wrong:
        print(wrong, file=sys.stderr)
        return 2
    with own_line.own_line() as line:
        found = measure(line, file)
    show(found)
    if given.json:
        given.json.write_text(json.dumps(found, indent=2, default=str) + "\n", encoding="utf-8")
    return 1 if found["lost"] or found["pending"] or found["handed_off"] or found["messages"] else 0


def measure(line: own_line.OwnLine, file: LeadFile) -> dict[str, Any]:
    """Load the leads, go live, run the line until nothing is pending, and account for every lead."""
    began = time.monotonic()
    loaded = leads_crm.load(line.sandbox.url, file.leads, clock.now(), _say)
    in_crm = time.monotonic()
    own_line.load_agreement()
    live = time.monotonic()
    pending, runs = len(file.leads), 0
    while pending and runs < MOST_RUNS:
        runs += 1
        pending = own_line.run(line.connection, f"real-leads-{runs}")
        _say(f"run {runs} of the line: {pending} leads still pending")
    seconds = {"crm": in_crm - began, "agreement": live - in_crm, "line": time.monotonic() - live}
    found = account(line.connection, line.sandbox, file, loaded, pending)
    own_line.judge_as_if_always_live(line.connection)
    return {
        **found,
        "decisions_if_live": decisions(line.connection, list(loaded.contact_ids.values())),
        "runs": runs,
        "seconds": {name: round(value, 1) for name, value in seconds.items()},
    }


def show(found: dict[str, Any]) -> None:
    """Print an account for a person."""
    print(f"\n{found['rows']} rows, {found['leads']} leads in the file")
    if found["columns_absent"]:
        print(f"  columns that the mapping knows and the file lacks: {', '.join(found['columns_absent'])}")
    print(f"  into the CRM: {', '.join(f'{n} {act}' for act, n in found['acts'].items() if n)}")
    for name in ("landed", "quarantined", "scored", "qualified", "handed_off", "messages", "pending"):
        print(f"{found[name]:>8} {name.replace('_', ' ')}")
    print(f"{len(found['lost']):>8} lost{': ' + ', '.join(found['lost'][:SHOWN]) if found['lost'] else ''}")
    _table("Quarantined", found["quarantine_reasons"], ("n", "field", "reason"))
    _table("Records in quarantine besides", found["unreadable_records"], ("n", "stream", "field", "reason"))
    _table("Decisions (go-live is after everything they did)", found["decisions"], ("n", "decision", "reason"))
    title = "Decisions had the agreement been live before (computed only: nothing is handed off)"
    _table(title, found["decisions_if_live"], ("n", "decision", "reason"))
    title = "Clauses in the way of an MQL: leads that do not meet it, leads of whom it is unknown"
    _table(title, found["clauses"], ("n", "unknown", "clause_kind", "clause_id"))
    _show_score(found["score"])
    print(f"\n{found['runs']} run(s) of the line; seconds: {found['seconds']}")


def _show_score(score: dict[str, Any]) -> None:
    if not score["cases"]:
        print("\nNo outcome is known, so the score cannot be compared with one.")
        return
    rate = score["positive"] / score["cases"]
    print(f"\nScore and outcome: {score['cases']} leads, {score['positive']} ended well ({rate:.1%})")
    print(f"  {'score':>15} {'leads':>6} {'ended well':>10} {'rate':>7}  95 % interval")
    for band in score["bands"]:
        between = f"{band['rate_low']:.1%} – {band['rate_high']:.1%}"
        scores = f"{band['low']:.2f} – {band['high']:.2f}"
        print(f"  {scores:>15} {band['n']:>6} {band['positive']:>10} {band['rate']:>7.1%}  {between}")
    rates = [band["rate"] for band in score["bands"]]
    rises = sum(later > earlier for earlier, later in pairwise(rates))
    print(f"  the rate rises in {rises} of {len(rates) - 1} steps")
    if score["auc"] is not None:
        print(f"  AUC {score['auc']:.3f} (0.5 is chance), rank correlation {score['rank_correlation'] or 0:.3f}")
    print(CAVEAT)


def _table(title: str, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    if not rows:
        return
    print(f"\n{title}")
    for row in rows[:SHOWN]:
        print("  ".join(f"{row[name]:>7}" if isinstance(row[name], int) else str(row[name]) for name in columns))
    if len(rows) > SHOWN:
        print(f"  … and {sum(row['n'] for row in rows[SHOWN:])} in {len(rows) - SHOWN} more lines")


def _say(what: str) -> None:
    print(f"  · {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
