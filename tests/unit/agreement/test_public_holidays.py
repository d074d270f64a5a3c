"""Public holidays against the rows: what is printed, what is warned of and when, and that nothing is written."""

from datetime import UTC, date, datetime, timedelta

import pytest
from typer.testing import CliRunner, Result

from handoff import clock
from handoff.agreement.public_holidays import known, missing, unknown
from handoff.agreement.rules import ahead
from handoff.agreement.source import checkout, read
from handoff.cli import app

from .conftest import Seeds

TODAY = date(2026, 11, 25)
SPAN = date(2026, 1, 1), date(2029, 1, 1)


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 25, 9, tzinfo=UTC))


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["agreement", *words])


def warnings(seeds: Seeds, day: date) -> list[str]:
    return [str(each) for each in ahead.problems(read(seeds.directory), day)]


def test_the_demo_company_has_decided_every_public_holiday_of_three_years() -> None:
    assert missing(checkout(), *SPAN) == []
    assert unknown(checkout(), *SPAN) == []
    found = {(each.calendar_id, each.on): each.places for each in known(checkout(), *SPAN)}
    assert found["emea", date(2026, 5, 1)] == ("France", "Germany (BE)")
    assert found["emea", date(2027, 3, 8)] == ("Germany (BE)",)
    assert found["us", date(2026, 7, 3)] == ("United States",)
    assert len(found) == 136


def test_what_is_missing_is_printed_as_rows_to_append_and_appending_them_is_sound(seeds: Seeds) -> None:
    for key in ("us-2026-11-11", "us-2026-12-25", "emea-2027-12-25", "apac-2028-11-23"):
        seeds.remove("holidays", key)
    before = seeds.path("holidays").read_bytes()
    done = run("holidays", str(seeds.directory))
    assert done.exit_code == 0
    assert done.stdout == (
        "apac-2028-11-23,apac,2028-11-23,Labor Thanksgiving Day,2026-11-25,9999-12-31,Public holiday in Japan\n"
        "emea-2027-12-25,emea,2027-12-25,Christmas Day,2026-11-25,9999-12-31,"
        "Public holiday in France and Germany (BE)\n"
        "us-2026-11-11,us,2026-11-11,Veterans Day,2026-11-11,9999-12-31,Public holiday in United States\n"
        "us-2026-12-25,us,2026-12-25,Christmas Day,2026-11-25,9999-12-31,Public holiday in United States\n"
    )
    assert "apac" not in run("holidays", str(seeds.directory), "--years", "1").stdout
    assert run("holidays", str(seeds.directory), "--years", "0").stdout.count("\n") == 2
    assert seeds.path("holidays").read_bytes() == before
    seeds.edit("holidays", lambda text: text + done.stdout.encode())
    assert run("holidays", str(seeds.directory)).output == ""
    assert seeds.problems() == []


def test_special_hours_and_a_row_that_no_longer_holds(seeds: Seeds) -> None:
    seeds.remove("holidays", "us-2026-12-25")
    seeds.add("special_hours", "us-2026-12-24", special_hours_id="us-2026-12-25", special_on="2026-12-25")
    assert run("holidays", str(seeds.directory)).output == ""
    seeds.change("special_hours", "us-2026-12-25", valid_to="2026-12-25")
    assert run("holidays", str(seeds.directory)).output.startswith("us-2026-12-25,us,2026-12-25,Christmas Day,")


def test_a_country_counts_while_its_row_holds(seeds: Seeds) -> None:
    seeds.add("calendar_countries", "emea-fr", calendar_country_id="us-ca", calendar_id="us", country="CA")
    seeds.change("calendar_countries", "us-ca", valid_from="2027-07-01", valid_to="2028-07-01", subdivision="ON")
    keys = [line.partition(",")[0] for line in run("holidays", str(seeds.directory)).output.splitlines()]
    # Canada Day, Christmas and Boxing Day with the days on which they are observed, and so on; 2028-07-01 is out.
    days = ("2027-07-01", "2027-12-26", "2027-12-27", "2027-12-28", "2028-01-03", "2028-04-14", "2028-05-22")
    assert keys == [f"us-{day}" for day in days]


def test_a_row_that_calls_a_country_as_witness_wrongly_is_told(seeds: Seeds) -> None:
    place = seeds.line("holidays", "apac-2026-01-02")
    assert run("holidays", str(seeds.directory)).output == ""
    seeds.change("holidays", "apac-2026-01-02", why="Public holiday in Japan")
    seeds.change("holidays", "emea-2026-04-03", why="Public holiday in France and Germany (BE)")
    done = run("holidays", str(seeds.directory))
    assert done.stdout == ""
    assert done.stderr == (
        f"# seeds/agreement/holidays.csv:{place}: 2026-01-02 is no public holiday in Japan\n"
        f"# seeds/agreement/holidays.csv:{seeds.line('holidays', 'emea-2026-04-03')}: 2026-04-03 is no public holiday "
        "in France\n"
    )


def test_an_undecided_holiday_is_a_warning_from_twelve_months_before_it(seeds: Seeds) -> None:
    seeds.remove("holidays", "emea-2027-05-06")
    on = date(2027, 5, 6)
    for day, told in ((365, 0), (364, 2), (0, 2), (-1, 0)):
        assert len(warnings(seeds, on - timedelta(days=day))) == told, day
    line = seeds.line("calendar_countries", "emea-fr")
    assert warnings(seeds, TODAY)[0] == (
        f"seeds/agreement/calendar_countries.csv:{line}: warning: nothing says whether calendar emea is open on public "
        "holidays in France: 2027-05-06 (Ascension Day); append what `handoff agreement holidays` prints, or write "
        "special hours for days on which people work"
    )
    done = run("check", str(seeds.directory))
    assert done.exit_code == 0
    assert "0 errors, 2 warnings" in done.output
    assert seeds.problems() == []


def test_holidays_that_run_out_are_a_warning_sixty_days_before(seeds: Seeds) -> None:
    for row in seeds.rows("holidays"):
        if row["calendar_id"] == "us" and row["holiday_on"] > "2028-11-23":
            seeds.remove("holidays", row["holiday_id"])
    last = date(2028, 11, 23)
    line = seeds.line("holidays", "us-2028-11-23")
    says = f"seeds/agreement/holidays.csv:{line}: warning: the holidays of calendar us end with 2028-11-23; append"
    for day, told in ((61, False), (60, False), (59, True), (-10, True)):
        found = [each for each in warnings(seeds, last - timedelta(days=day)) if says in each]
        assert bool(found) is told, day


def test_a_country_that_nobody_knows_stops_nothing(seeds: Seeds) -> None:
    seeds.change("calendar_countries", "apac-jp", country="QQ")
    assert run("holidays", str(seeds.directory)).exit_code == 0
    assert [each for each in warnings(seeds, TODAY) if "apac" in each] == []
