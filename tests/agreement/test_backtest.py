"""A backtest finds, for each lead, the moment at which the models would first have said MQL, and says what changed."""

import json
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from psycopg.types.json import Jsonb
from typer.testing import CliRunner

from handoff import clock
from handoff.backtest import firsts, history, telling
from handoff.backtest.changes import Change
from handoff.backtest.decide import Asked, Judge, decide
from handoff.backtest.history import CHANGED
from handoff.backtest.load import NOBODY
from handoff.backtest.outcomes import wilson
from handoff.backtest.run import Report, run
from handoff.backtest.unseen import SHOWS
from handoff.cli import app
from handoff.ledger import db
from handoff.ledger.db import Connection
from handoff.qualify import loads
from handoff.qualify.loads import Tables
from handoff.qualify.models import ModelSet, compiled
from tests.agreement.acting import CHANGED_ON, DAYS, END, START, Admin, live
from tests.agreement.conftest import SEEDS

LEADS = 600


@pytest.fixture(scope="module")
def connection(admin: Admin) -> Iterator[Connection]:
    with db.connect() as connection:
        live(admin, connection, LEADS)
        yield connection


@pytest.fixture(scope="module")
def models(connection: Connection) -> ModelSet:
    from handoff.qualify import dbt

    with dbt.environment(None):
        return compiled(for_all=True)


@pytest.fixture(scope="module")
def tables(connection: Connection) -> Tables:
    load = loads.newest(connection)
    assert load
    return loads.agreement(connection, load.agreement_hash)


def changed(tables: Tables, table: str, key: str, **values: Any) -> Tables:
    """The same agreement with one row different."""
    copy = deepcopy(dict(tables))
    (row,) = [row for row in copy[table] if key in row.values()]
    row.update(values)
    return copy


def every_first(connection: Connection, judge: Judge, past: history.History) -> dict[int, datetime]:
    """The plain way: ask the models about every act of every lead, and whenever what is known of it changed."""
    moments = sorted({(int(lead), int(at)) for lead, at in zip(past.lead, past.at, strict=True)})
    asked = [
        Asked(f"{place}", lead, START + timedelta(microseconds=at - int(START.timestamp() * 1e6)))
        for place, (lead, at) in enumerate(moments)
    ]
    by_key = {each.key: each for each in asked}
    found: dict[int, datetime] = {}
    for key, rows in decide(connection, judge, asked).decisions.items():
        each = by_key[key]
        if rows[0]["decision"] == "mql" and (each.lead_no not in found or each.at < found[each.lead_no]):
            found[each.lead_no] = each.at
    return found


@contextmanager
def known_after(
    admin: Admin, moments: Iterable[tuple[str, datetime]], facts: dict[int, dict[str, str]]
) -> Iterator[None]:
    """Inside the block facts of leads are known so many minutes after these moments, until the line judged anew."""
    rows = [
        {"lead_id": lead_id, "at": at + timedelta(minutes=minutes), "facts": Jsonb(known)}
        for lead_id, at in moments
        for minutes, known in facts.items()
    ]
    with admin.cursor() as cursor:
        cursor.executemany(
            """insert into handoff.lead_facts
            select lead_id, %(at)s, facts || %(facts)s from handoff.lead_facts
            where lead_id = %(lead_id)s and known_from < %(at)s order by known_from desc limit 1""",
            rows,
        )
        try:
            yield
        finally:
            cursor.executemany(
                "delete from handoff.lead_facts where (lead_id, known_from) = (%(lead_id)s, %(at)s)", rows
            )


