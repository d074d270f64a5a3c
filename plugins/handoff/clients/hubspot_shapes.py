"""HubSpot's paths by API version, and the shapes of its requests and pages.

Versions: https://developers.hubspot.com/docs/api-reference/overview
Search: https://developers.hubspot.com/docs/api-reference/latest/crm/search-the-crm
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

PATHS = {
    "objects": {"v3": "/crm/v3/objects", "dated": "/crm/objects/{v}"},
    "associations": {"v3": "/crm/v4/associations", "dated": "/crm/associations/{v}"},
    "properties": {"v3": "/crm/v3/properties", "dated": "/crm/properties/{v}"},
    "owners": {"v3": "/crm/v3/owners", "dated": "/crm/owners/{v}"},
    "events": {"v3": "/events/v3/events", "dated": "/events/event-occurrences/{v}"},
    "pipelines": {"v3": "/crm/v3/pipelines", "dated": "/crm/pipelines/{v}"},
    "campaigns": {"v3": "/marketing/v3/campaigns", "dated": "/marketing/campaigns/{v}"},
    "account": {"v3": "/account-info/v3/details", "dated": "/account-info/{v}/details"},
    "forms": {"dated": "/marketing/v3/forms"},
    "submissions": {"dated": "/form-integrations/v1/submissions/forms"},
}
SEARCH_PAGE, READ_PAGE, HISTORY_PAGE, ASSOCIATIONS_PAGE, LIST_PAGE, SUBMISSIONS_PAGE = 200, 100, 50, 1000, 100, 50
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def path(what: str, version: str) -> str:
    """Path of a family of endpoints; families without date versions keep their last one."""
    return PATHS[what].get(version, PATHS[what]["dated"]).format(v=version)


def epoch_ms(moment: datetime) -> int:
    """Whole milliseconds since 1970, as search filters and form submissions count."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def window(cursor: str, since: datetime, until: datetime, above: int, properties: Sequence[str]) -> dict[str, Any]:
    """Search body: `cursor` in [since, until), ids greater than `above`, ascending by id."""
    filters = (
        (cursor, "GTE", epoch_ms(since)),
        (cursor, "LT", epoch_ms(until)),
        ("hs_object_id", "GT", above),
    )
    return {
        "filterGroups": [
            {"filters": [{"propertyName": name, "operator": op, "value": str(value)} for name, op, value in filters]}
        ],
        "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
        "properties": [cursor, *properties],
        "limit": SEARCH_PAGE,
    }


def after(page: dict[str, Any]) -> str | None:
    """Cursor of the next page, None on the last."""
    cursor = ((page.get("paging") or {}).get("next") or {}).get("after")
    return str(cursor) if cursor else None


def newest(records: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Records by id; of one that comes twice, the one that changed last."""
    found: dict[str, dict[str, Any]] = {}
    for record in records:
        record_id = str(record["id"])
        if record_id not in found or is_newer(record, found[record_id]):
            found[record_id] = record
    return found


def is_newer(record: dict[str, Any], than: dict[str, Any]) -> bool:
    """Whether a record was changed after another version of it: HubSpot's stamps sort as text."""
    return str(record.get("updatedAt") or "") > str(than.get("updatedAt") or "")


def chunks(items: Sequence[str], size: int) -> Iterator[list[str]]:
    """`items` in lists of at most `size`."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk
