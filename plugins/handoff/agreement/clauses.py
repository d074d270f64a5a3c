"""The part of the page that says when a lead is an MQL: one definition's requirements, points, caps and exclusions."""

from datetime import date

from handoff.agreement import words
from handoff.agreement.document import Section, Table
from handoff.agreement.model import Agreement, Row


def sections(agreement: Agreement, definition: Row, day: date) -> list[Section]:
    """The sections of one definition, as they hold on a day."""
    own = {"definition_id": definition.key}
    found = {
        table: agreement.in_force(table, day, **own)
        for table in ("requirements", "behaviours", "fit_points", "signals", "score_caps", "disqualifiers")
    }
    return [
        _meaning(definition, found),
        Section(
            f"Points{_mark(definition)}",
            (
                "Points for who the lead is stay as they are. Points for what the lead does fade: after its half-life "
                f"an act counts half. {_example(found['signals'])} An act earns the points of the rule that fits best.",
            ),
            (_fit(found["fit_points"]), _acts(found["signals"]), _caps(found["score_caps"])),
        ),
    ]


def name_of(agreement: Agreement, definition_id: str, day: date) -> str:
    """What a definition is called on a day, and that it pages nobody if it does not; its id when none is in force."""
    found = agreement.in_force("definitions", day, definition_id=definition_id)
    return f"{found[0]['name']}{_mark(found[0])}" if found else definition_id


def _mark(definition: Row) -> str:
    return "" if definition["status"] == "live" else f" ({definition['status']}: pages nobody)"


def _meaning(definition: Row, found: dict[str, list[Row]]) -> Section:
    threshold, hours = words.number(definition["threshold"]), words.count(definition["max_trigger_age_hours"], "hour")
    raisers = [f"“{row['label']}”" for row in found["signals"] if row["is_hand_raiser"]]
    paragraphs = (
        f"{definition['name']} ({definition.key}, version {definition['version']}). A lead is an MQL when every "
        f"requirement holds, every behaviour was seen, its score is {threshold} or more, it did something that may "
        f"start a handoff within the last {hours}, and no exclusion holds. An exclusion overrides any score.",
        "A hand-raiser is an MQL at once, whatever its score and its requirements, unless an exclusion holds: "
        f"{words.listed(raisers, 'or') or 'there is none'}.",
        "What is unknown is not false: such a lead is looked up first, and waits at most "
        f"{words.count(definition['enrichment_wait_minutes'], 'minute')} for that after its act was seen.",
    )
    tables = (
        _conditions("Requirements, all of which must hold", found["requirements"]),
        Table(
            "Behaviour that must have been seen",
            ("What", "How often", "Acts that count", "Id", "Why"),
            tuple(_behaviour(row, found["signals"]) for row in found["behaviours"]),
        ),
        _conditions("Exclusions, each of which is enough", found["disqualifiers"]),
    )
    return Section(f"What a marketing-qualified lead (MQL) is{_mark(definition)}", paragraphs, tables)


def _conditions(caption: str, rows: list[Row]) -> Table:
    lines = tuple((row["label"] or "", words.condition(row), row.key, row["why"] or "") for row in rows)
    return Table(caption, ("What", "Condition", "Id", "Why"), lines)


def _behaviour(row: Row, signals: list[Row]) -> tuple[str, ...]:
    names = {signal.key: signal["label"] or "" for signal in signals}
    acts = words.listed((names.get(key, key) for key in (row["signal_ids"] or "").split(";")), "or")
    different = " different ones" if row["counted"] == "signals" else ""
    often = f"{words.number(row['min_count'])}{different} within {words.count(row['within_days'], 'day')}"
    return row["label"] or "", often, acts, row.key, row["why"] or ""


def _fit(rows: list[Row]) -> Table:
    return Table(
        "Points for who the lead is",
        ("Who", "Condition", "Points", "Group", "Id", "Why"),
        tuple(
            (
                row["label"] or "",
                words.condition(row),
                words.number(row["points"]),
                row["cap_group"] or "",
                row.key,
                row["why"] or "",
            )
            for row in rows
        ),
    )


def _acts(rows: list[Row]) -> Table:
    return Table(
        "Points for what the lead does",
        ("What", "Seen as", "Points", "Half after", "Group", "Starts a handoff", "Id", "Why"),
        tuple(
            (
                *(row["label"] or "", words.match(row), words.number(row["points"])),
                *(words.count(row["half_life_days"], "day"), row["cap_group"] or ""),
                "at once" if row["is_hand_raiser"] else "yes" if row["can_trigger"] else "never",
                *(row.key, row["why"] or ""),
            )
            for row in rows
        ),
    )


def _caps(rows: list[Row]) -> Table:
    names = {"rule": "The rule {}", "group": "The group {}", "family": "All points for {}", "total": "The whole score"}
    return Table(
        "Caps",
        ("What", "At most", "Id", "Why"),
        tuple(
            (names[row["scope"]].format(row["scope_id"]), words.number(row["max_points"]), row.key, row["why"] or "")
            for row in rows
        ),
    )


def _example(signals: list[Row]) -> str:
    fading = [row for row in signals if row["points"] and not row["is_hand_raiser"] and row["match_kind"] == "prefix"]
    chosen = max(fading or signals, key=lambda row: row["points"] or 0, default=None)
    return words.decay(chosen) if chosen else ""
