"""Suggested points as a change of the seeds: the old row ends, the new one begins, and `why` holds the evidence."""

from datetime import date

from handoff.agreement.model import Agreement
from handoff.suggest.rules import Rules
from handoff.suggest.seed_files import diff_of, require_sound, seed_files
from handoff.suggest.sheet import Sheet, Suggestion
from handoff.suggest.version import next_version, revised


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
        after[path] = "".join(revised(before[path].decode(), agreement.rows(table), cells, on)).encode()
        text += diff_of(path, before[path].decode(), after[path].decode())
    require_sound(after, "the points that outcomes speak for make no sound agreement, so nothing is suggested")
    return text


def _changed(
    agreement: Agreement, rules: Rules, sheet: Sheet, on: date, learned: str
) -> dict[str, dict[str, dict[str, str]]]:
    """New cells by table and id; with any of them, those of the definition's next version."""
    found: dict[str, dict[str, dict[str, str]]] = {"definitions": {}, "fit_points": {}, "signals": {}}
    for row, each in zip(rules.rows, sheet.suggestions, strict=True):
        if each.verdict == "changed":
            found[row.seed.name][row.key] = {"points": f"{each.points:g}", "why": why(each, learned)}
    (definition,) = agreement.in_force("definitions", on, definition_id=rules.definition.key)
    reach, number = sheet.reach, sum(map(len, found.values()))
    if reach and sheet.threshold != rules.threshold:
        told = (
            f"Was {rules.threshold:g}. By the points from {on} on, {reach.then} of {reach.leads} leads reach "
            f"it, and {reach.today} reached the former one; {learned}"
        )
        cells = next_version(agreement, definition, on, told, threshold=f"{sheet.threshold:g}")
        found["definitions"][definition.key] = cells
    elif number:
        told = f"Other points of {number} {'rule' if number == 1 else 'rules'} from {on} on, {learned}"
        found["definitions"][definition.key] = next_version(agreement, definition, on, told)
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
