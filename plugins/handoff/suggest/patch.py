"""Suggested points as a change of the seeds: the old row ends, the new one begins, and `why` holds the evidence."""

from collections.abc import Iterator, Mapping
from datetime import date

from handoff.agreement.model import Agreement, Row
from handoff.suggest.rules import Rules
from handoff.suggest.seed_files import diff_of, record, require_sound, seed_files
from handoff.suggest.sheet import Sheet, Suggestion


def propose(agreement: Agreement, rules: Rules, sheet: Sheet, on: date, learned: str) -> str:
    """The change as a unified diff against the checkout's seeds; empty when nothing changes. Writes nothing.

    Args:
        on: the day on which the old rows end and the new ones begin.
        learned: what from, for the rows' `why`.

    Raises:
        CannotSuggest: the seeds have errors, before or after the change.
    """
    before = seed_files()
    require_sound(before, "the agreement has errors: `handoff agreement check` names them")
    changed = _changed(agreement, rules, sheet, on, learned)
    after, text = dict(before), ""
    for table, cells in changed.items():
        path = f"agreement/{table}.csv"
        after[path] = "".join(_revised(before[path].decode(), agreement.rows(table), cells, on)).encode()
        text += diff_of(path, before[path].decode(), after[path].decode())
    require_sound(after, "the points that outcomes speak for make no sound agreement, so nothing is suggested")
    return text


def _changed(
    agreement: Agreement, rules: Rules, sheet: Sheet, on: date, learned: str
) -> dict[str, dict[str, dict[str, str]]]:
    """New cells by table and id."""
    found: dict[str, dict[str, dict[str, str]]] = {"definitions": {}, "fit_points": {}, "signals": {}}
    for row, each in zip(rules.rows, sheet.suggestions, strict=True):
        if each.verdict == "changed":
            found[row.seed.name][row.key] = {"points": f"{each.points:g}", "why": why(each, learned)}
    definition, reach = rules.definition, sheet.reach
    if reach and sheet.threshold != rules.threshold:
        numbers = [row["version"] for row in agreement.rows("definitions", definition_id=definition.key)]
        last = max((int(each) for each in numbers if each.isdecimal()), default=len(numbers))
        found["definitions"][definition.key] = {
            "version": str(last + 1),
            "threshold": f"{sheet.threshold:g}",
            # A signature is nobody's to write but theirs.
            "agreed_by": f"to be signed by {definition['agreed_by'].removeprefix('to be signed by ')}",
            "agreed_at": on.isoformat(),
            "why": f"Was {rules.threshold:g}. By the points from {on} on, {reach.then} of {reach.leads} leads reach "
            f"it, and {reach.today} reached the former one; {learned}",
        }
    return found


def why(suggestion: Suggestion, learned: str) -> str:
    """The evidence for one rule's points, for the row's `why`."""
    each = suggestion
    rates = " and ".join(
        f"{rate:.0%} {word} it"
        for rate, word in ((each.rate_with, "with"), (each.rate_without, "without"))
        if rate is not None
    )
    odds = f"log-odds {each.coefficient:+.2f} ({each.low:+.2f} to {each.high:+.2f})"
    was = f"{each.item.today:g}" if each.item.today is not None else "no points"
    return f"Was {was}. Ended well: {rates}, of {each.support} that had it; all else equal {odds}, {learned}"


def _revised(text: str, rows: list[Row], changed: Mapping[str, Mapping[str, str]], on: date) -> Iterator[str]:
    """The lines of a file. A row that is not changed stays as it stands, byte for byte."""
    lines = text.splitlines(keepends=True)
    yield lines[0]
    ends = [*(row.line for row in rows[1:]), len(lines) + 1]
    for row, end in zip(rows, ends, strict=True):
        cells = changed.get(row.key) if row.holds(on) else None
        if cells is None:
            yield from lines[row.line - 1 : end - 1]
            continue
        if row.span[0] < on:
            yield record({**row.cells, "valid_to": on.isoformat()})
        yield record({**row.cells, **cells, "valid_from": on.isoformat()})
