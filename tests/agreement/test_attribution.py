"""Which touches get the credit: paths landed as CRM records, and shares computed by the models' own SQL."""

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from handoff.ledger import db
from handoff.qualify import dbt
from handoff.settings import settings
from tests.integration.built import build

from .conftest import PROJECT, SEEDS, Rows, read

SHARED = PROJECT.parents[1] / "shared" / "data" / "attribution"
AT = datetime(2026, 3, 31, 12, tzinfo=UTC)
DAY = timedelta(days=1)
LAST_DECIMAL = Fraction(1, 10**12)
BY_NAME = {
    **{"first": "first-touch", "first_touch": "first-touch", "last": "last-touch", "last_touch": "last-touch"},
    **{"linear": "linear", "linear_counting_repeats": "linear", "position_40_20_40": "position-40-20-40"},
    "position_30_40_30_with_two_touches_weights_30_70": "position-30-40-30",
}
"""The published cases' words for our models; the last one is planted beside those of the agreement."""

MODELS = {*BY_NAME.values(), "time-decay"}

Admin = psycopg.Connection[dict[str, Any]]
Steps = tuple[str, ...]


def published() -> Iterator[tuple[str, Steps, str, list[Fraction]]]:
    """(case, path, model, credit of each place) of every path in the shared data; nothing where there is none."""
    for file in sorted(SHARED.glob("*/cases.json")):
        told = json.loads(file.read_text(encoding="utf-8"))
        for number, case in enumerate(told["cases"]):
            if "path" in case:
                for word in BY_NAME.keys() & case.keys():
                    shares = [Fraction(str(each)) / Fraction(str(case["conversion_value"])) for each in case[word]]
                    yield f"{file.parent.name}-{number}-{word}", tuple(case["path"]), BY_NAME[word], shares


def channels_of(file: Path) -> Iterator[tuple[str, list[tuple[Steps, Fraction]], str, dict[str, Fraction]]]:
    """(case, paths with their conversions, model, conversions credited to each channel)."""
    cases = {each["id"]: each for each in json.loads(file.read_text(encoding="utf-8"))["cases"] if "id" in each}
    for name, case in cases.items():
        told = case["input"]
        told = told if isinstance(told, list) else cases[told.rpartition(" ")[2]]["input"]
        paths = [(tuple(each["path"]), Fraction(str(each["conversions"]))) for each in told]
        yield name, paths, BY_NAME[case["model"]], {k: Fraction(str(v)) for k, v in case["expected"].items()}


PATHS = list(published())
SUMMED = [case for file in sorted(SHARED.glob("*/cases.json")) for case in channels_of(file)]
at_hand = pytest.mark.skipif(not SHARED.is_dir(), reason=f"no published cases in {SHARED}")
# Paths of our own, so that the shape of the data is tested where the shared cases are not at hand.
WORKED: dict[str, Steps] = {
    "nothing": (),
    "one": ("search",),
    "two": ("search", "email"),
    "five": ("search", "social", "email", "social", "email"),
}


class Company:
    """A CRM in which each path is one lead, with a tagged page view a day and a handoff at the end."""

    def __init__(self, admin: Admin, paths: list[Steps]) -> None:
        self.ids = {path: str(number) for number, path in enumerate(dict.fromkeys(paths), 1)}
        admin.execute("insert into raw.batches (source, started_at) values ('poll', %s)", (AT,))
        for path, lead in self.ids.items():
            self._put(admin, "hubspot_contacts", lead, {"properties": {"createdate": AT.isoformat()}})
            for place, channel in enumerate(path):
                url = f"https://www.brightwell.example/?utm_source={channel}&utm_medium=cpc"
                at = AT - (len(path) - place) * DAY
                about = {"objectId": lead, "eventType": "e_visited_page", "occurredAt": at.isoformat()}
                self._put(admin, "hubspot_events", f"{lead}-{place}", about | {"properties": {"hs_url": url}})
            admin.execute(
                """insert into handoff.handoffs (handoff_id, lead_id, product_id, cycle, definition_id,
                    definition_version, tier_id, score, trigger_activity_id, trigger_kind, context,
                    as_of, event_at, extracted_at, qualified_at, routed_at)
                values (%(id)s, %(id)s, 'platform', 1, 'platform-mql', '1', 'high', 80, 'a', 'page_viewed', '{}',
                    %(at)s, %(at)s, %(at)s, %(at)s, %(at)s)""",
                {"id": lead, "at": AT},
            )
            admin.execute(
                """insert into handoff.assignments (handoff_id, rep_id, reason, candidates, assigned_at, due_at)
                values (%s, 'ana-costa', 'planted', '[]', %s, %s)""",
                (lead, AT, AT + DAY),
            )

    def _put(self, admin: Admin, stream: str, key: str, payload: dict[str, Any]) -> None:
        admin.execute(
            f"insert into raw.{stream} (id, updated_at, loaded_at, batch_id, payload) values (%s, %s, %s, 1, %s)",
            (key, AT, AT, Jsonb({"id": key} | payload)),
        )