def test_it_finds_what_asking_about_everything_finds(
    connection: Connection, admin: Admin, models: ModelSet, tables: Tables
) -> None:
    judge = Judge(models, tables, END)
    was_customer = [(str(number), START + timedelta(days=10)) for number in range(1, LEADS, 3)]
    no_more = 5 * 24 * 60 + 1
    stages = {1: {"lifecycle_stage": "customer"}, no_more: {"lifecycle_stage": "lead"}}
    with known_after(admin, was_customer, stages):
        past = history.read(connection, END)
        with history.shared(connection, past):
            possible = firsts.possible(connection, judge, past, START - timedelta(days=1))
            found = firsts.find([connection], judge, possible)
            plain = every_first(connection, judge, past)
            acts = replace(past, **{name: getattr(past, name)[past.what != CHANGED] for name in ("lead", "what", "at")})
            by_acts = every_first(connection, judge, acts)
    assert {lead_no: first.at for (lead_no, _), first in found.firsts.items()} == plain
    assert 30 < len(plain) < LEADS
    # A lead that did enough for somebody else, and turned out to be that one; or as a customer, which it was no more.
    sooner = {lead_no for lead_no, at in plain.items() if at != by_acts.get(lead_no)}
    assert {plain[lead_no] for lead_no in sooner} == {
        START + timedelta(days=10, minutes=no_more),
        START + timedelta(days=CHANGED_ON, hours=-1, seconds=1),
    }
    # The point of the bounds: few moments are asked about.
    assert found.asked < past.acts / 5


def compare(connection: Connection, models: ModelSet, before: Tables, after: Tables) -> Report:
    return run(connection, models, (("before", before), ("after", after)), days=61, end=END)


def test_the_same_agreement_changes_nothing(connection: Connection, models: ModelSet, tables: Tables) -> None:
    report = compare(connection, models, tables, tables)
    assert (report.gained, report.lost, report.sooner, report.later) == ((), (), 0, 0)
    assert report.kept == report.before.mqls == report.after.mqls > 0
    assert report.before.per_rep == report.after.per_rep
    load = report.before.per_rep
    assert sum(load.values()) == report.before.mqls
    # The two have equal shares of one pool, and no part in another.
    assert load["chloe-martin"] > 1
    assert abs(load["chloe-martin"] - load["daniel-weber"]) <= 1


