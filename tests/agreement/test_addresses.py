"""A contact's addresses, of which HubSpot keeps all but one in a property of its own."""

from datetime import UTC, datetime

import pytest

from tests.agreement.acting import Admin, land

AT = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("lead_id", "properties", "emails"),
    [
        (
            "1",
            {"email": "Ada@One.example", "hs_additional_emails": "ada@two.example; ADA@one.example;"},
            ["ada@one.example", "ada@two.example"],
        ),
        ("2", {"hs_additional_emails": "ben@two.example"}, ["ben@two.example"]),
        ("3", {"email": "eve@one.example", "hs_additional_emails": ""}, ["eve@one.example"]),
        ("4", {}, []),
    ],
    ids=["a second one, and the first again", "none first", "no second", "none"],
)
def test_all_of_them_are_read_once(admin: Admin, lead_id: str, properties: dict[str, str], emails: list[str]) -> None:
    admin.execute("insert into raw.batches (source, started_at) values ('poll', %s)", (AT,))
    land(admin, "hubspot_contacts", [(lead_id, AT, {"properties": properties})])
    row = admin.execute("select emails from staging.stg_hubspot__contacts where contact_id = %s", (lead_id,)).fetchone()
    assert row == {"emails": emails}