@pytest.fixture(scope="module")
def credits(admin: Admin) -> dict[tuple[Steps, str], list[Fraction]]:
    """Credit of each place by path and model, from `marts.fct_touches`, after the line and the marts were built."""
    paths = [path for _, path, _, _ in PATHS] + [path for _, told, _, _ in SUMMED for path, _ in told]
    company = Company(admin, [*paths, *WORKED.values()])
    admin.execute(
        """insert into agreement.attribution_models
        values ('position-30-40-30', 'Planted', 'position', 0.3, 0.3, 0.3, 0, 90, '2000-01-01', '9999-12-31', '-')"""
    )
    with db.connect() as connection:
        dbt.invoke(connection, ["run", "--full-refresh"], selector="line", as_of=AT + DAY, as_loaded=True)
        build(connection, AT + DAY)
    rows = admin.execute(
        "select lead_id, model_id, credit from marts.fct_touches where conversion_kind = 'mql' order by touch_order"
    ).fetchall()
    found: dict[tuple[str, str], list[Fraction]] = defaultdict(list)
    for row in rows:
        found[row["lead_id"], row["model_id"]].append(Fraction(row["credit"]))
    return {
        (path, model): found.get((lead, model), []) for path, lead in company.ids.items() for model in BY_NAME.values()
    }


Credits = dict[tuple[Steps, str], list[Fraction]]


def is_close(found: Fraction, wanted: Fraction) -> bool:
    return abs(found - wanted) <= LAST_DECIMAL


def test_a_worked_example(credits: Credits) -> None:
    """Five touches on five days; the shares of 40-20-40 are 0.4, a third of 0.2 three times, 0.4."""
    ends, middle = Fraction(4, 10), Fraction(2, 30)
    five, two, one = WORKED["five"], WORKED["two"], WORKED["one"]
    assert credits[five, "first-touch"] == [1, 0, 0, 0, 0]
    assert credits[five, "last-touch"] == [0, 0, 0, 0, 1]
    assert credits[five, "linear"] == [Fraction(1, 5)] * 5
    given = credits[five, "position-40-20-40"]
    assert [given[0], given[4]] == [ends, ends]
    assert all(is_close(each, middle) for each in given[1:4])
    assert credits[two, "position-40-20-40"] == credits[two, "linear"] == [Fraction(1, 2)] * 2
    assert {tuple(credits[one, model]) for model in BY_NAME.values()} == {(1,)}
    assert {tuple(credits[WORKED["nothing"], model]) for model in BY_NAME.values()} == {()}


@at_hand
def test_published_paths_get_their_published_credit(credits: Credits) -> None:
    assert {model for _, _, model, _ in PATHS} == {"first-touch", "last-touch", "linear", "position-40-20-40"}
    wrong = {
        case: credits[path, model]
        for case, path, model, wanted in PATHS
        if not (len(wanted) == len(credits[path, model]) and all(map(is_close, credits[path, model], wanted)))
    }
    assert wrong == {}


@at_hand
def test_published_channels_get_their_published_conversions(credits: Credits) -> None:
    assert {model for _, _, model, _ in SUMMED} == set(BY_NAME.values())
    for case, paths, model, wanted in SUMMED:
        earned: dict[str, Fraction] = defaultdict(Fraction)
        for path, conversions in paths:
            for channel, credit in zip(path, credits[path, model], strict=True):
                earned[channel] += credit * conversions
        # Published as floating-point numbers.
        known = {channel for channel, number in earned.items() if number} | set(wanted)
        assert all(abs(earned[each] - wanted.get(each, 0)) < Fraction(1, 10**9) for each in known), (case, earned)


