"""The bad-input list, B 22, 25 and 27 to their end: a hint's record is read again, whatever the hint said.

Against the sandbox, through the station that reads the inbox.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from handoff import stations
from handoff.ledger import db, inbox
from handoff.settings import settings
from sandbox.testing import RunningSandbox, running_sandbox
from tests.conftest import Database
from tests.unit.web.doors import EVENT, HUBSPOT_SECRET, PORTAL, Woken, to_hubspot_door


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    """An empty company in which nothing happens by itself."""
    with running_sandbox(limits=False) as sandbox:
        yield sandbox


@pytest.fixture
def crm(sandbox: RunningSandbox, database: Database, woken: Woken, monkeypatch: pytest.MonkeyPatch) -> RunningSandbox:
    """The sandbox, whose polls have been made: what lands from now on lands by a hint, or by a poll that is due."""
    value = {
        "conn_type": "http",
        "host": sandbox.url,
        "password": "pat-na1-sandbox",
        "extra": {"portal_id": str(PORTAL), "client_secret": HUBSPOT_SECRET},
    }
    monkeypatch.setenv("AIRFLOW_CONN_HUBSPOT", json.dumps(value))
    settings.cache_clear()
    stations.extract("first")
    return sandbox


def hint(*changes: dict[str, Any]) -> None:
    assert to_hubspot_door(json.dumps([EVENT | change for change in changes]).encode()).status_code == 200
    stations.extract("after")


def unread() -> list[int]:
    with db.connect() as connection:
        return inbox.unread(connection)[0]


def newest(contact_id: str) -> dict[str, Any] | None:
    with db.connect() as connection:
        return connection.execute(
            "select payload from raw.hubspot_contacts where id = %s order by updated_at desc, version_id desc limit 1",
            (contact_id,),
        ).fetchone()


def test_22_a_record_that_is_not_there_is_closed(crm: RunningSandbox) -> None:
    hint({"objectId": 2**63 - 1}, {"objectId": "../../etc"}, {"subscriptionType": "conversation.creation"})
    assert unread() == []
    assert newest(str(2**63 - 1)) is None


def test_22_the_unknown_one_does_not_stop_the_others(crm: RunningSandbox) -> None:
    made = crm.act("contact", email="one@acme.example")
    hint({"objectId": 2**63 - 1}, {"objectId": int(made["contactId"])}, {"objectId": 10**30})
    assert unread() == []
    assert newest(made["contactId"]) is not None


def test_27_the_last_value_wins_whatever_the_hints_said_and_when(crm: RunningSandbox) -> None:
    made = crm.act("contact", email="two@acme.example", properties={"jobtitle": "Head of Sales"})
    hint(
        *(
            {"objectId": int(made["contactId"]), "propertyName": "jobtitle", "propertyValue": value, "occurredAt": at}
            for value, at in (("CEO", 4070908800000), ("Intern", 0), ("Forged", 1765043528476))
        )
    )
    found = newest(made["contactId"])
    assert found is not None
    assert found["payload"]["properties"]["jobtitle"] == "Head of Sales"
    assert unread() == []
