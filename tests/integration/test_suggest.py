"""Points from what became of handoffs, on a real Postgres: leads as they were when they were decided about."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from typer.testing import CliRunner

from bench import leads_crm, leads_file, leads_mapping, own_line, real_leads
from handoff import agreement, clock
from handoff.agreement import source
from handoff.cli import app
from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.qualify import dbt, loads, replica
from handoff.settings import settings
from handoff.suggest import CannotSuggest, from_file, from_ledger, outcomes, weights
from handoff.suggest.ledger import of_leads
from handoff.suggest.rules import rules
from handoff.suggest.scoring import scores
from handoff.suggest.table import Wanted
from tests.conftest import Database

REAL = Path(__file__).parents[3] / "shared/data/x_education/Leads_train.csv"
EVERY = 4
FIRST = datetime(2026, 2, 2, 9, tzinfo=UTC)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ON = date(2026, 12, 1)
ROUNDS, EACH = 12, 40
WORTH = {"docs": 1.8, "click": -1.4, "director": 1.2}
"""Log-odds of becoming an SQL. What else these leads did tells nothing, whatever points it earns today."""

Admin = psycopg.Connection[dict[str, Any]]


@dataclass(frozen=True)
class Made:
    """A database in which so many handoffs ended like this."""

    good: int
    rejected: int
    aged_out: int


@pytest.fixture(scope="module")
def admin(module_agreement_database: Database) -> Iterator[Admin]:
    with psycopg.connect(
        module_agreement_database.admin_dsn, autocommit=True, row_factory=dict_row, options="-c timezone=UTC"
    ) as connection:
        yield connection


@pytest.fixture(scope="module")
def connection(module_agreement_database: Database) -> Iterator[Connection]:
    with db.connect() as connection:
        yield connection


@pytest.fixture(scope="module")
def made(admin: Admin) -> Made:
    """Handoffs in rounds of three weeks, their outcomes, and what those that became SQLs did only afterwards."""
    random = np.random.default_rng(11)
    counts = {"good": 0, "rejected": 0, "aged_out": 0}
    for round_ in range(ROUNDS):
        at = FIRST + timedelta(days=14 * round_)
        batch = _batch(admin, at)
        for place in range(EACH):
            lead = str(1000 * (round_ + 1) + place)
            did = {name: random.random() < 0.45 for name in ("docs", "click", "pricing", "blog")}
            is_director = bool(random.random() < 0.5)
            log_odds = -0.8 + WORTH["director"] * is_director + sum(WORTH.get(name, 0) * did[name] for name in did)
            is_good = bool(random.random() < 1 / (1 + np.exp(-log_odds)))
            ends = "good" if is_good else "rejected" if random.random() < 0.5 else "aged_out"
            counts[ends] += 1
            _lead(admin, batch, lead, at, "Director" if is_director else "Engineer", did)
            _hand_off(admin, f"ho_{lead}", lead, at + timedelta(minutes=1))
            _end(admin, f"ho_{lead}", lead, at, ends)
    with db.connect() as connection:
        dbt.invoke(connection, ["run", "--full-refresh"], selector="line", as_of=NOW, as_loaded=True)
    return Made(**counts)


def _batch(admin: Admin, at: datetime) -> int:
    row = admin.execute(
        "insert into raw.batches (source, started_at) values ('poll', %s) returning batch_id", (at,)
    ).fetchone()
    assert row is not None
    return int(row["batch_id"])


def _put(admin: Admin, batch: int, stream: str, key: str, at: datetime, payload: dict[str, Any]) -> None:
    admin.execute(
        f"insert into raw.{stream} (id, updated_at, loaded_at, batch_id, payload) values (%s, %s, %s, %s, %s)",
        (key, at, at, batch, Jsonb(payload)),
    )


def _contact(lead: str, title: str) -> dict[str, Any]:
    return {
        "email": f"p{lead}@firm{lead}.example",
        "jobtitle": title,
        "country": "Germany",
        "lifecyclestage": "lead",
        "associatedcompanyid": lead,
    }


def _lead(admin: Admin, batch: int, lead: str, at: datetime, title: str, did: dict[str, bool]) -> None:
    company = {"name": f"Firm {lead}", "numberofemployees": "300", "industry": "COMPUTER_SOFTWARE"}
    _put(admin, batch, "hubspot_companies", lead, at, {"id": lead, "properties": company})
    _put(admin, batch, "hubspot_contacts", lead, at, {"id": lead, "properties": _contact(lead, title)})
    pages = [name for name in ("docs", "pricing", "blog") if did[name]]
    for place, page in enumerate([*pages, "product"]):
        _view(admin, batch, f"{lead}-{place}", lead, page, at - timedelta(hours=place + 1), at)
    if did["click"]:
        about = {"hs_email_subject": "News"}
        event = {"objectId": lead, "eventType": "e_clicked_link_in_email_v2", "properties": about}
        _put(
            admin,
            batch,
            "hubspot_events",
            f"{lead}-c",
            at,
            event | {"occurredAt": (at - timedelta(hours=9)).isoformat()},
        )


def _view(admin: Admin, batch: int, key: str, lead: str, page: str, at: datetime, landed: datetime) -> None:
    about = {"hs_url": f"https://www.brightwell.example/{page}"}
    event = {"objectId": lead, "eventType": "e_visited_page", "occurredAt": at.isoformat(), "properties": about}
    _put(admin, batch, "hubspot_events", key, landed, event)


def _hand_off(admin: Admin, key: str, lead: str, at: datetime, product: str = "platform") -> None:
    admin.execute(
        """insert into handoff.handoffs (handoff_id, lead_id, product_id, cycle, definition_id, definition_version,
            tier_id, score, trigger_activity_id, trigger_kind, context, as_of, event_at, extracted_at, qualified_at,
            routed_at)
        values (%(key)s, %(lead)s, %(product)s, 1, 'platform-mql', '1', 'standard', 70, 'a', 'page_viewed', '{}',
            %(at)s, %(at)s, %(at)s, %(at)s, %(at)s)""",
        {"key": key, "lead": lead, "product": product, "at": at},
    )


def _answer(admin: Admin, key: str, kind: str, at: datetime) -> None:
    admin.execute(
        """insert into handoff.dispositions (handoff_id, kind, occurred_at, recorded_at, evidence)
        values (%s, %s, %s, %s, '{}')""",
        (key, kind, at, at),
    )


def _stage(admin: Admin, batch: int, lead: str, at: datetime, stage: str = "salesqualifiedlead") -> None:
    history = {"lifecyclestage": [{"value": stage, "timestamp": at.isoformat()}]}
    payload = {"id": lead, "properties": _contact(lead, "Chief"), "propertiesWithHistory": history}
    _put(admin, batch, "hubspot_contacts", lead, at, payload)


def _end(admin: Admin, key: str, lead: str, at: datetime, ends: str) -> None:
    if ends == "good":
        later = at + timedelta(days=25)
        batch = _batch(admin, later)
        _answer(admin, key, "accepted", at + timedelta(hours=4))
        # What is known only now: they read the prices and the blog, become chiefs, and a click is told late.
        for place in range(3):
            _view(admin, batch, f"{lead}-later-{place}", lead, "pricing", at + timedelta(days=20), later)
        _view(admin, batch, f"{lead}-late", lead, "blog", at - timedelta(hours=2), later)
        _stage(admin, batch, lead, later)
    elif ends == "rejected":
        _answer(admin, key, "rejected", at + timedelta(days=2))


def _content(admin: Admin) -> dict[str, str]:
    tables = admin.execute(
        """select format('%I.%I', table_schema, table_name) as name from information_schema.tables
        where table_schema in ('raw', 'handoff', 'line', 'agreement') and table_type = 'BASE TABLE' order by 1"""
    ).fetchall()
    found = {}
    for table in tables:
        row = admin.execute(
            f"select coalesce(sum(hashtextextended(t::text, 0)), 0)::text as sum from {table['name']} t"
        )
        found[table["name"]] = (row.fetchone() or {})["sum"]
    return found


def test_points_follow_what_became_of_handoffs(admin: Admin, connection: Connection, made: Made) -> None:
    before = _content(admin)
    seeds = {path: path.read_bytes() for path in (settings().dbt_project / "seeds").rglob("*") if path.is_file()}
    found = from_ledger(connection, source(), NOW, ON)
    told = {each.item.id: each for each in found.sheet.suggestions}
    assert told["sig-page-docs"].verdict == "changed"
    assert told["sig-page-docs"].points > told["sig-page-docs"].item.today == 4
    assert told["fit-seniority-director"].verdict == "changed"
    assert told["sig-email-clicked"].points < 0 < told["sig-email-clicked"].item.today
    # They went with becoming an SQL afterwards, and told nothing of it when it was decided.
    for rule in ("sig-page-pricing", "sig-page-blog"):
        assert told[rule].low < 0 < told[rule].high
        assert 0 <= told[rule].points <= told[rule].item.today
    assert told["sig-form-demo"].verdict == "rare"
    suggested, today = (found.ways[name] for name in found.compared)
    assert found.difference.low > 0
    assert suggested.auc.value > today.auc.value + 0.1
    assert (found.ended_well, found.learned_from + found.judged_by) == (made.good, ROUNDS * EACH)
    assert found.left_out == {}
    reach = found.sheet.reach
    assert reach is not None
    assert reach.leads == ROUNDS * EACH
    assert reach.then == pytest.approx(reach.today, rel=0.1, abs=np.sqrt(reach.today))
    assert "+sig-page-docs,platform-mql,Read documentation,page_viewed,prefix,/docs," in found.patch
    # Nothing of it was written anywhere.
    assert _content(admin) == before
    assert {path: path.read_bytes() for path in seeds} == seeds


def test_the_command_says_the_same(made: Made, module_agreement_database: Database, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: NOW)
        words = ["agreement", "suggest", "--on", ON.isoformat()]
        answer = CliRunner().invoke(app, [*words, "--json", "--write", str(tmp_path / "points.patch")])
        assert answer.exit_code == 0, answer.output
        told = CliRunner().invoke(app, words)
    found = json.loads(answer.output)
    assert found["patch"] == (tmp_path / "points.patch").read_text(encoding="utf-8")
    assert found["difference"]["low"] > 0
    assert f"{ROUNDS * EACH} handoffs of the ledger, of which {made.good} ended well" in told.output
    assert "Only handoffs are learned from" in told.output
    assert found["patch"] in told.output


def test_scores_are_those_of_the_models(connection: Connection, made: Made) -> None:
    """The weights, today's points and caps give what the line's own models give, at a moment of the past."""
    found = rules(source(), NOW.date())
    moment, ids = FIRST + timedelta(days=14, minutes=1), [str(2000 + place) for place in range(EACH)]
    seen = weights.at_moments(connection, found, [(lead_id, moment) for lead_id in ids])
    points = np.array([item.today or 0.0 for item in found.items])
    ours = scores(np.array([seen[lead_id, moment] for lead_id in ids]), points, found.items, found.caps)
    load = loads.newest(connection)
    assert load is not None
    asked = replica.Replica(loads.models(connection, load.models_hash), ("int_scores",), moment)
    with replica.opened(connection, asked, ids):
        theirs = {row["lead_id"]: float(row["score"]) for row in replica.rows(connection, "int_scores", "lead_id")}
    assert len({round(each) for each in theirs.values()}) > 5
    assert ours == pytest.approx([theirs[lead_id] for lead_id in ids], abs=0.05)


def test_what_became_of_each_handoff(admin: Admin, connection: Connection, made: Made) -> None:
    product, at = "platform", datetime(2026, 5, 1, tzinfo=UTC)
    batch = _batch(admin, at)
    with admin.transaction(force_rollback=True):
        for key in ("late", "twice", "young", "taken", "rejected-then-won", "left", "accepted"):
            _hand_off(admin, f"ho_{key}", key, at if key != "young" else NOW - timedelta(days=10))
        _stage(admin, batch, "900", at + timedelta(days=91))
        admin.execute("update handoff.handoffs set lead_id = '900' where lead_id = 'late'")
        # Merged since; what the present record reached counts, but only until the next handoff.
        _stage(admin, batch, "901", at + timedelta(days=30), "customer")
        admin.execute("insert into handoff.aliases values ('contacts', 'left', '901', %s)", (NOW,))
        _stage(admin, batch, "902", at + timedelta(days=40), "opportunity")
        admin.execute("update handoff.handoffs set lead_id = '902' where lead_id = 'twice'")
        admin.execute(
            """insert into handoff.handoffs select 'ho_again', lead_id, product_id, 2, definition_id,
                definition_version, tier_id, score, trigger_activity_id, trigger_kind, context,
                as_of + interval '20 days', event_at, received_at, extracted_at, qualified_at,
                routed_at + interval '20 days', load_id
            from handoff.handoffs where handoff_id = 'ho_twice'"""
        )
        _answer(admin, "ho_taken", "withdrawn", at + timedelta(days=1))
        _answer(admin, "ho_rejected-then-won", "rejected", at + timedelta(days=1))
        _stage(admin, batch, "903", at + timedelta(days=60))
        admin.execute("update handoff.handoffs set lead_id = '903' where handoff_id = 'ho_rejected-then-won'")
        _answer(admin, "ho_accepted", "accepted", at + timedelta(days=1))
        # Of two products the stage is of the one that nobody had sent back, be it the older one.
        for lead, (kept, back) in {"904": (product, "other"), "905": ("other", product)}.items():
            _hand_off(admin, f"ho_{lead}-kept", lead, at, kept)
            _hand_off(admin, f"ho_{lead}-back", lead, at + timedelta(days=10), back)
            _answer(admin, f"ho_{lead}-back", "rejected", at + timedelta(days=11))
            _stage(admin, batch, lead, at + timedelta(days=12))
        every = outcomes.of_handoffs(admin, source(), product, NOW, timedelta(days=90))
        found = {each.handoff_id: (each.is_good, each.is_rejected, each.left_out) for each in every}
    assert found["ho_late"] == (False, False, None)
    assert found["ho_left"] == (True, False, None)
    assert found["ho_twice"] == (False, False, None)
    assert found["ho_again"] == (True, False, None)
    assert found["ho_young"][2] == "too young to know"
    assert found["ho_taken"][2] == "withdrawn"
    assert found["ho_rejected-then-won"] == (True, False, None)
    assert (found["ho_904-kept"], found["ho_905-back"]) == ((True, False, None), (False, True, None))
    assert sum(each[1] for each in found.values()) == made.rejected + 1
    # The pack counts who was accepted, and knows an SQL by its stage alone: the two others skipped it.
    differ = {each.handoff_id: each.is_counted for each in every if each.is_counted != each.is_good}
    assert differ == {"ho_accepted": True, "ho_left": False, "ho_again": False}
    said = outcomes.counted_otherwise(every)
    assert said
    assert said.startswith(f"Of these {len(every)} handoffs 1 are an SQL in the weekly pack")
    assert "2 the other way round" in said
    assert outcomes.counted_otherwise([each for each in every if each.handoff_id not in differ]) is None


def test_too_few_outcomes_suggest_nothing(connection: Connection, made: Made) -> None:
    with pytest.raises(CannotSuggest, match=r"too few outcomes to learn from: \d+ ended well"):
        from_ledger(connection, source(), FIRST + timedelta(days=14 * 2 + 91), ON)
    with pytest.raises(CannotSuggest, match="no handoff has had the 90 days"):
        from_ledger(connection, source(), FIRST + timedelta(days=30), ON)


if REAL.exists():

    def test_real_leads_rank_clearly_better_than_by_the_points_of_today(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Each fourth real lead, scored by the whole line with the agreement as it stands."""
        with REAL.open(encoding="utf-8", newline="") as rows:
            every = list(csv.DictReader(rows))[::EVERY]
        sample = _write(tmp_path / "sample.csv", every)
        file = leads_file.read(sample, leads_mapping.load(real_leads.MAPPING))
        with own_line.own_line() as line:
            loaded = leads_crm.load(line.sandbox.url, file.leads, clock.now(), lambda _: None)
            own_line.load_agreement()
            while own_line.run(line.connection, "suggest"):
                pass
            contacts = loaded.contact_ids
            rows_ = line.connection.execute("select lead_id, score from line.int_scores").fetchall()
            score = {row["lead_id"]: float(row["score"]) for row in rows_}
            ordered = sorted(every, key=lambda row: int(row["Lead Number"]))
            ended = {contacts[row["Lead Number"]]: row["Converted"] == "1" for row in ordered}
            by_rules = of_leads(line.connection, agreement.source(), ended, clock.now(), date(2190, 1, 1))
        scored = [{**row, "Today": f"{score[contacts[row['Lead Number']]]}"} for row in every]
        wanted = Wanted("Converted", id="Lead Number", today="Today")
        by_columns = from_file(_write(tmp_path / "scored.csv", scored), wanted, agreement.source(), date(2190, 1, 1))
        with capsys.disabled():
            for found in (by_rules, by_columns):
                told = {name: f"{each.auc.value:.3f}" for name, each in found.ways.items()}
                print(f"\n{found.source}: AUC {told}, gain {found.difference.low:+.3f} to {found.difference.high:+.3f}")
        assert by_columns.difference.low > 0.05
        assert by_rules.difference.low > 0
        assert by_rules.sheet.reach is not None
        assert by_rules.sheet.reach.then == pytest.approx(by_rules.sheet.reach.today, abs=6)


def _write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path
