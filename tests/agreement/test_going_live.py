"""A product hands over from the day on which its live definition begins, whichever load brought it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from handoff.agreement import going_live
from handoff.ledger import db
from handoff.ledger.db import Connection
from tests.agreement.acting import FORMS, Admin, judge, land
from tests.agreement.products import sell_the_addon_too

LOADED = datetime(2026, 6, 10, 9, tzinfo=UTC)
BEGINS = date(2026, 6, 11)
MIDNIGHT = datetime(2026, 6, 11, tzinfo=UTC)


@pytest.fixture(scope="module")
def connection(admin: Admin) -> Iterator[Connection]:
    """The agreement with a second product that begins on the day after the load."""
    sell_the_addon_too(admin, valid_from=BEGINS)
    with db.connect() as connection:
        yield connection


def begin(admin: Admin, **values: object) -> None:
    """Edit the second product's definition."""
    cells = ", ".join(f"{column} = %({column})s" for column in values)
    admin.execute(f"update agreement.definitions set {cells} where definition_id = 'addon-mql'", values)


def live(connection: Connection) -> dict[str, datetime]:
    rows = connection.execute("select product_id, live_at from handoff.go_live").fetchall()
    return {row["product_id"]: row["live_at"] for row in rows}


def test_what_begins_tomorrow_hands_over_from_then_on_and_nobody_for_before(
    admin: Admin, connection: Connection
) -> None:
    assert going_live.note(connection, LOADED) == {"addon": MIDNIGHT, "platform": LOADED}
    acts = {"1": MIDNIGHT - timedelta(hours=2), "2": MIDNIGHT, "3": MIDNIGHT + timedelta(hours=2)}
    admin.execute("insert into raw.batches (source, started_at) values ('poll', %s)", (LOADED,))
    for key, at in acts.items():
        address = f"lead{key}@company{key}.example"
        land(admin, "hubspot_contacts", [(key, at, {"properties": {"email": address}})])
        values = [{"name": "email", "value": address}]
        asked = {"formId": FORMS[0], "formName": "F", "submittedAt": at.isoformat(), "values": values}
        land(admin, "hubspot_form_submissions", [(f"s{key}", at, asked)])
    judge(connection, MIDNIGHT + timedelta(hours=4), ["run", "--full-refresh"])
    rows = connection.execute("select lead_id, product_id, decision from line.int_qualifications").fetchall()
    mqls = {product: {row["lead_id"] for row in rows if row["product_id"] == product and row["decision"] == "mql"}
            for product in ("platform", "addon")}  # fmt: skip
    assert mqls == {"platform": {"1", "2", "3"}, "addon": {"2", "3"}}


def test_until_its_day_a_later_load_moves_it_or_takes_it_back(admin: Admin, connection: Connection) -> None:
    going_live.note(connection, LOADED)
    hour = LOADED + timedelta(hours=1)
    for day in (date(2026, 6, 20), date(2026, 6, 12)):
        begin(admin, valid_from=day)
        moved = datetime(day.year, day.month, day.day, tzinfo=UTC)
        assert going_live.note(connection, hour) == {"addon": moved}
        assert live(connection) == {"platform": LOADED, "addon": moved}
    begin(admin, status="shadow")
    assert going_live.note(connection, hour) == {}
    assert live(connection) == {"platform": LOADED}
    begin(admin, status="live", valid_from=BEGINS, valid_to=BEGINS + timedelta(days=3))
    assert going_live.note(connection, hour) == {"addon": MIDNIGHT}
    # Once it has begun its moment stands, whatever the rows come to say; so it does when the definition has ended.
    begin(admin, valid_from=date(2026, 6, 30), valid_to=date(2026, 7, 30))
    assert going_live.note(connection, MIDNIGHT + timedelta(days=1)) == {}
    assert going_live.note(connection, datetime(2026, 7, 30, tzinfo=UTC)) == {}
    assert live(connection) == {"platform": LOADED, "addon": MIDNIGHT}


def test_what_has_ended_before_it_was_ever_loaded_is_never_live(admin: Admin, connection: Connection) -> None:
    admin.execute("delete from handoff.go_live")
    begin(admin, valid_from=date(2026, 6, 1), valid_to=LOADED.date())
    assert going_live.note(connection, LOADED) == {"platform": LOADED}
    # Its last day is the one before, whatever the hour, and a definition that follows begins with the load at the most.
    begin(admin, valid_to=BEGINS)
    assert going_live.note(connection, LOADED) == {"addon": LOADED}
