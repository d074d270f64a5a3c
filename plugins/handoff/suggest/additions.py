"""Points for columns that are facts of the agreement, as new rows of `fit_points`."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

from handoff.agreement.model import OPEN, Agreement
from handoff.agreement.vocabulary import fact_kinds
from handoff.suggest.conditions import Condition
from handoff.suggest.model import CannotSuggest, Item
from handoff.suggest.patch import why
from handoff.suggest.rules import Rules
from handoff.suggest.seed_files import diff_of, errors, record, require_sound, seed_files
from handoff.suggest.sheet import Sheet, Suggestion
from handoff.suggest.version import next_version, revised
from handoff.suggest.words import words

TABLE, DEFINITIONS = "agreement/fit_points.csv", "agreement/definitions.csv"


def facts_of(columns: Sequence[str], named: Mapping[str, str]) -> dict[str, str]:
    """The fact that each column is, by its name or because a person says so; columns that are none are missing.

    Raises:
        CannotSuggest: a fact that was named is none.
    """
    kinds = fact_kinds()
    for column, fact in named.items():
        if fact not in kinds or column not in columns:
            wrong = f"{fact!r} is no fact of the agreement" if column in columns else f"there is no column {column!r}"
            raise CannotSuggest(f"{wrong}: facts are {', '.join(sorted(kinds))}")
    called = {column: words(column).replace(" ", "_") for column in columns}
    return {column: fact for column, fact in called.items() if fact in kinds} | dict(named)


def propose(
    agreement: Agreement,
    rules: Rules,
    conditions: Sequence[Condition],
    sheet: Sheet,
    facts: Mapping[str, str],
    on: date,
    learned: str,
) -> tuple[str, list[str]]:
    """The new rows, and the definition's next version with them, as a unified diff against the checkout's seeds, and
    notes on rows that cannot be. Writes nothing.

    Args:
        facts: by column; see `facts_of`.
        on: the first day of the new rows.
        learned: what from, for the rows' `why`.

    Raises:
        CannotSuggest: the seeds have errors, before or after the change.
    """
    before = seed_files()
    require_sound(before, "the agreement has errors: `handoff agreement check` names them")
    told = [
        (condition, suggestion)
        for condition, suggestion in zip(conditions, sheet.suggestions, strict=True)
        if condition.column in facts and condition.operator and suggestion.verdict == "changed"
    ]
    rows = [_row(rules, condition, suggestion, facts[condition.column], on, learned) for condition, suggestion in told]
    first = before[TABLE].count(b"\n") + 1
    wrong = {
        each.line - first: each
        for each in errors(_with(before, rows))
        if each.file.endswith(TABLE) and each.line >= first
    }
    sound = [row for place, row in enumerate(rows) if place not in wrong]
    after = _with(before, sound)
    if sound:
        why_anew = f"Points of {len(sound)} more {'rule' if len(sound) == 1 else 'rules'} from {on} on, {learned}"
        (definition,) = agreement.in_force("definitions", on, definition_id=rules.definition.key)
        cells = {definition.key: next_version(agreement, definition, on, why_anew)}
        lines = revised(before[DEFINITIONS].decode(), agreement.rows("definitions"), cells, on)
        after[DEFINITIONS] = "".join(lines).encode()
    require_sound(after, "the points that outcomes speak for make no sound agreement, so nothing is suggested")
    notes = [f"No row for “{told[place][0].item.id}”: {each.wrong}." for place, each in wrong.items()]
    diffs = (diff_of(path, before[path].decode(), after[path].decode()) for path in (DEFINITIONS, TABLE))
    return "".join(diffs), notes


def _with(files: Mapping[str, bytes], rows: Sequence[Mapping[str, str]]) -> dict[str, bytes]:
    text = files[TABLE].decode()
    return {**files, TABLE: (text + "".join(record(row) for row in rows)).encode()}


def _row(
    rules: Rules, condition: Condition, suggestion: Suggestion, fact: str, on: date, learned: str
) -> dict[str, str]:
    fits = [row for row in rules.rows if row.seed.name == "fit_points"]
    # Under the cap of the rules on the same fact; of a new fact, under the commonest.
    alike = [row for row in fits if row["field"] == fact] or fits
    group = Counter(row["cap_group"] for row in alike).most_common(1)[0][0]
    sign = "least-" if condition.operator == "at_least" else ""
    key = re.sub("[^a-z0-9]+", "-", f"fit-{fact}-{sign}{words(condition.value)}".lower()).strip("-")
    most = rules.caps.least_above(Item(key, "", family="fit", group=group))
    return {
        "rule_id": key,
        "definition_id": rules.definition.key,
        "label": condition.item.label,
        "field": fact,
        "operator": condition.operator,
        "value": condition.value,
        "points": f"{min(suggestion.points, most):g}",
        "cap_group": group,
        "valid_from": on.isoformat(),
        "valid_to": OPEN.isoformat(),
        "why": why(suggestion, learned),
    }
