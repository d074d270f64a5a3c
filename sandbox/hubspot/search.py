"""Search: filters to SQL, one sort, offset pages within the first 10,000."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from sandbox import clock
from sandbox.hubspot import mischief
from sandbox.hubspot.definitions import Definition
from sandbox.hubspot.errors import Refused
from sandbox.hubspot.shapes import body_of, object_of
from sandbox.hubspot.types import CONTACT, created_name, modified_name, resolve
from sandbox.world import World, world_of

router = APIRouter()
TheWorld = Annotated[World, Depends(world_of)]
PAGE, DEEPEST, LONGEST = 200, 10_000, 3000
GROUPS, FILTERS_PER_GROUP, FILTERS = 5, 6, 18
_COMPARISONS = {"EQ": "=", "NEQ": "<>", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}
_QUERIED = ("firstname", "lastname", "email", "phone", "company", "name", "domain", "website", "dealname")
Sql = tuple[str, list[Any]]


@router.post("/{name}/search")
async def search(name: str, request: Request, world: TheWorld) -> dict[str, Any]:
    """Live records only, as the index knows them, without associations or history."""
    kind, raw = resolve(name), await request.body()
    if len(raw.decode("utf-8", "replace")) > LONGEST:
        raise Refused(400, f"The request body is longer than the maximum of {LONGEST} characters")
    body = await body_of(request)
    limit, offset = _limit(body), _offset(body)
    if offset + limit > DEEPEST:
        raise Refused(400, "The offset and limit exceed the maximum of 10,000 results that a search can page through")
    limit = mischief.page_size(world, request, limit)
    where, args = _where(world, kind, body)
    sort = _sort(world, kind, body.get("sorts") or [])
    # Left to itself SQLite walks the primary key, and reads every record, for the filter on ids that a keyset has.
    index = "INDEXED BY objects_modified" if "modified" in where and " OR " not in where else ""
    stale = mischief.fault(world, request, "stale")
    at = clock.now() - int(stale.seconds * 1000 if stale else 0)
    ids = world.index.find(kind, where, args, sort, index, at)
    page = world.index.read(kind, ids[offset : offset + limit], at)
    answer: dict[str, Any] = {
        "total": len(ids),
        "results": [object_of(world, record, body.get("properties") or []) for record in page],
    }
    if offset + limit < len(ids):
        answer["paging"] = {"next": {"after": str(offset + limit)}}
    return mischief.page(world, request, answer, str(offset or ""))


def _limit(body: dict[str, Any]) -> int:
    limit = body.get("limit") or 10
    if not isinstance(limit, int) or not 1 <= limit <= PAGE:
        raise Refused(400, f"Invalid input: limit must be between 1 and {PAGE}, got {limit}")
    return limit


def _offset(body: dict[str, Any]) -> int:
    after = body.get("after")
    if after in (None, ""):
        return 0
    if not str(after).isdecimal():
        raise Refused(400, f"Invalid input: after must be an integer string, got {after}")
    return int(str(after))


def _where(world: World, kind: str, body: dict[str, Any]) -> Sql:
    groups = body.get("filterGroups") or ([{"filters": body["filters"]}] if body.get("filters") else [])
    if len(groups) > GROUPS:
        raise Refused(400, f"too many filterGroups (count: {len(groups)}, max allowed: {GROUPS})")
    filters = [group.get("filters") or [] for group in groups]
    if any(len(group) > FILTERS_PER_GROUP for group in filters):
        raise Refused(400, f"too many filters in a filterGroup (max allowed: {FILTERS_PER_GROUP})")
    if sum(map(len, filters)) > FILTERS:
        raise Refused(400, f"too many filters (count: {sum(map(len, filters))}, max allowed: {FILTERS})")
    parts, args = [], []
    for group in filters:
        conditions = [_condition(world, kind, given) for given in group]
        parts.append(" AND ".join(f"({sql})" for sql, _ in conditions) or "1")
        args += [value for _, values in conditions for value in values]
    where = " OR ".join(f"({part})" for part in parts) or "1"
    if body.get("query"):
        names = [n for n in _QUERIED if n in world.catalogue.of(kind)]
        matches = " OR ".join(f"instr(lower(json_extract(properties, '$.\"{n}\"')), ?)" for n in names) or "0"
        return f"({where}) AND ({matches})", args + [str(body["query"]).lower()] * len(names)
    return where, args


def _sort(world: World, kind: str, sorts: list[Any]) -> tuple[str, str]:
    if len(sorts) > 1:
        raise Refused(400, "Only one sort is supported")
    given = sorts[0] if sorts else {"propertyName": created_name(kind)}
    if isinstance(given, str):
        given = {"propertyName": given.lstrip("-"), "direction": "DESCENDING" if given.startswith("-") else "ASCENDING"}
    column, _ = _column(kind, _definition(world, kind, given.get("propertyName", "")))
    return column, "DESC" if given.get("direction") == "DESCENDING" else "ASC"


def _definition(world: World, kind: str, name: str) -> Definition:
    found = world.catalogue.of(kind).get(name)
    if found is None:
        raise Refused(400, f'There was a problem with the request: property "{name}" does not exist on {kind}')
    return found


def _column(kind: str, definition: Definition) -> tuple[str, str]:
    """SQL of a property's value, and how it compares: integer, instant, number, exact or text."""
    name = definition.name
    if name == "hs_object_id":
        return "id", "integer"
    if name == created_name(kind):
        return "created", "integer"
    if name == modified_name(kind):
        return "modified", "integer"
    if name == "hs_lastmodifieddate" and kind == CONTACT:
        return "NULL", "integer"
    value = f"json_extract(properties, '$.\"{name}\"')"
    if definition.type == "number":
        return f"CAST({value} AS REAL)", "number"
    if definition.type in ("date", "datetime"):
        return value, "instant"
    return (value, "exact") if definition.type in ("enumeration", "bool") else (f"lower({value})", "text")