def test_every_conversion_is_in_the_report_once_for_each_model(admin: Admin, credits: Credits) -> None:
    row = admin.execute("select count(*) as leads from handoff.handoffs").fetchone()
    assert row is not None
    rows = admin.execute(
        "select model_id, sum(credit) as credit from marts.rpt_attribution group by model_id"
    ).fetchall()
    assert {each["model_id"]: each["credit"] for each in rows} == dict.fromkeys(MODELS, row["leads"])
    unknown = admin.execute(
        "select sum(credit) as credit from marts.rpt_attribution where channel = 'unknown'"
    ).fetchone()
    assert unknown == {"credit": 6}


def test_a_reader_of_the_marts_sees_credit_and_no_person(admin: Admin, credits: Credits) -> None:
    admin.execute("set role bi_reader")
    try:
        assert admin.execute("select from marts.fct_touches").rowcount > 0
        assert admin.execute("select from marts.rpt_attribution").rowcount > 0
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            admin.execute("select from line.int_touches")
    finally:
        admin.execute("reset role")


def test_the_line_builds_none_of_it(credits: Credits, module_agreement_database: Any) -> None:
    with db.connect() as connection:
        result = dbt.invoke(connection, ["run"], selector="line", as_of=AT + DAY, as_loaded=True)
    assert result is not None
    assert "int_qualifications" in result.statuses
    assert not [name for name in result.statuses if "touch" in name or "conversion" in name or "acts" in name]


def test_the_models_of_the_agreement_can_be_computed(seeds: dict[str, Rows]) -> None:
    for row in seeds["attribution_models"]:
        first, last, of_two = (float(row[name]) for name in ("first_weight", "last_weight", "first_of_two_weight"))
        assert min(first, last, of_two, 1 - of_two) >= 0, row
        assert first + last <= 1, f"{row['model_id']} gives more than there is"
        assert row["kind"] in {"linear", "time_decay"} or first + last > 0, row
        assert int(row["look_back_days"]) > 0, row
        assert (float(row["half_life_days"]) > 0) == (row["kind"] == "time_decay"), row
    assert {row["kind"] for row in seeds["attribution_models"]} == {
        *("first_touch", "last_touch", "linear", "position", "time_decay")
    }


def test_every_rule_looks_at_something_that_a_lead_does(seeds: dict[str, Rows]) -> None:
    parameters = {row["parameter_id"] for row in seeds["touch_parameters"]}
    inbound = {
        row["kind"] for row in read(SEEDS.parent / "reference" / "activity_kinds.csv") if row["is_inbound"] == "true"
    }
    for row in seeds["touch_channels"]:
        assert row["match_field"] in parameters | {"analytics_source", "activity_kind"}, row
        assert row["match_field"] != "activity_kind" or set(row["match_value"].split(";")) <= inbound, row
        assert int(row["visit_minutes"]) >= 0, row


MINUTES = st.lists(st.integers(-200 * 1440, 60), max_size=8)
"""When touches were, in minutes before (or after) the conversion: on both sides of the look-back."""
SHARES = "select model_id, touch_id, credit from ({credits}) as credits order by model_id, touch_id"


class Shares:
    """The compiled SQL of weights and credits, over touches of one lead that are planted and taken away again."""

    def __init__(self, admin: Admin) -> None:
        compiled = settings().dbt_target / "compiled" / "handoff" / "models" / "review"
        weights = (compiled / "int_touch_weights.sql").read_text(encoding="utf-8")
        credits = (compiled / "int_touch_credits.sql").read_text(encoding="utf-8")
        self._admin, self._weights, self._credits = admin, weights, credits

    def of(self, minutes: list[int], conversion_at: datetime = AT) -> dict[str, list[Fraction]]:
        """Credit by model, for the touches as ordered by time; those outside the look-back have none."""
        ordered = sorted(minutes)
        with self._admin.transaction(force_rollback=True):
            for table in ("int_touches", "int_conversions", "int_touch_weights"):
                self._admin.execute(f"delete from line.{table}")
            self._admin.execute(
                """insert into line.int_conversions (conversion_id, lead_id, conversion_kind, occurred_at)
                values ('c', '1', 'mql', %s)""",
                (conversion_at,),
            )
            for place, minute in enumerate(ordered):
                self._admin.execute(
                    """insert into line.int_touches (touch_id, lead_id, channel, touch_order, occurred_at)
                    values (%s, '1', 'email', %s, %s)""",
                    (f"{place:02}", place + 1, conversion_at + timedelta(minutes=minute)),
                )
            self._admin.execute("insert into line.int_touch_weights " + self._weights)
            rows = self._admin.execute(SHARES.format(credits=self._credits)).fetchall()
        found: dict[str, list[Fraction]] = defaultdict(list)
        for row in rows:
            found[row["model_id"]].append(Fraction(row["credit"]))
        return found


