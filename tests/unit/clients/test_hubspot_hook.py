"""HubSpot's contract, as far as the client relies on it."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from handoff.clients.hubspot import HubSpotHook
from handoff.clients.hubspot_shapes import epoch_ms
from handoff.clients.hubspot_wire import (
    Conflict,
    HubSpotError,
    NotFound,
    PlanLacks,
    Rejected,
    Unauthorized,
)
from handoff.clients.stores import LocalStore
from tests.unit.vendor import Answer, Vendor

SINCE = datetime(2026, 11, 22, 10, tzinfo=UTC)
UNTIL = SINCE + timedelta(minutes=15)


@pytest.fixture
def hook(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> HubSpotHook:
    connect(monkeypatch, vendor)
    return HubSpotHook(search_pace=None, sleep=lambda seconds: None)


def connect(monkeypatch: pytest.MonkeyPatch, vendor: Vendor, **extra: str) -> None:
    value = {"conn_type": "http", "host": vendor.url, "password": "pat-na1-test", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_HUBSPOT", json.dumps(value))


def found(*ids: int, total: int | None = None) -> dict:
    results = [{"id": str(each), "properties": {"lastmodifieddate": "2026-11-22T10:00:01Z"}} for each in ids]
    return {"results": results, **({} if total is None else {"total": total})}


def test_making_a_hook_reads_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_HUBSPOT", raising=False)
    monkeypatch.delenv("AIRFLOW_CONN_HANDOFF_DB", raising=False)
    HubSpotHook()


@pytest.mark.parametrize(
    ("version", "path"),
    [
        ("", "/crm/objects/2026-09/contacts/7"),
        ("2026-03", "/crm/objects/2026-03/contacts/7"),
        ("v3", "/crm/v3/objects/contacts/7"),
    ],
)
def test_path_follows_the_connections_version(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch, version: str, path: str
) -> None:
    connect(monkeypatch, vendor, **({"api_version": version} if version else {}))
    vendor.will({"id": "7", "properties": {}})
    HubSpotHook(store=LocalStore()).read("contacts", "7", ["email"])
    assert vendor.asked[0].path == path
    assert vendor.asked[0].headers["authorization"] == "Bearer pat-na1-test"


class TestSearch:
    def test_pages_by_id_in_a_half_open_window(self, hook: HubSpotHook, vendor: Vendor) -> None:
        vendor.will(found(5, 9, total=3), found(12, total=1))
        records = list(hook.search("contacts", SINCE, UNTIL, "lastmodifieddate"))
        assert [record_id for record_id, _ in records] == ["5", "9", "12"]
        first, second = (each.body for each in vendor.asked)
        assert first["filterGroups"][0]["filters"] == [
            {"propertyName": "lastmodifieddate", "operator": "GTE", "value": str(epoch_ms(SINCE))},
            {"propertyName": "lastmodifieddate", "operator": "LT", "value": str(epoch_ms(UNTIL))},
            {"propertyName": "hs_object_id", "operator": "GT", "value": "0"},
        ]
        assert second["filterGroups"][0]["filters"][2]["value"] == "9"
        assert "after" not in first
        assert "after" not in second

    def test_a_short_page_is_not_the_last(self, hook: HubSpotHook, vendor: Vendor) -> None:
        vendor.will(found(5, total=3), found(6, total=2), found(7, total=1))
        assert len(list(hook.search("contacts", SINCE, UNTIL, "lastmodifieddate"))) == 3

    def test_without_a_total_an_empty_page_is_the_end(self, hook: HubSpotHook, vendor: Vendor) -> None:
        vendor.will(found(5), found(6), found())
        assert len(list(hook.search("contacts", SINCE, UNTIL, "lastmodifieddate"))) == 2

    def test_ids_that_do_not_ascend_are_an_error(self, hook: HubSpotHook, vendor: Vendor) -> None:
        vendor.will(found(5, 9, total=4), found(9, total=2))
        with pytest.raises(HubSpotError, match="id 9 after 9"):
            list(hook.search("contacts", SINCE, UNTIL, "lastmodifieddate"))

    def test_keeps_below_five_a_second(self, vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
        connect(monkeypatch, vendor)
        vendor.will(found(total=0))
        paced = HubSpotHook(store=LocalStore())
        for _ in range(5):
            list(paced.search("calls", SINCE, UNTIL, "hs_lastmodifieddate"))
        assert paced.waited_s == 0
        list(paced.search("calls", SINCE, UNTIL, "hs_lastmodifieddate"))
        assert paced.waited_s > 0


def test_milliseconds_are_floored_exactly() -> None:
    assert epoch_ms(datetime(2026, 11, 22, 10, 0, 0, 123999, tzinfo=UTC)) % 1000 == 123
    assert epoch_ms(datetime(2026, 11, 22, 10, 0, 0, 123000, tzinfo=UTC)) % 1000 == 123


class TestBatchRead:
    def test_matches_every_input_by_id(self, hook: HubSpotHook, vendor: Vendor) -> None:
        missing = {"status": "error", "category": "OBJECT_NOT_FOUND", "context": {"ids": ["2"]}}
        vendor.will(Answer(207, {"status": "COMPLETE", "numErrors": 1, "errors": [missing], **found(3, 1)}))
        objects, gone = hook.batch_read("contacts", ["1", "2", "3"], ["email"])
        assert [each["id"] for each in objects] == ["1", "3"]
        assert gone == ["2"]

    def test_a_merged_id_left_out_without_an_error_is_missing(self, hook: HubSpotHook, vendor: Vendor) -> None:
        vendor.will({"status": "COMPLETE", **found(1, 77)})
        objects, gone = hook.batch_read("contacts", ["1", "2"], ["email"])
        assert ([each["id"] for each in objects], gone) == (["1"], ["2"])

    @pytest.mark.parametrize(("history", "sizes"), [((), [100, 100, 50]), (("lifecyclestage",), [50] * 5)])
    def test_chunks(self, hook: HubSpotHook, vendor: Vendor, history: tuple[str, ...], sizes: list[int]) -> None:
        vendor.will(found())
        ids = [str(each) for each in range(250)]
        _, gone = hook.batch_read("contacts", [*ids, "7"], ["email"], with_history=history)
        assert [len(each.body["inputs"]) for each in vendor.asked] == sizes
        assert gone == ids


class TestAssociations:
    def test_follows_each_records_pages_and_drops_repetitions(self, hook: HubSpotHook, vendor: Vendor) -> None:
        page = [{"toObjectId": 11, "associationTypes": []}, {"toObjectId": "11"}, {"toObjectId": 12}]
        first = {"from": {"id": "1"}, "to": page, "paging": {"next": {"after": "abc"}}}
        vendor.will(Answer(207, {"results": [first]}), {"results": [{"from": {"id": "1"}, "to": [{"toObjectId": 13}]}]})
        assert hook.associations("contacts", "companies", ["1", "2"]) == {"1": ["11", "12", "13"], "2": []}
        assert vendor.asked[1].body == {"inputs": [{"id": "1", "after": "abc"}]}

    def test_a_cursor_that_comes_back_does_not_loop(self, hook: HubSpotHook, vendor: Vendor) -> None:
        vendor.will({"results": [{"from": {"id": "1"}, "to": [], "paging": {"next": {"after": "abc"}}}]})
        assert hook.associations("contacts", "companies", ["1"]) == {"1": []}
        assert len(vendor.asked) == 2


class TestLists:
    def test_owners_go_on_to_the_last_page(self, hook: HubSpotHook, vendor: Vendor) -> None:
        vendor.will({"results": [{"id": "1"}], "paging": {"next": {"after": "x"}}}, {"results": [{"id": "2"}]})
        assert [each["id"] for each in hook.owners(archived=True)] == ["1", "2"]
        assert vendor.asked[1].query == {"archived": ["true"], "limit": ["100"], "after": ["x"]}

    def test_a_page_that_names_itself_is_an_error(self, hook: HubSpotHook, vendor: Vendor) -> None:
        vendor.will({"results": [], "paging": {"next": {"after": "x"}}})
        with pytest.raises(HubSpotError, match="come round again"):
            list(hook.owners())

    def test_submissions_stop_at_the_watermark(self, hook: HubSpotHook, vendor: Vendor) -> None:
        stamps = [epoch_ms(SINCE) + 5, epoch_ms(SINCE), epoch_ms(SINCE) - 1]
        vendor.will({"results": [{"submittedAt": at} for at in stamps], "paging": {"next": {"after": "x"}}})
        assert [each["submittedAt"] for each in hook.form_submissions("guid", SINCE)] == stamps[:2]
        assert len(vendor.asked) == 1

    def test_forms_that_have_no_submissions_are_not_asked_for(self, hook: HubSpotHook, vendor: Vendor) -> None:
        vendor.will({"results": []})
        list(hook.forms())
        assert vendor.asked[0].query["formTypes"] == ["hubspot", "captured", "flow"]


class TestListAll:
    def test_pages_by_the_vendors_cursor(self, hook: HubSpotHook, vendor: Vendor) -> None:
        live = {"updatedAt": "2026-11-22T10:00:00Z", "archived": False, "properties": {"email": None}}
        vendor.will(
            {"results": [{"id": "1", **live}], "paging": {"next": {"after": "1"}}}, {"results": [{"id": "2", **live}]}
        )
        assert list(hook.list_all("contacts", ["email", "city"])) == [{"id": "1", **live}, {"id": "2", **live}]
        assert vendor.asked[0].path == "/crm/objects/2026-09/contacts"
        assert vendor.asked[1].query == {
            "properties": ["email,city"],
            "archived": ["false"],
            "limit": ["100"],
            "after": ["1"],
        }

    def test_the_recycle_bin(self, hook: HubSpotHook, vendor: Vendor) -> None:
        gone = {"id": "1", "updatedAt": "x", "archived": True, "archivedAt": "2026-11-22T10:00:00Z", "properties": {}}
        vendor.will({"results": [gone]}, gone)
        assert list(hook.list_all("contacts", ["email"], archived=True)) == [gone]
        assert hook.read("contacts", "1", ["email"], archived=True) == gone
        assert [each.query["archived"] for each in vendor.asked] == [["true"], ["true"]]


@pytest.mark.parametrize(
    ("version", "pipelines", "campaigns"),
    [
        ("2026-09", "/crm/pipelines/2026-09/deals", "/marketing/campaigns/2026-09"),
        ("v3", "/crm/v3/pipelines/deals", "/marketing/v3/campaigns"),
    ],
)
def test_pipelines_and_campaigns(
    hook: HubSpotHook,
    vendor: Vendor,
    monkeypatch: pytest.MonkeyPatch,
    version: str,
    pipelines: str,
    campaigns: str,
) -> None:
    connect(monkeypatch, vendor, api_version=version)
    vendor.will({"results": [{"id": "default", "stages": []}]}, {"results": [{"id": "guid"}]})
    assert hook.pipelines("deals") == [{"id": "default", "stages": []}]
    assert list(hook.campaigns(["hs_name", "hs_utm"])) == [{"id": "guid"}]
    assert [each.path for each in vendor.asked] == [pipelines, campaigns]
    assert vendor.asked[1].query == {"properties": ["hs_name,hs_utm"], "limit": ["100"]}


class TestFailures:
    @pytest.mark.parametrize(
        ("status", "body", "kind", "says"),
        [
            (400, {"message": "bad", "errors": [{"message": "owner 9 is unknown"}]}, Rejected, "owner 9 is unknown"),
            (401, {"category": "INVALID_AUTHENTICATION"}, Unauthorized, "valid token"),
            (
                403,
                {"category": "MISSING_SCOPES", "message": "crm.objects.contacts.read"},
                PlanLacks,
                "contacts.read; grant",
            ),
            (403, {"message": "Enterprise"}, PlanLacks, "plan that has it"),
            (404, {"message": "resource not found"}, NotFound, "deleted"),
            (409, {"message": "exists"}, Conflict, "exists"),
            (414, None, Rejected, "no reason given"),
            (530, None, Unauthorized, "valid token"),
        ],
    )
    def test_a_refusal_is_typed_and_not_repeated(
        self, hook: HubSpotHook, vendor: Vendor, status: int, body: dict | None, kind: type[HubSpotError], says: str
    ) -> None:
        vendor.will(Answer(status, b"<html>" if body is None else body))
        with pytest.raises(kind, match=says):
            hook.account()
        assert len(vendor.asked) == (2 if kind is Unauthorized else 1)
