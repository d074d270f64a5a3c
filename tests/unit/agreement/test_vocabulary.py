"""The words that the rules use are those of the models and of the seeds' YAML: there is no second truth."""

import re
from collections import defaultdict
from typing import Any

import psycopg

from handoff.agreement.rules.forms import FORMS, LIMITS
from handoff.agreement.rules.twins import ONCE
from handoff.agreement.source import checkout
from handoff.agreement.vocabulary import ANSWERS, METRICS, NUMBERS, READ_OF_ACTS, fact_kinds

from .conftest import PROJECT

KINDS = {"boolean": "flag", "integer": "number", "bigint": "number", "numeric": "number"}


def test_facts_are_the_columns_of_the_model_with_its_types(agreement_database: Any) -> None:
    with psycopg.connect(agreement_database.admin_dsn) as admin:
        rows = admin.execute(
            """select column_name, data_type from information_schema.columns
            where table_schema = 'line' and table_name = 'int_leads'"""
        ).fetchall()
    assert fact_kinds() == {name: KINDS.get(type_, "text") for name, type_ in rows}
    assert {name for name, kind in fact_kinds().items() if kind == "number"} == NUMBERS


def test_metrics_are_those_that_the_weekly_review_measures() -> None:
    report = (PROJECT / "models" / "marts" / "rpt_weekly_review.sql").read_text(encoding="utf-8")
    assert set(re.findall(r"commitment_of\('(\w+)', 'week_starts_on', promise\)", report)) == set(METRICS)


def test_answers_are_those_that_the_ledger_takes(agreement_database: Any) -> None:
    with psycopg.connect(agreement_database.admin_dsn) as admin:
        row = admin.execute(
            """select string_agg(pg_get_constraintdef(oid), ' ') from pg_constraint
            where conrelid = 'handoff.dispositions'::regclass and pg_get_constraintdef(oid) like '%ARRAY%'"""
        ).fetchone()
    assert row
    assert set(re.findall(r"'(\w+)'::text", row[0])) == ANSWERS


def test_channels_look_at_what_the_models_keep_of_an_act() -> None:
    kept = set()
    for model in ("int_source_acts", "int_activity_acts"):
        text = (PROJECT / "models" / "review" / f"{model}.sql").read_text(encoding="utf-8")
        (names,) = re.findall(r"lateral\s*\(\s*select ([^)]*?)\s*\) as named", text)
        kept |= {name.rpartition(".")[2] for name in names.split(", ")}
    assert kept == READ_OF_ACTS


def test_operators_are_those_that_the_macros_know() -> None:
    macros = (PROJECT / "macros" / "rules.sql").read_text(encoding="utf-8")
    facts, subjects = (
        set(re.findall(r"when '(\w+)' then", re.split(rf"macro {name}\b", macros)[1].partition("endmacro")[0]))
        for name in ("fact_matches", "subject_matches")
    )
    seeds = checkout().seeds
    assert set(seeds["requirements"].columns["operator"].accepted) == facts
    assert set(seeds["fit_points"].columns["operator"].accepted) == facts
    assert set(seeds["disqualifiers"].columns["operator"].accepted) == facts | subjects
    assert set(seeds["signals"].columns["match_kind"].accepted) == subjects


def test_every_table_and_column_that_a_rule_names_exists() -> None:
    named: dict[str, set[str]] = defaultdict(set)
    for table, column in (*FORMS, *LIMITS):
        named[table].add(column)
    for once in ONCE:
        named[once.table] |= {*once.columns, *once.where}
    seeds = checkout().seeds
    assert [(table, columns - set(seeds[table].columns)) for table, columns in named.items()] == [
        (table, set()) for table in named
    ]
