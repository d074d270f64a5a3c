"""The marts over a company that one can work out by hand, and over one made at random."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
import yaml
from psycopg.rows import dict_row

from handoff.agreement.source import checkout
from handoff.ledger import db
from handoff.qualify import dbt
from handoff.review.run import build_marts
from handoff.settings import settings
from tests.conftest import Database
from tests.integration.marts_company import (
    AT,
    DAY,
    SECOND,
    Admin,
    Handoff,
    at_random,
    funnel_of,
    moment,
    pack_of,
    plant,
    plant_at_random,
    plant_contact,
)

GENERATED = at_random(20261129, 240)
BEGAN = moment("03-10 14:00:00")
BY_HAND = (
    # Goes its way: accepted after 5 minutes, called 5 minutes later, a customer after ten days.
    Handoff(
        "h1",
        "1",
        BEGAN,
        at={
            **{"accepted": BEGAN + 300 * SECOND, "contacted": BEGAN + 600 * SECOND},
            # By the agreement, who is accepted is an SQL.
            **{"sql": BEGAN + 300 * SECOND, "won": BEGAN + 10 * DAY},
        },
    ),
    # Handed over under an id that was merged away since; sales had it as an SQL a minute before.
    Handoff(*("h2", "92", BEGAN), source="OFFLINE", rejected_at=BEGAN + DAY, at={"sql": BEGAN - 60 * SECOND}),
    Handoff("h3", "3", BEGAN, source=None, country=None, campaign="spring"),
    Handoff("h4", "4", AT - DAY, is_kept=False),
)


@pytest.fixture(scope="module")
def admin(module_agreement_database: Database) -> Iterator[Admin]:
    with (
        psycopg.connect(module_agreement_database.admin_dsn, autocommit=True, row_factory=dict_row) as admin,
        db.connect() as connection,
    ):
        created = moment("03-01 10:00:00")
        plant_contact(admin, "1", created, {created: "lead", BEGAN + 10 * DAY: "customer"})
        old = {moment("02-01 10:00:00"): "lead", BEGAN - 60 * SECOND: "salesqualifiedlead"}
        plant_contact(admin, "92", created, old, source="OFFLINE", landed_at=AT - 20 * DAY)
        plant_contact(admin, "92", None, {}, landed_at=AT - 2 * DAY, is_archived=True)
        # HubSpot's result of the merge has forgotten the first stage, and since then a stage that the portal dropped.
        plant_contact(admin, "2", created, {BEGAN + DAY: "98765"}, source="OFFLINE")
        admin.execute(
            "insert into handoff.aliases (object_type, old_id, id, noticed_at) values ('contacts', '92', '2', %s)",
            (AT - 2 * DAY,),
        )
        admin.execute(
            """insert into handoff.crm_properties (property_id, is_present, options, accepted_options, checked_at)
            values ('contacts.lifecyclestage', true, '{lead,salesqualifiedlead,customer}', '{}', %s)""",
            (AT,),
        )
        plant_contact(admin, "3", created, {created: "lead"}, source=None)
        for handoff in BY_HAND:
            plant(admin, handoff)
        plant_at_random(admin, GENERATED)
        dbt.invoke(connection, ["run", "--full-refresh"], selector="line", as_of=AT, as_loaded=True)
        build_marts(connection, AT)
        yield admin


def rows(admin: Admin, query: str, *given: Any) -> list[dict[str, Any]]:
    return admin.execute(query, given).fetchall()  # type: ignore[arg-type]


def handoff(admin: Admin, key: str) -> dict[str, Any]:
    (row,) = rows(admin, "select * from marts.fct_handoffs where handoff_id = %s", key)
    return row


def test_every_stamp_is_right_to_the_second(admin: Admin) -> None:
    row = handoff(admin, "h1")
    stamps: dict[str, datetime | None] = {
        "event_at": BEGAN - 4 * SECOND,
        "received_at": BEGAN - 3 * SECOND,
        "extracted_at": BEGAN - 2 * SECOND,
        "qualified_at": BEGAN,
        "routed_at": BEGAN + SECOND,
        "sent_at": BEGAN + timedelta(seconds=2.5),
        "seen_at": BEGAN + 300 * SECOND,
        "accepted_at": BEGAN + 300 * SECOND,
        "contacted_at": BEGAN + 600 * SECOND,
        "sql_at": BEGAN + 300 * SECOND,
        "won_at": BEGAN + 10 * DAY,
        "rejected_at": None,
    }
    assert {name: row[name] for name in stamps} == stamps
    assert (row["score"], row["segment"], row["rep_id"]) == (Decimal("80.25"), "ter-na", "ana-costa")
    assert (row["negative_stamps"], row["has_negative_cycle"]) == (None, False)


def test_a_negative_cycle_is_kept_and_named_and_survives_a_merge(admin: Admin) -> None:
    row = handoff(admin, "h2")
    assert (row["lead_id"], row["sql_at"]) == ("2", BEGAN - 60 * SECOND)
    assert row["negative_stamps"] == "sql_at before qualified_at"
    assert row["has_negative_cycle"]
    (counted,) = rows(
        admin,
        """select cohort_size, reached, median_since_start_seconds from marts.rpt_funnel
        where cohort_by = 'mql' and cohort_week = '2026-03-09' and source = 'OFFLINE' and stage = 'sql'""",
    )
    assert counted == {"cohort_size": 1, "reached": 1, "median_since_start_seconds": -60}


def test_blank_is_not_unknown(admin: Admin) -> None:
    assert [(handoff(admin, key)["first_source"], handoff(admin, key)["segment"]) for key in ("h3", "h4")] == [
        (None, None),
        ("unknown", "unknown"),
    ]
    found = rows(
        admin,
        """select source, segment, cohort_week, is_complete, observed_days from marts.rpt_funnel
        where cohort_by = 'mql' and stage = 'mql' and segment <> 'ter-na' order by source""",
    )
    assert found == [
        {
            "source": "(blank)",
            "segment": "(blank)",
            "cohort_week": date(2026, 3, 9),
            "is_complete": True,
            # From Monday 16 March 04:00 UTC, when the week ended in New York, to 30 June 12:00 UTC.
            "observed_days": 106,
        },
        {
            "source": "unknown",
            "segment": "unknown",
            "cohort_week": date(2026, 6, 29),
            "is_complete": False,
            "observed_days": 0,
        },
    ]


def test_stages_are_one_path_over_a_merge_and_a_removed_stage(admin: Admin) -> None:
    found = rows(
        admin,
        """select lifecycle_stage as stage, record_id as record, stay_seconds as stay, is_current, is_removed_stage
        from marts.fct_stage_history where lead_id = '2' order by place""",
    )
    spent = BEGAN - 60 * SECOND - moment("02-01 10:00:00")
    assert [tuple(row.values()) for row in found] == [
        ("lead", "92", Decimal(int(spent.total_seconds())), False, False),
        ("salesqualifiedlead", "92", Decimal(86460), False, False),
        ("98765", "2", None, True, True),
    ]


def test_the_funnel_adds_up_to_what_was_counted_one_by_one(admin: Admin) -> None:
    expected = funnel_of([*GENERATED, BY_HAND[0], BY_HAND[2]])
    found = rows(
        admin,
        """select cohort_week, source, stage, sum(cohort_size) as cohort_size, sum(reached) as reached,
            sum(reached_in_window) as reached_in_window, sum(went_on) as went_on, sum(lost) as lost,
            sum(still_open) as still_open, sum(waits) as waits, sum(negative_waits) as negative_waits,
            coalesce(sum(total_wait_seconds), 0) as total_wait_seconds
        from marts.rpt_funnel
        where cohort_by = 'mql' and stage <> 'mql' and source <> 'OFFLINE' and segment <> 'unknown'
        group by cohort_week, source, stage""",
    )
    told = {(row.pop("cohort_week"), row.pop("source"), row.pop("stage")): row for row in found}
    assert told == {key: {name: counts[name] for name in told[key]} for key, counts in expected.items()}
    assert sum(counts["negative_waits"] for counts in expected.values()) > 20
    for partition in ("went_on", "lost", "still_open"):
        assert sum(counts[partition] for counts in expected.values()) > 20, partition


def test_the_funnel_and_the_weekly_pack_lose_the_same_ones(admin: Admin) -> None:
    told = rows(
        admin,
        """select week_starts_on as week, member as stage, counted as lost, still_open from marts.rpt_weekly_review
        where figure = 'stopped' and dimension = 'stage' order by week, stage""",
    )
    assert sum(row["lost"] for row in told) > 20
    assert told == rows(
        admin,
        """select cohort_week as week, stage, sum(lost) as lost, sum(still_open) as still_open from marts.rpt_funnel
        where cohort_by = 'mql' group by week, stage having sum(went_on + lost + still_open) > 0
        order by week, stage""",
    )


def test_the_weekly_pack_adds_up_to_what_was_counted_one_by_one(admin: Admin) -> None:
    expected = pack_of([*GENERATED, *BY_HAND])
    found = rows(
        admin,
        """select week_starts_on as week, figure, dimension, member, handoffs, decided, counted, still_open
        from marts.rpt_weekly_review
        where figure in ('handoffs', 'acceptance', 'conversion', 'attainment')
        and dimension in ('all', 'source', 'campaign', 'tier', 'rep') and handoffs > 0""",
    )
    told = {(row.pop("week"), row.pop("figure"), row.pop("dimension"), row.pop("member")): row for row in found}
    assert told == {
        key: {name: counts[name] for name in ("handoffs", "decided", "counted", "still_open")}
        for key, counts in expected.items()
    }
    assert len(told) > 300


@pytest.mark.parametrize("dimension", ["source", "segment", "tier_id", "definition_version", "rep_id", "cohort_week"])
def test_each_dimension_adds_up_to_all_handoffs(admin: Admin, dimension: str) -> None:
    (whole,) = rows(
        admin,
        """select count(*) as mql, count(accepted_at) as accepted, count(contacted_at) as contacted,
            count(sql_at) as sql, count(won_at) as won from marts.fct_handoffs""",
    )
    found = rows(
        admin,
        f"""select {dimension}, stage, sum(reached) as reached from marts.rpt_funnel
        where cohort_by = 'mql' group by {dimension}, stage""",
    )
    added = Counter[str]()
    for row in found:
        added[row["stage"]] += int(row["reached"])
    assert added == whole


def test_leads_are_followed_from_their_creation(admin: Admin) -> None:
    found = rows(
        admin,
        """select stage, sum(reached) as reached from marts.rpt_funnel where cohort_by = 'lead'
        group by stage order by stage""",
    )
    # Contacts 1, 2 and 3 and the generated ones; of lead 4 there is no record.
    assert [row["reached"] for row in found] == [243, 243]


def test_the_agreement_is_printed_row_by_row(admin: Admin) -> None:
    agreement = checkout()
    expected = {name for name, seed in agreement.seeds.items() if seed.folder == "agreement"}
    found = {
        row["kind"]: row["rules"]
        for row in rows(admin, "select kind, count(*) as rules from marts.dim_agreement group by kind")
    }
    assert set(found) == expected - {"absences", "golden_cases"}
    assert found == {kind: len(agreement.rows(kind)) for kind in found}
    (tier,) = rows(admin, "select * from marts.dim_agreement where kind = 'tiers' and rule_id = 'high'")
    assert (tier["label"], tier["definition_version"], tier["is_in_force"]) == ("High intent", "1", True)
    assert tier["text"].startswith("is for hand raisers: false; min score: 80; response minutes: 240; ")
    assert rows(admin, "select from marts.dim_agreement where text ~ '@|Maya|Ana Costa'") == []


def reader(database: Database, admin: Admin, role: str) -> Admin:
    """A connection of a role of BI, which logs in as such."""
    admin.execute(f"alter role {role} login password 'scratch'")
    dsn = database.dsn.replace("handoff_app", role)
    return psycopg.connect(dsn, autocommit=True, row_factory=dict_row)


def relations(admin: Admin, where: str) -> list[str]:
    found = rows(
        admin,
        f"""select nspname || '.' || relname as name from pg_class join pg_namespace on pg_namespace.oid = relnamespace
        where relkind in ('r', 'v', 'm', 'p') and nspname !~ '^pg_|^information_schema$' and {where} order by 1""",
    )
    return [row["name"] for row in found]


def test_a_reader_of_bi_reads_marts_and_nothing_else(admin: Admin, module_agreement_database: Database) -> None:
    marts, others = relations(admin, "nspname = 'marts'"), relations(admin, "nspname <> 'marts'")
    assert {"marts.fct_handoffs", "marts.dim_leads", "marts.mart_builds"} <= set(marts)
    assert {"raw.hubspot_contacts", "handoff.handoffs", "line.int_leads", "marts_build.fct_handoffs"} <= set(others)
    with reader(module_agreement_database, admin, "bi_reader") as bi:
        for name in marts:
            assert bi.execute(f"select * from {name}").rowcount >= 0
        for name in others:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                bi.execute(f"select * from {name}")
        for change in (
            "delete from marts.fct_handoffs",
            "create table marts.mine (id int)",
            "drop table marts.dim_reps",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                bi.execute(change)


def test_who_may_see_no_person_sees_none(admin: Admin, module_agreement_database: Database) -> None:
    person = re.compile(r"@|jolanda|quimby|head of unit|ana.costa|maya.lind|farah.ali", re.IGNORECASE)
    # Where ids of reps stand, which are as the agreement chose them: docs/marts.md says so.
    ids_of_reps = {
        "dim_agreement": {"agreement_rule_id", "rule_id", "text"},
        "dim_reps_public": {"rep_id", "manager_id"},
        "rpt_weekly_review": {"member"},
    }
    lead = str(rows(admin, "select * from marts.dim_leads where lead_id = '1'"))
    assert len(set(person.findall(lead))) >= 4
    told: dict[str, set[str]] = {}
    with reader(module_agreement_database, admin, "bi_public") as public:
        for name in relations(admin, "nspname = 'marts'"):
            if name in ("marts.dim_leads", "marts.dim_reps"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    public.execute(f"select * from {name}")
            else:
                for row in public.execute(f"select * from {name}").fetchall():
                    for key, value in row.items():
                        if person.search(str(value)):
                            told.setdefault(name.removeprefix("marts."), set()).add(key)
        assert {name: told.pop(name) for name in ids_of_reps} == ids_of_reps
        assert told
        assert set().union(*told.values()) == {"rep_id"}
        assert len(public.execute("select * from marts.dim_leads_public").fetchall()) == 243


def test_each_mart_with_personal_columns_has_a_view_of_all_the_others() -> None:
    marts = {
        model["name"]: model["columns"]
        for file in (settings().dbt_project / "models" / "marts").glob("*__models.yml")
        for model in yaml.safe_load(file.read_text(encoding="utf-8"))["models"]
    }
    personal = {
        name: [column["name"] for column in columns if column.get("config", {}).get("meta", {}).get("is_personal")]
        for name, columns in marts.items()
    }
    assert {name for name, columns in personal.items() if columns} == {"dim_leads", "dim_reps"}
    for name, left_out in personal.items():
        if left_out:
            shown = [column["name"] for column in marts[f"{name}_public"]]
            assert shown == [column["name"] for column in marts[name] if column["name"] not in left_out]


MEASURES = {"count": "count({})", "sum": "sum({})", "sum_boolean": "count(*) filter (where {})"}
MEDIAN = "percentile_cont(0.5) within group (order by {})"


def ref(text: str) -> str:
    return text.removeprefix("ref('").removesuffix("')")


def marts_yaml(name: str) -> dict[str, Any]:
    text = (settings().dbt_project / "models" / "marts" / name).read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def test_each_metric_can_be_asked_of_the_marts_and_agrees_with_them(admin: Admin) -> None:
    layer = marts_yaml("_metrics.yml")
    told: dict[str, Any] = {}
    for model in layer["semantic_models"]:
        mart = f"marts.{ref(model['model'])}"
        named = [*model["entities"], *model["dimensions"]]
        rows(admin, f"select {', '.join(each.get('expr', each['name']) for each in named)} from {mart} limit 1")
        for measure in model["measures"]:
            (row,) = rows(
                admin, f"select {MEASURES.get(measure['agg'], MEDIAN).format(measure['expr'])} as v from {mart}"
            )
            told[measure["name"]] = row["v"]
    simple = {each["name"]: each["type_params"]["measure"] for each in layer["metrics"] if each["type"] == "simple"}
    assert set(simple.values()) == set(told)
    assert (told["created"], told["handed_off"]) == (243, 244)
    assert told["rejected"] == 1 + sum(each.rejected_at is not None for each in GENERATED) > 20
    assert told["accepted"] == 1 + sum(each.at["accepted"] is not None for each in GENERATED)
    assert told["with_negative_cycle"] > 1
    (week,) = rows(admin, "select sum(within_sla) as v, sum(within_sla + breached) as due from marts.rpt_weekly_counts")
    assert told["kept_in_time"] == week["v"]
    ratios = {each["name"]: each["type_params"] for each in layer["metrics"] if each["type"] == "ratio"}
    assert {
        name: told[simple[of["numerator"]]] / told[simple[of["denominator"]]] for name, of in ratios.items()
    } == pytest.approx(_rates() | {"sla_attainment": week["v"] / week["due"]})


def _rates() -> dict[str, float]:
    """By the plan: beside what was generated h1 went all its way, h2 was rejected and an SQL, h3 and h4 nothing."""

    def reached(*stages: str) -> int:
        return sum(any(each.at.get(stage) for stage in stages) for each in GENERATED) + 1

    taken_on, handed_off = reached("accepted", "contacted"), len(GENERATED) + len(BY_HAND)
    rejected = [each for each in GENERATED if each.rejected_at]
    answered = taken_on + 1 + sum(not (each.at["accepted"] or each.at["contacted"]) for each in rejected)
    return {
        "acceptance_rate": taken_on / answered,
        "rejection_rate": (len(rejected) + 1) / answered,
        "sql_rate": (reached("sql") + 1) / handed_off,
        "win_rate": reached("won") / handed_off,
    }


def test_every_reader_of_a_mart_is_an_exposure(admin: Admin) -> None:
    exposures = {
        each["name"]: {ref(text) for text in each["depends_on"]} for each in marts_yaml("_exposures.yml")["exposures"]
    }
    marts = {name.removeprefix("marts.") for name in relations(admin, "nspname = 'marts'")} - {"mart_builds"}
    assert exposures.pop("bi_dashboards") == marts
    code = "".join(
        path.read_text(encoding="utf-8")
        for path in (settings().dbt_project.parent / "plugins" / "handoff").rglob("*.py")
        if path.name != "publish.py"
    )
    read = set(re.findall(r"\bmarts\.((?:dim|fct|rpt)_\w+)", code))
    assert read == {name for name in set().union(*exposures.values()) if not name.startswith("int_")}