@pytest.fixture(scope="module")
def shares(admin: Admin, credits: Credits) -> Shares:
    return Shares(admin)


def counted(minutes: list[int]) -> list[int]:
    return [each for each in sorted(minutes) if -90 * 1440 <= each <= 0]


@examples(max_examples=150, deadline=None)
@given(MINUTES)
def test_credit_is_never_negative_and_adds_up_to_exactly_one(shares: Shares, minutes: list[int]) -> None:
    expected = counted(minutes)
    found = shares.of(minutes)
    assert set(found) == (MODELS if expected else set())
    for credits in found.values():
        assert len(credits) == len(expected)
        assert min(credits) >= 0
        assert sum(credits) == 1


@examples(max_examples=100, deadline=None)
@given(MINUTES.filter(counted))
def test_each_model_looks_at_what_it_is_named_for(shares: Shares, minutes: list[int]) -> None:
    touches, found = counted(minutes), shares.of(minutes)
    count = len(touches)
    assert found["first-touch"] == [1] + [0] * (count - 1)
    assert found["last-touch"] == [0] * (count - 1) + [1]
    assert all(is_close(each, Fraction(1, count)) for each in found["linear"])
    decayed = found["time-decay"]
    assert decayed == sorted(decayed)
    ends = {1: [1], 2: [Fraction(1, 2)] * 2}.get(count, [Fraction(2, 5)] * 2)
    given = found["position-40-20-40"]
    assert [given[0], *given[1:][-1:]] == ends
    assert all(is_close(each, Fraction(1, 5) / (count - 2)) for each in given[1:-1])
    for earlier, later in zip(range(count), range(1, count), strict=False):
        halves = (touches[later] - touches[earlier]) / 1440 / 7
        assert float(decayed[earlier]) == pytest.approx(float(decayed[later]) * 0.5**halves, abs=1e-11)


@examples(max_examples=100, deadline=None)
@given(MINUTES.filter(counted), st.integers(-2000, 2000))
def test_time_itself_changes_nothing(shares: Shares, minutes: list[int], days: int) -> None:
    assert shares.of(minutes) == shares.of(minutes, AT + days * DAY)


@examples(max_examples=100, deadline=None)
@given(MINUTES.filter(counted), st.integers(-90 * 1440, 0))
def test_another_touch_moves_the_ends_only_from_outside(shares: Shares, minutes: list[int], another: int) -> None:
    """A later touch takes nothing from the first, an earlier one nothing from the last."""
    before, touches = shares.of(minutes), counted(minutes)
    after, place = shares.of([*minutes, another]), len([each for each in touches if each <= another])
    if place > 0:
        assert after["first-touch"][0] == before["first-touch"][0] == 1
    if place < len(touches):
        assert after["last-touch"][-1] == before["last-touch"][-1] == 1


def test_time_decay_halves_with_each_half_life(admin: Admin, shares: Shares) -> None:
    """14 and 12 hours before the last touch with a half-life of 7 hours: a quarter, 0.305 and 1 before the division."""
    with admin.transaction(force_rollback=True):
        admin.execute("update agreement.attribution_models set half_life_days = 7.0 / 24 where model_id = 'time-decay'")
        found = shares.of([-14 * 60, -12 * 60, 0])["time-decay"]
    weights = [0.25, 0.5 ** (12 / 7), 1.0]
    assert [float(each) for each in found] == pytest.approx([each / sum(weights) for each in weights], abs=1e-11)


def test_a_half_life_of_seconds_is_no_error(admin: Admin, shares: Shares) -> None:
    with admin.transaction(force_rollback=True):
        admin.execute("update agreement.attribution_models set half_life_days = 0.0001 where model_id = 'time-decay'")
        assert shares.of([-89 * 1440, -1, 0])["time-decay"][-1] > Fraction(99, 100)