def test_who_is_away_gets_nothing_while_away_and_no_longer(
    connection: Connection, models: ModelSet, tables: Tables
) -> None:
    def load(first: date, back: date) -> dict[str, int]:
        row = {"absence_id": "a", "rep_id": rep, "valid_from": f"{first}", "valid_to": f"{back}", "why": "Leave"}
        return compare(connection, models, tables, {**tables, "absences": [row]}).after.per_rep

    present = compare(connection, models, tables, tables).after.per_rep
    rep, end = next(rep for rep in present if rep != NOBODY), END.date()
    # On the day on which somebody asks, after the last arrival; the first half of the span; all of it.
    assert load(end, end + timedelta(days=1)) == present
    assert 0 < load(START.date(), START.date() + timedelta(days=DAYS // 2))[rep] < present[rep]
    assert rep not in load(START.date() - timedelta(days=2), end)


def moments(changes: Sequence[Change]) -> set[tuple[str, datetime]]:
    """Which leads, and when."""
    return {(each.lead_id, each.at) for each in changes}


def test_what_a_handoff_made_of_a_lead_in_truth_decides_nothing(
    connection: Connection, admin: Admin, models: ModelSet, tables: Tables
) -> None:
    """Who got it then, the stage that we wrote, and the stages of the rep who called at once and opened a deal."""
    nobody = changed(tables, "definitions", "platform-mql", status="draft")
    after = changed(tables, "disqualifiers", "dq-opted-out", field="lifecycle_stage", value="marketingqualifiedlead")
    after = changed(after, "disqualifiers", "dq-company-customer", value="opportunity")
    after = changed(after, "pool_members", "emea-daniel", valid_to="2026-01-02")
    before = compare(connection, models, nobody, after)
    assert before.gained
    daniel = {"owner_id": "1004", "company_owner_id": "1004"}
    made = {2: daniel | {"lifecycle_stage": "marketingqualifiedlead"}, 7: {"lifecycle_stage": "salesqualifiedlead"}}
    made[8] = {"lifecycle_stage": "opportunity", "company_lifecycle_stage": "opportunity"}
    with known_after(admin, moments(before.gained), made):
        report = compare(connection, models, tables, after)
    assert (report.before.mqls, report.lost, report.gained) == (len(before.gained), (), ())
    assert report.after.per_rep == before.after.per_rep
    # Whose turn it would be, though all are his.
    assert "daniel-weber" not in report.after.per_rep
    assert 1 < report.before.per_rep["daniel-weber"] < report.before.mqls / 2


def test_what_is_found_out_of_a_lead_within_the_waiting_time_counts(
    connection: Connection, admin: Admin, models: ModelSet, tables: Tables
) -> None:
    nobody = changed(tables, "definitions", "platform-mql", status="draft")
    found = compare(connection, models, nobody, tables).gained
    in_time, too_late = moments(found[::2]), moments(found[1::2])
    student = {"seniority": "student"}
    with known_after(admin, in_time, {9: student}), known_after(admin, too_late, {11: student}):
        still = compare(connection, models, nobody, tables).gained
    assert moments(still) & (in_time | too_late) == too_late


def test_a_higher_threshold_loses_leads_and_names_the_threshold(
    connection: Connection, models: ModelSet, tables: Tables
) -> None:
    after = changed(tables, "definitions", "platform-mql", threshold=75)
    report = compare(connection, models, tables, after)
    assert report.gained == ()
    assert report.lost
    assert {each.rules for each in report.lost} == {("platform-mql",)}
    assert all(65 <= each.score_before < 75 for each in report.lost)
    assert all(each.why.startswith("not reached: platform-mql (Score") for each in report.lost)
    back = compare(connection, models, after, tables)
    assert {each.lead_id for each in back.gained} == {each.lead_id for each in report.lost}
    assert back.by_rule == (("platform-mql", len(report.lost), 0),)


def test_a_new_disqualifier_is_named(connection: Connection, models: ModelSet, tables: Tables) -> None:
    after = changed(tables, "disqualifiers", "dq-country", value="US")
    report = compare(connection, models, tables, after)
    assert report.lost
    assert {each.rules for each in report.lost} == {("dq-country",)}
    assert report.by_rule == (("dq-country", 0, len(report.lost)),)


def test_a_definition_that_asks_for_no_fact_can_be_tried(
    connection: Connection, models: ModelSet, tables: Tables
) -> None:
    after = changed(tables, "definitions", "platform-mql", threshold=10)
    report = compare(connection, models, tables, {**after, "requirements": [], "fit_points": [], "disqualifiers": []})
    assert report.gained
    assert all(each.score_before < 65 for each in report.gained if each.rules == ("platform-mql",))


def test_points_that_decide_are_named(connection: Connection, models: ModelSet, tables: Tables) -> None:
    after = changed(tables, "fit_points", "fit-industry-core", points=0)
    report = compare(connection, models, tables, after)
    assert report.lost
    assert {each.rules[0] for each in report.lost} == {"fit-industry-core"}
    assert all(each.score_after < each.score_before for each in report.lost)


def test_what_became_of_them_is_told(connection: Connection, admin: Admin, models: ModelSet, tables: Tables) -> None:
    after = changed(tables, "definitions", "platform-mql", threshold=75)
    lost = compare(connection, models, tables, after).lost
    admin.execute("drop table if exists line.int_conversions")
    admin.execute("create table line.int_conversions (lead_id text, conversion_kind text, occurred_at timestamptz)")
    admin.execute("grant select on line.int_conversions to handoff_app")
    with admin.cursor() as cursor:
        cursor.executemany(
            "insert into line.int_conversions values (%s, %s, %s)",
            [
                (lost[0].lead_id, "sql", lost[0].at + timedelta(days=2)),
                (lost[1].lead_id, "sql", lost[1].at - timedelta(days=2)),
                (lost[2].lead_id, "won", lost[2].at + timedelta(days=2)),
            ],
        )
    report = compare(connection, models, tables, after)
    sqls = {each.lead_id: each.sql_at for each in report.lost if each.sql_at}
    assert sqls == {lost[0].lead_id: lost[0].at + timedelta(days=2)}
    known = report.before.conversion
    assert known.converted == 1
    # The second was an SQL before.
    assert known.leads + known.young == report.before.mqls - 1
    assert known.share is not None
    assert 0 < known.share < 0.2
    assert report.after.conversion.converted == 0


def converted(admin: Admin, rows: list[tuple[str, datetime]]) -> None:
    admin.execute("drop table if exists line.int_conversions")
    admin.execute("create table line.int_conversions (lead_id text, conversion_kind text, occurred_at timestamptz)")
    admin.execute("grant select on line.int_conversions to handoff_app")
    with admin.cursor() as cursor:
        cursor.executemany("insert into line.int_conversions values (%s, 'sql', %s)", rows)


def test_what_would_have_become_of_the_gained_is_told_by_those_that_both_hand_over(
    connection: Connection, admin: Admin, models: ModelSet, tables: Tables
) -> None:
    converted(admin, [])
    before = changed(tables, "definitions", "platform-mql", threshold=75)
    nobody = changed(tables, "definitions", "platform-mql", status="draft")
    nothing_known = compare(connection, models, before, tables)
    gained = nothing_known.gained
    assert len(gained) > 2
    assert nothing_known.would_convert.expected == 0
    kept = compare(connection, models, before, nobody).lost
    watched = [each for each in kept if each.at <= END - timedelta(days=30)]
    became = [(each.lead_id, each.at + timedelta(days=2)) for each in watched[:3]]
    # Of the gained one became an SQL on its own, one was one before.
    became += [(gained[0].lead_id, gained[0].at + timedelta(days=1)), (gained[1].lead_id, END - timedelta(days=90))]
    converted(admin, became)
    report = compare(connection, models, before, tables)
    assert [each.lead_id for each in report.gained if each.sql_at] == [gained[0].lead_id]
    found = report.would_convert
    assert found.leads == len(gained) - 1
    assert (found.like.converted, len(kept)) == (3, report.before.mqls)
    # Some are handed over sooner now, so that more of them were watched for the whole horizon.
    assert len(watched) <= found.like.leads <= report.before.mqls
    low, high = wilson(3, found.like.leads)
    assert (found.expected, found.low, found.high) == pytest.approx(
        tuple(found.leads * share for share in (3 / found.like.leads, low, high))
    )
    said = " ".join(telling.document(report).summary)
    assert f"1 became SQL all the same, without that handoff. Had {found.leads} of the gained" in said
    assert f"{found.expected:.1f} would have become SQL within 30 days ({found.low:.1f} to {found.high:.1f})" in said
    assert "cannot be said" in " ".join(telling.document(compare(connection, models, nobody, tables)).summary)


def test_every_table_that_the_models_ask_is_known_to_show_or_not(models: ModelSet) -> None:
    by_name = {each.name: each for each in models.models}
    given = {"int_leads", "int_activities", "int_handoff_cycles", "stg_handoff__go_live"}
    asked, new = set[str](), {"int_decisions", "int_score_parts", "int_route_candidates"}
    while new:
        asked |= new
        new = {each for name in new for each in by_name[name].inputs} - asked - given
    read = {table for name in asked for table in re.findall(r'"agreement"\."(\w+)"', by_name[name].sql)}
    # Who is at work is asked of a router that prefers whoever is; a backtest does not.
    assert read - SHOWS.keys() == {"calendars", "special_hours", "holidays"}


def test_the_command_tells_it_as_markdown_json_and_a_page(
    connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    after = tmp_path / "agreement"
    shutil.copytree(SEEDS, after)
    path = after / "definitions.csv"
    path.write_text(path.read_text().replace("live,65,", "live,75,"))
    monkeypatch.setattr(clock, "now", lambda: END)
    command = ["backtest", "--from", str(SEEDS), "--to", str(after), "--days", "61"]
    page = tmp_path / "page.html"
    done = CliRunner().invoke(app, [*command, "--page", str(page)])
    assert done.exit_code == 0, done.output
    assert "fewer MQLs" in done.output
    assert "| `platform-mql` | 0 |" in done.output
    assert "| Expected breaches, whatever the load |" in done.output
    html = page.read_text()
    assert html.count("<figure") == html.count("</svg>") >= 2
    assert "http" not in re.sub(r"http://www.w3.org/\S+", "", html)
    told = json.loads(CliRunner().invoke(app, [*command, "--json"]).output)
    assert told["before"]["mqls"] - told["after"]["mqls"] == len(told["lost"]) > 0
    path.write_text(path.read_text().replace("live,75,", "live,900,"))
    refused = CliRunner().invoke(app, command)
    assert refused.exit_code == 1
    assert "definitions.csv:2" in refused.output
