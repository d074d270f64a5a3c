"""`bench/real_leads.py`: every lead of a file is scored or in quarantine with its reason, and the outcome stays out."""

import csv
import json
import subprocess
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bench import leads_file, leads_mapping, own_line, rates, real_leads
from handoff.ledger.streams import STREAMS
from handoff.settings import REPOSITORY

REAL = Path(__file__).parents[3] / "shared/data/x_education/Leads_train.csv"
EVERY = 8

# In another order than the mapping's, in other letters, with one that it does not know, and without its others.
HEADER = (
    *("Fate", "lead  number", "Email", "TotalVisits", "Lead Origin", "COUNTRY", "Shoe size", "Last Activity"),
    *("Total Time Spent on Website", "What is your current occupation", "Do Not Email", "City", "Lead Source"),
)
WON, LOST = "Kept-7f3a91", "Gone-7f3a91"
VISITS = HEADER.index("TotalVisits")
GOOD = 60
LANDED_IN = {
    ("page_view", "email_open", "email_click"): ["hubspot_events"],
    ("form",): ["hubspot_form_submissions"],
    ("calls",): ["hubspot_calls"],
    ("communications",): ["hubspot_communications"],
}
BAD = {
    "visits in words": ("number", {"TotalVisits": "many"}),
    "visits below zero": ("number", {"TotalVisits": "-3"}),
    "visits without end": ("number", {"TotalVisits": "inf"}),
    "visits in Arabic digits": ("number", {"TotalVisits": "٣"}),
    "seconds beyond reason": ("number", {"Total Time Spent on Website": "99999999999"}),
    "no lead number": ("no number", {"lead  number": "  "}),
    "number of another": ("already", {"lead  number": "L-1"}),
    "the same again": ("already", {"lead  number": "L-2"}),
    "no address": ("HubSpot", {"Email": "not an address"}),
    "address of another": ("HubSpot", {"Email": "lead-3@one.example"}),
}


