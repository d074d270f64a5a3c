"""The dashboard's files fit together and fit the marts, and its SQL gives known figures to the role that BI has."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import psycopg
import pytest
import yaml
from typer.testing import CliRunner

from handoff import connections
from handoff.cli import app
from handoff.settings import settings
from tests.conftest import Database
from tests.unit.bi import assets, company
from tests.unit.web.doors import connect

DATASETS, CHARTS, DASHBOARDS = (assets.read(kind) for kind in ("datasets", "charts", "dashboards"))
BY_UUID = {dataset["uuid"]: dataset for dataset in DATASETS.values()}
AS_SUPERSET_SAYS = {"TIMESTAMP WITH TIME ZONE": "timestamp with time zone", "ARRAY": "text[]"}
# Of four equal weeks: events five seconds before noon, messages 2 to 7 seconds after it.
FIGURES: dict[str, dict[str, Any]] = {
    "fct_delays": {
        "handoffs": 24,
        "system_seconds_median": 9.5,
        "system_seconds_p95": 12,
        "human_minutes_median": 19.95,
        "human_minutes_p95": 1795 / 60,
    },
    "fct_sla_outcomes": {"assignments": 24, "met": 20, "breached": 4, "attainment": Decimal(5) / 6},
    "fct_rejections": {"rejections": 12},
    "rpt_weekly_counts": {
        "attainment": Decimal(5) / 6,
        "attainment_target": Decimal("0.9"),
        "acceptance": Decimal(1) / 2,
        "acceptance_target": Decimal("0.6"),
    },
    "fct_clause_performance": {"handoffs": 88, "rejection_rate": Decimal(6) / 11},
    "rpt_funnel": {
        "mqls": 24,
        "sql_rate": Decimal(1) / 3,
        "complete_mqls": 6,
        "complete_sql_rate": Decimal(1) / 3,
        "turn": 1,
    },
}
PER_STAGE = {"reached", "stopped", "stopped_share", "may_come", "share_of_cohort", "mean_wait_hours"}


def contracts() -> dict[str, dict[str, str]]:
    """Type by column, by mart."""
    files = (settings().dbt_project / "models" / "marts").glob("*__models.yml")
    models = [model for file in files for model in yaml.safe_load(file.read_text())["models"]]
    return {model["name"]: {each["name"]: each["data_type"] for each in model["columns"]} for model in models}


def test_the_funnel_has_the_order_of_its_stages() -> None:
    params = CHARTS["funnel"]["params"]
    assert (params["x_axis_sort"], params["x_axis_sort_asc"]) == ("step", False)


@pytest.mark.parametrize("name", DATASETS)
def test_a_dataset_has_its_mart_s_columns_with_their_types(name: str) -> None:
    dataset = DATASETS[name]
    assert (dataset["table_name"], dataset["schema"], dataset.get("sql")) == (name, "marts", None)
    contract = contracts()[name]
    for column, said in assets.columns(dataset).items():
        assert contract.get(column) == AS_SUPERSET_SAYS.get(said, said.lower()), column
    moments = {column["column_name"] for column in dataset["columns"] if column.get("is_dttm")}
    assert moments == {each for each, kind in contract.items() if kind in {"date", "timestamp with time zone"}}
    assert dataset["main_dttm_col"] in {None, *moments}


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_names_only_what_its_dataset_has(name: str) -> None:
    chart = CHARTS[name]
    dataset = BY_UUID[chart["dataset_uuid"]]
    known = assets.columns(dataset).keys() | assets.calculated(dataset).keys() | assets.metrics(dataset).keys()
    named = set(assets.names_in(chart))
    assert named
    assert named <= known
    assert chart["viz_type"] == chart["params"]["viz_type"]
    assert chart["description"]


@pytest.mark.parametrize("name", CHARTS)
def test_a_version_is_never_shown_without_the_definition_that_it_is_of(name: str) -> None:
    """Two products may have a version 1 each."""
    named = set(assets.names_in(CHARTS[name]))
    assert "definition_id" in named or "definition_version" not in named


def test_the_dashboard_shows_every_chart_once() -> None:
    position = DASHBOARDS["handoff"]["position"]
    shown = {each["meta"]["uuid"]: each["meta"] for each in position.values() if _is_chart(each)}
    assert {meta["uuid"]: meta["sliceName"] for meta in shown.values()} == {
        chart["uuid"]: chart["slice_name"] for chart in CHARTS.values()
    }
    assert sorted(meta["chartId"] for meta in shown.values()) == list(range(1, len(CHARTS) + 1))
    rows = [position[row]["children"] for row in position["GRID_ID"]["children"]]
    assert Counter(name for row in rows for name in row) == Counter(
        name for name, each in position.items() if _is_chart(each)
    )
    assert max(sum(position[name]["meta"]["width"] for name in row) for row in rows) == 12


def _is_chart(place: Any) -> bool:
    return isinstance(place, dict) and place["type"] == "CHART"


def test_the_page_names_every_mart() -> None:
    page = (settings().docs / "bi.md").read_text()
    assert [name for name in contracts() if f"`{name}`" not in page] == []


def test_no_id_stands_twice_and_no_password_anywhere() -> None:
    (database,) = assets.read("databases").values()
    everything = [database, *DATASETS.values(), *CHARTS.values(), *DASHBOARDS.values()]
    assert len({each["uuid"] for each in everything}) == len(everything)
    assert {dataset["database_uuid"] for dataset in DATASETS.values()} == {database["uuid"]}
    assert database["sqlalchemy_uri"] == "postgresql://bi_reader:XXXXXXXXXX@127.0.0.1:5499/handoff"


@pytest.fixture(scope="module")
def reader(module_agreement_database: Database) -> Iterator[psycopg.Connection]:
    """A session as a BI tool has it, by the address that the command says."""
    with pytest.MonkeyPatch.context() as patch:
        connect(patch, "slack", {})
        connect(patch, "hubspot", {"portal_id": "4242424"})
        company.plant()
    said = CliRunner().invoke(app, ["db", "reader", "--with-password"])
    assert said.exit_code == 0, said.output
    with psycopg.connect(said.output.strip(), autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize("name", DATASETS)
def test_its_sql_gives_the_reader_what_one_works_out_by_hand(reader: psycopg.Connection, name: str) -> None:
    metrics = assets.metrics(DATASETS[name])
    assert metrics.keys() == FIGURES[name].keys() | (PER_STAGE if name == "rpt_funnel" else set())
    where = "where cohort_by = 'mql'" if name == "rpt_funnel" else ""
    for metric, expected in FIGURES[name].items():
        row = reader.execute(f"select {metrics[metric]} from marts.{name} {where}".encode()).fetchone()
        assert row is not None
        assert float(row[0]) == pytest.approx(float(expected)), metric


def test_the_funnel_says_how_many_came_how_far_and_who_was_lost(reader: psycopg.Connection) -> None:
    """Each week three of six are rejected, one is called and never accepted, and nobody is won.

    The time of the oldest week's is up: one of it stays called, two stay an SQL. Those of the others may still go on.
    """
    metrics = assets.metrics(DATASETS["rpt_funnel"])
    order = ("reached", "share_of_cohort", "stopped", "stopped_share", "may_come", "mean_wait_hours")
    told = ", ".join(metrics[name] for name in order)
    step = assets.calculated(DATASETS["rpt_funnel"])["step"]
    query = f"select {step}, {told} from marts.rpt_funnel where cohort_by = 'mql' group by 1 order by 1"
    rows = reader.execute(query.encode()).fetchall()
    assert [(row[0], *(each if each is None else round(float(each), 4) for each in row[1:6])) for row in rows] == [
        ("1 mql", 24, 1, 0, None, 0),
        ("2 accepted", 8, 0.3333, 12, 0.5, 0),
        ("3 contacted", 12, 0.5, 0, 0, 0),
        ("4 sql", 8, 0.3333, 1, 0.1111, 3),
        ("5 won", 0, 0, 2, 1, 6),
    ]
    # Ten and twenty minutes, in hours.
    assert float(rows[1][6]) == pytest.approx(0.25)


def test_conversion_tells_the_definitions_of_two_products_apart(reader: psycopg.Connection) -> None:
    """Each week two of three by paid search are the first product's, one of whom becomes an SQL."""
    shown, metrics = ", ".join(CHARTS["conversion"]["params"]["groupby"]), assets.metrics(DATASETS["rpt_funnel"])
    query = f"""select {metrics["mqls"]}, {metrics["sql_rate"]} from marts.rpt_funnel
        where cohort_by = 'mql' and definition_version = '1' group by {shown} order by 1, 2"""
    assert [(row[0], round(float(row[1]), 4)) for row in reader.execute(query.encode())] == [
        (3, 0),
        (6, 0.5),
        (9, 0.3333),
    ]


