"""The part of the page that says who gets a lead and when they work."""

from datetime import date

from handoff.agreement import words, working_hours
from handoff.agreement.document import Section, Table
from handoff.agreement.model import Agreement, Row

_STEPS = {
    "account_owner": "Whoever owns the account in the CRM",
    "open_deal_owner": "Whoever has an open deal with the account or the person",
    "contact_owner": "Whoever owns the person in the CRM",
    "territory": "The pool of the territory, by weight",
    "fallback": "The fallback",
}


def sections(agreement: Agreement, day: date) -> list[Section]:
    """Routing, reps, hours and holidays, as they hold on a day."""
    steps = sorted(agreement.in_force("routing_steps", day), key=lambda row: row["step_rank"] or 0)
    order = (
        "The first of these who is not away and not full gets the lead. A rep who let a lead lapse or handed it on "
        "does not get it again."
    )
    pools = "A pool shares by weight: a rep with weight 2 takes twice as many leads as one with weight 1."
    return [
        Section(
            "Who gets a lead", (order, pools), (_steps(steps), _territories(agreement, day), _pools(agreement, day))
        ),
        Section("The reps", (), (_reps(agreement, day), _absences(agreement, day))),
        working_hours.section(agreement, day),
    ]


def _steps(rows: list[Row]) -> Table:
    lines = []
    for row in rows:
        pool = "" if row["pool_id"] == "none" else f", pool {row['pool_id']}"
        lines.append(
            (str(row["step_rank"]), f"{_STEPS.get(row['step'], row['step'])}{pool}", row.key, row["why"] or "")
        )
    return Table("Steps", ("Order", "Who", "Id", "Why"), tuple(lines))


def _territories(agreement: Agreement, day: date) -> Table:
    lines = []
    for row in sorted(agreement.in_force("territories", day), key=lambda row: row["precedence"] or 0):
        region = "Every region" if row["region"] == "*" else row["region"] or ""
        where = region if row["country"] == "*" else f"{row['country']} ({region})"
        who = words.sizes(row["min_employees"], row["max_employees"])
        segment = words.listed(
            row[name] for name in ("industry", "product_id", "source") if row[name] not in ("*", None)
        )
        cells = (where, who, segment or "any", row["pool_id"] or "", row.key, row["why"] or "")
        lines.append((str(row["precedence"]), *cells))
    columns = ("Precedence", "Where", "Companies with", "Industry, product, source", "Pool", "Id", "Why")
    return Table("Territories; the lowest precedence wins", columns, tuple(lines))


def _pools(agreement: Agreement, day: date) -> Table:
    names = {row.key: row["name"] or row.key for row in agreement.in_force("reps", day)}
    lines = []
    for pool in agreement.in_force("pools", day):
        members = agreement.in_force("pool_members", day, pool_id=pool.key)
        weights = sum(row["weight"] or 0 for row in members)
        who = words.listed(
            f"{names.get(row['rep_id'], row['rep_id'])} {round(100 * (row['weight'] or 0) / weights)} %"
            if weights
            else "?"
            for row in members
        )
        lines.append((pool["name"] or "", who, pool.key, pool["why"] or ""))
    return Table("Pools", ("Pool", "Members and their shares", "Id", "Why"), tuple(lines))


def _reps(agreement: Agreement, day: date) -> Table:
    reps = agreement.in_force("reps", day)
    names = {row.key: row["name"] or row.key for row in reps}
    lines = []
    for row in reps:
        manager = "the head" if row["manager_id"] == row.key else names.get(row["manager_id"], row["manager_id"] or "")
        place = (row["time_zone"] or "", row["calendar_id"] or "", manager)
        most = f"{words.number(row['max_open'])} open, {words.number(row['max_per_day'])} a day"
        team = row["slack_channel"] if row["slack_channel"] not in (None, "none") else "the shared one"
        lines.append((names[row.key], row["email"] or "", *place, most, team, row.key, row["why"] or ""))
    columns = ("Name", "Address", "Time zone", "Hours", "Reports to", "At most", "Team's channel", "Id", "Why")
    return Table("Reps", columns, tuple(lines))


def _absences(agreement: Agreement, day: date) -> Table:
    ahead = [row for row in agreement.rows("absences") if day < row.span[1] and row.span[0] < day + working_hours.AHEAD]
    lines = tuple(
        (row["rep_id"] or "", f"from {row.span[0]}, back on {row.span[1]}", row.key, row["why"] or "")
        for row in sorted(ahead, key=lambda row: row.span)
    )
    return Table("Absences in the next twelve months", ("Rep", "When", "Id", "Why"), lines)