def row(index: int, **changes: str) -> list[str]:
    """An invented lead: the higher its number, the more it did, and from 40 on it was won."""
    cells = {
        "Fate": WON if index >= 40 else LOST,
        "lead  number": f"L-{index}",
        "Email": f"lead-{index}@one.example" if index % 3 == 0 else "",
        "TotalVisits": str(index // 2) if index % 7 else "",
        "Lead Origin": "landing page submission" if index % 2 else "API",
        "COUNTRY": ("India", "Select", "", "Atlantis", "France")[index % 5],
        "Shoe size": "43",
        "Last Activity": ("Email Opened", "SMS Sent", "Olark Chat Conversation", "Unreachable", "")[index % 5],
        "Total Time Spent on Website": str(index * 20),
        "What is your current occupation": "Student" if index == 5 else "",
        "Do Not Email": "Yes" if index == 6 else "No",
        "City": ("Mumbai", "Zürich 🏔", "a\x00b", 'Quote "d", Comma')[index % 4],
        "Lead Source": ("Google", "Something new", "")[index % 3],
    }
    return list((cells | changes).values())


@dataclass(frozen=True)
class Measured:
    """An account of the small file, with what the raw tables hold of the outcome."""

    file: leads_file.LeadFile
    found: dict[str, Any]
    versions: dict[str, int]
    """Landed, by stream."""
    with_outcome: int


@pytest.fixture(scope="module")
def mapping(tmp_path_factory: pytest.TempPathFactory) -> leads_mapping.Mapping:
    """The mapping of the real file, with an outcome that can be recognised wherever it went."""
    text = real_leads.MAPPING.read_text(encoding="utf-8")
    other = tmp_path_factory.mktemp("mapping") / "mapping.toml"
    text = text.replace('column = "Converted"', 'column = "Fate"').replace('["1", "1.0"', f'["{WON}"')
    other.write_text(text.replace('["0", "0.0"', f'["{LOST}"'), encoding="utf-8")
    return leads_mapping.load(other)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Good and bad rows, the bad ones in between."""
    path = tmp_path_factory.mktemp("leads") / "leads.csv"
    rows = [row(index) for index in range(1, GOOD + 1)]
    rows[3:3] = [["" for _ in HEADER]]
    for place, (_, changes) in enumerate(BAD.values()):
        rows.insert(10 + 4 * place, row(100 + place, **changes))
    rows.append([*row(200), "one cell more"])
    rows.append(row(201)[:VISITS])
    with path.open("w", encoding="utf-8-sig", newline="") as output:
        csv.writer(output, delimiter=";").writerows([HEADER, *rows])
    return path


@pytest.fixture(scope="module")
def measured(small: Path, mapping: leads_mapping.Mapping) -> Measured:
    """Run once; the line is gone when the tests look."""
    file = leads_file.read(small, mapping)
    with own_line.own_line() as line:
        found = real_leads.measure(line, file)
        rows = [
            line.connection.execute(
                f"select count(*) as n, count(*) filter (where payload::text ilike '%7f3a91%') as leaked "
                f"from raw.{stream.name}"
            ).fetchone()
            for stream in STREAMS
        ]
    versions = {stream.name: counts["n"] for stream, counts in zip(STREAMS, rows, strict=True) if counts}
    return Measured(file, found, versions, sum(counts["leaked"] for counts in rows if counts))


def test_no_lead_is_lost_and_nobody_is_paged(measured: Measured) -> None:
    found = measured.found
    assert found["lost"] == []
    assert found["rows"] == GOOD + len(BAD) + 2
    assert found["scored"] + found["quarantined"] == found["rows"]
    assert found["landed"] == found["scored"] == GOOD + 1
    assert (found["pending"], found["qualified"], found["handed_off"], found["messages"]) == (0, 0, 0, 0)


def test_each_bad_row_is_in_quarantine_with_field_reason_and_remedy(measured: Measured) -> None:
    found = measured.found
    reasons = {each["id"]: each for each in found["quarantine"]}
    for place, (word, changes) in enumerate(BAD.values()):
        each = reasons[changes.get("lead  number", f"L-{100 + place}").strip()]
        assert word in each["reason"], each
        assert each["field"]
        assert each["remedy"]
    assert "columns" in reasons["L-200"]["reason"]
    assert sum(each["n"] for each in found["quarantine_reasons"]) == found["quarantined"] == len(BAD) + 1


def test_what_a_lead_did_reaches_the_crm(measured: Measured) -> None:
    acts = {lead.id: {(act.act, act.path): times for act, times in lead.acts} for lead in measured.file.leads}
    assert acts["L-1"] == {("form", "/blog/the-pipeline-gap"): 1, ("communications", "/"): 1}
    assert acts["L-20"] == {
        ("page_view", "/"): 10,
        ("page_view", "/product"): 1,
        ("page_view", "/pricing"): 1,
        ("email_open", "/"): 1,
    }
    refused = {each["row"] for each in measured.found["quarantine"]}
    taken = [act for lead in measured.file.leads if lead.row not in refused for act in lead.acts]
    for kind, streams in LANDED_IN.items():
        wanted = sum(times for act, times in taken if act.act in kind)
        assert sum(measured.versions[stream] for stream in streams) == wanted > 0, kind


def test_the_decisions_cover_every_scored_lead(measured: Measured) -> None:
    found = measured.found
    for decisions in (found["decisions"], found["decisions_if_live"]):
        assert sum(each["n"] for each in decisions) == found["scored"]
    blocked = {
        each["reason"].split()[2]: each["n"] for each in found["decisions"] if each["decision"] == "disqualified"
    }
    assert blocked == {"dq-opted-out": 1, "dq-student-title": 1}
    assert any(each["decision"] == "waiting" for each in found["decisions_if_live"])
    assert not any(each["decision"] == "waiting" for each in found["decisions"])


def test_the_bands_add_up_and_show_that_the_outcome_rises(measured: Measured) -> None:
    score = measured.found["score"]
    assert score["cases"] == sum(band["n"] for band in score["bands"]) == GOOD + 1
    assert score["positive"] == sum(band["positive"] for band in score["bands"]) == 22
    for lower, higher in pairwise(score["bands"]):
        assert lower["high"] < higher["low"]
    for band in score["bands"]:
        assert band["rate_low"] <= band["rate"] <= band["rate_high"]
    assert score["bands"][-1]["rate"] > score["bands"][0]["rate"]
    assert score["auc"] > 0.6


def test_the_outcome_reaches_neither_the_crm_nor_the_score(
    measured: Measured, small: Path, mapping: leads_mapping.Mapping, tmp_path: Path
) -> None:
    assert "7f3a91" not in repr(measured.file.leads)
    assert measured.with_outcome == 0
    turned = tmp_path / "turned.csv"
    text = small.read_text(encoding="utf-8-sig")
    turned.write_text(text.replace(WON, "x").replace(LOST, WON).replace("x;", f"{LOST};"), encoding="utf-8")
    other = leads_file.read(turned, mapping)
    assert other.leads == measured.file.leads
    assert {lead: not won for lead, won in other.outcomes.items()} == measured.file.outcomes


def test_a_mapping_that_sends_the_outcome_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mapping.toml"
    text = real_leads.MAPPING.read_text(encoding="utf-8")
    path.write_text(text.replace('city = "City"', 'city = "converted"'), encoding="utf-8")
    with pytest.raises(leads_mapping.BadInput, match="sends the outcome 'Converted' to the CRM"):
        leads_mapping.load(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "is empty"),
        ("a,b\n1,2\n", "none of the columns"),
        ('Lead Number,City\n1,"Mum\n2,Goa\n', "line 3"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_sentence(content: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    path.write_text(content)
    done = _command(path)
    assert done.returncode == 2
    assert reason in done.stderr
    assert "Traceback" not in done.stderr


def test_rates() -> None:
    assert rates.wilson(0, 0) == (0, 1)
    assert rates.wilson(5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert rates.wilson(0, 20) == pytest.approx((0, 0.1611), abs=1e-4)
    assert rates.auc([(1, False), (2, False), (3, True)]) == 1
    assert rates.auc([(1, True), (1, False)]) == 0.5
    assert rates.auc([(3, True), (1, True), (2, False), (2, False)]) == 0.5
    assert rates.auc([(1, True)]) is None
    assert rates.rank_correlation([(1, False), (2, True)]) == pytest.approx(1)
    assert rates.rank_correlation([(1, True), (2, True)]) is None
    tied = [(0.0, False)] * 50 + [(float(score), True) for score in range(1, 51)]
    assert [band.n for band in rates.bands(tied, most=5)] == [50, 12, 13, 12, 13]
    assert rates.bands([]) == []


if REAL.exists():

    def test_no_real_lead_is_lost(tmp_path: Path) -> None:
        """Each eighth row of the real file; all of it is a command: `python bench/real_leads.py PATH`."""
        with REAL.open(encoding="utf-8", newline="") as source:
            rows = list(csv.reader(source))
        sample, report = tmp_path / "sample.csv", tmp_path / "report.json"
        with sample.open("w", encoding="utf-8", newline="") as output:
            csv.writer(output).writerows([rows[0], *rows[1::EVERY]])
        done = _command(sample, "--json", str(report))
        assert done.returncode == 0, done.stdout + done.stderr
        found = json.loads(report.read_text())
        assert found["rows"] == found["leads"] == found["scored"] == len(rows[1::EVERY])
        assert (found["lost"], found["quarantined"], found["messages"]) == ([], 0, 0)
        assert sum(band["n"] for band in found["score"]["bands"]) == found["rows"]
        assert found["score"]["bands"][-1]["rate_low"] > found["score"]["bands"][0]["rate_high"]
        assert "AUC" in done.stdout


def _command(path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "bench/real_leads.py", str(path), *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