def test_a_rejection_that_accuses_no_clause_says_so(reader: psycopg.Connection) -> None:
    said = assets.calculated(DATASETS["fct_rejections"])["accused"]
    rows = (("small", "size"), ("small", None), (None, None))
    values = ", ".join(f"({', '.join('null' if each is None else repr(each) for each in row)})" for row in rows)
    query = f"select {said} from (values {values}) as rejection (reason_id, accused_clause_id)"
    assert reader.execute(query.encode()).fetchall() == [
        ("size",),
        ("no clause let it in by this",),
        ("no reason given",),
    ]
    assert {name for name, chart in CHARTS.items() if "accused" in assets.names_in(chart)} == {
        "rejections_by_reason",
        "rejections_table",
    }


def test_the_reader_reads_the_marts_only_and_not_for_long(reader: psycopg.Connection) -> None:
    for table in ("raw.hubspot_contacts", "handoff.handoffs", "line.int_leads", "staging.stg_hubspot__contacts"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute(f"select from {table}".encode())
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        reader.execute("create temporary table kept as select 1")
    reader.execute("set default_transaction_read_only = off")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        reader.execute("delete from marts.fct_handoffs")
    reader.execute("reset default_transaction_read_only")
    for setting, value in (("statement_timeout", "1min"), ("idle_in_transaction_session_timeout", "1min")):
        assert reader.execute(f"show {setting}".encode()).fetchone() == (value,)
    limit = reader.execute("select rolconnlimit from pg_roles where rolname = 'bi_reader'").fetchone()
    assert limit == (20,)


def test_the_command_keeps_the_password_to_itself_unless_asked(database: Database) -> None:
    said = CliRunner().invoke(app, ["db", "reader"])
    reader = connections.get(connections.BI)
    assert said.output == f"postgresql://bi_reader@127.0.0.1:{reader.port}/{reader.schema}\n"