def _operand(kind: str, value: object, name: str) -> Any:
    text = str(value)
    try:
        if kind == "integer":
            return clock.parse(text)
        if kind == "number":
            return float(text)
        if kind == "instant":
            return clock.iso(clock.parse(text))
    except ValueError:
        raise Refused(400, f"There was a problem with the request: {text!r} is not a value of {name}") from None
    return text.lower() if kind == "text" else text


def _condition(world: World, kind: str, given: dict[str, Any]) -> Sql:
    name, operator = str(given.get("propertyName", "")), str(given.get("operator", ""))
    if name.startswith("associations."):
        return _association(kind, resolve(name.removeprefix("associations.")), given)
    definition = _definition(world, kind, name)
    column, compares = _column(kind, definition)
    raw = "''" if column == "NULL" else column
    if operator in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        return f"{raw} IS {'NOT ' if operator == 'HAS_PROPERTY' else ''}NULL", []
    if operator in _COMPARISONS:
        return f"{column} {_COMPARISONS[operator]} ?", [_operand(compares, _required(given, "value"), name)]
    if operator == "BETWEEN":
        pair = [_operand(compares, _required(given, key), name) for key in ("value", "highValue")]
        return f"{column} BETWEEN ? AND ?", pair
    if operator in ("IN", "NOT_IN"):
        values = [_operand("exact" if compares == "text" else compares, v, name) for v in _required(given, "values")]
        negation = "NOT " if operator == "NOT_IN" else ""
        return f"{column} {negation}IN ({','.join('?' * len(values))})", values
    if operator in ("CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"):
        token = str(_required(given, "value")).lower().replace("*", "")
        return f"{'NOT ' if operator.startswith('NOT') else ''}instr(lower(coalesce({column}, '')), ?)", [token]
    raise Refused(400, f"Invalid input JSON: unknown operator {operator!r}")


def _association(kind: str, other: str, given: dict[str, Any]) -> Sql:
    values = [given.get("value")] if given.get("operator") == "EQ" else given.get("values") or []
    ids = [int(str(value)) for value in values if str(value).isdecimal()]
    marks = ",".join("?" * len(ids))
    sql = f"id IN (SELECT to_id FROM associations WHERE from_type=? AND to_type=? AND from_id IN ({marks}))"
    return sql, [other, kind, *ids]


def _required(given: dict[str, Any], key: str) -> Any:
    if given.get(key) is None:
        raise Refused(400, f"operator {given.get('operator')} requires {key} (property {given.get('propertyName')})")
    return given[key]
