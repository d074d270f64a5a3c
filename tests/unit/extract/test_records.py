"""What is landed, what is quarantined, and what the quarantine says."""

from typing import Any

import pytest

from handoff.extract import records
from handoff.ledger.landing import Record, Unreadable

CONTACT: dict[str, Any] = {"id": "173595202426", "properties": {}, "updatedAt": "2026-11-22T10:00:00.123Z"}


def test_a_contact_keeps_its_payload_and_gets_its_companies() -> None:
    record = records.crm_object(CONTACT, "companies", ["7", "8"])
    assert isinstance(record, Record)
    assert record.id == "173595202426"
    assert record.updated_at.isoformat() == "2026-11-22T10:00:00.123000+00:00"
    assert record.payload["associations"] == {"companies": {"results": [{"id": "7"}, {"id": "8"}]}}


@pytest.mark.parametrize("key", [None, "", "abc", "12a", -1, "1" * 21, True, "١٢"])
def test_an_id_that_is_none_is_quarantined(key: object) -> None:
    record = records.crm_object(CONTACT | {"id": key})
    assert isinstance(record, Unreadable)
    assert (record.field, record.id) == ("id", None)
    assert "not a record id" in record.reason
    assert record.remedy


@pytest.mark.parametrize(
    "stamp", [None, "", "soon", "2026-11-22T10:00:00", "0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z", "1" * 40, True]
)
def test_a_time_that_is_none_is_quarantined(stamp: object) -> None:
    record = records.crm_object(CONTACT | {"updatedAt": stamp})
    assert isinstance(record, Unreadable)
    assert (record.field, record.id) == ("updatedAt", "173595202426")


@pytest.mark.parametrize("stamp", ["2026-11-22T10:00:00Z", "2026-11-22T11:00:00+01:00", 1795341600000, "1795341600000"])
def test_iso_and_epoch_milliseconds_are_the_same_instant(stamp: object) -> None:
    assert records.instant(stamp).isoformat() == "2026-11-22T10:00:00+00:00"


def test_a_form_submission_without_an_id_gets_one_that_is_stable() -> None:
    answer = {"submittedAt": 1795341600000, "values": [{"name": "email", "value": "a@b.example"}]}
    first, again = (records.form_submission(answer, "form", "Demo") for _ in range(2))
    other = records.form_submission(answer | {"submittedAt": 1795341600001}, "form", "Demo")
    assert isinstance(first, Record)
    assert isinstance(again, Record)
    assert isinstance(other, Record)
    assert first.id == again.id != other.id
    assert first.payload["formName"] == "Demo"
