"""Pages and batches that are wrong in a way that no status code tells."""

from typing import Any

from fastapi import Request

from sandbox.faults import Rule
from sandbox.world import World


def fault(world: World, request: Request, kind: str) -> Rule | None:
    """The rule of a kind that befalls a request; ask once for each request and kind."""
    return world.faults.rule_for(kind, request.method, request.url.path)


def page_size(world: World, request: Request, limit: int) -> int:
    """How many records a page holds at the most: what was asked for, or fewer on a bad day; at least one."""
    struck = fault(world, request, "short_page")
    return max(1, limit - struck.count) if struck else limit


def page(world: World, request: Request, body: dict[str, Any], after: str) -> dict[str, Any]:
    """One page `{results, paging?, total?}` as it arrives; `after` is the cursor that the request gave."""
    if fault(world, request, "repeat_cursor") and after:
        body["paging"] = {"next": {"after": after}}
    if fault(world, request, "duplicate"):
        body["results"] = [*body["results"][:1], *body["results"]]
    if "total" in body and (struck := fault(world, request, "short_total")):
        body["total"] += struck.count
    return body


def inputs(world: World, request: Request, given: list[Any]) -> tuple[list[Any], list[Any], bool]:
    """A batch's inputs: those that are done, those that are left out, and whether the answer names the latter."""
    struck = fault(world, request, "partial")
    if struck is None:
        return given, [], True
    kept = max(0, len(given) - struck.count)
    return given[:kept], given[kept:], struck.named


def order(world: World, request: Request, results: list[Any]) -> list[Any]:
    """A batch's results in the order in which they arrive."""
    if fault(world, request, "shuffle"):
        world.random.shuffle(results)
    return results
