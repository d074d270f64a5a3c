"""The whole agreement at a moment as one page that a person would sign."""

from datetime import UTC, date, datetime

from handoff.agreement import clauses, promises, staff, words
from handoff.agreement.document import Document, Section, Table
from handoff.agreement.model import Agreement

# Tables that a section was written for; every other one is shown as it is.
_WRITTEN = frozenset(
    {
        *("definitions", "requirements", "behaviours", "fit_points", "signals", "score_caps", "disqualifiers"),
        *("tiers", "escalations", "commitments", "rejection_reasons", "enrichment_policy", "competitors"),
        *("golden_cases", "routing_steps", "territories", "pools", "pool_members", "reps", "absences", "calendars"),
        *("holidays", "special_hours", "calendar_countries", "company"),
    }
)


def document(agreement: Agreement, at: datetime) -> Document:
    """The page, with every rule that is in force at `at`; days begin at 00:00 UTC, as everywhere in the agreement.

    Made for agreements without problems; of one that has them it shows what can be read.
    """
    day = at.astimezone(UTC).date()
    definitions = sorted(agreement.in_force("definitions", day), key=lambda row: (row["status"] != "live", row.line))
    live = [row for row in definitions if row["status"] == "live"]
    companies = agreement.in_force("company", day)
    name = companies[0]["name"] if companies else "nobody"
    parties = Section("Who agrees", tuple(_parties(agreement, at)))
    found = [section for row in definitions for section in clauses.sections(agreement, row, day)]
    versions = words.listed(f"{row.key} version {row['version']}" for row in live) or "no live definition"
    signatories = tuple(dict.fromkeys(who.strip() for row in live for who in (row["agreed_by"] or "").split(",")))
    return Document(
        title=f"Agreement between marketing and sales of {name}",
        summary=(
            f"As it is in force on {day}: when a lead goes from marketing to sales, to whom, and how soon it is due. "
            "Every line is a row in seeds/agreement, and its id leads back to it.",
            *(() if live else ("No definition is live on this day, so that nobody is paged.",)),
        ),
        sections=(
            *(parties, *found, *promises.sections(agreement, day), *staff.sections(agreement, day)),
            *_others(agreement, day),
        ),
        signatories=signatories or ("Marketing", "Sales"),
        stamp=f"{versions}; content {agreement.fingerprint}; read from {agreement.name}; in force on {day}.",
    )


def _others(agreement: Agreement, day: date) -> list[Section]:
    tables = []
    for name, seed in agreement.seeds.items():
        if seed.folder == "agreement" and name not in _WRITTEN:
            columns = [each for each in seed.columns if each not in (seed.key, "valid_from", "valid_to", "why")]
            heads = (*(each.replace("_", " ").capitalize() for each in columns), "Id", "Why")
            rows = agreement.in_force(name, day)
            lines = tuple((*(row.cells.get(each, "") for each in columns), row.key, row["why"] or "") for row in rows)
            tables.append(Table(seed.description.partition(". ")[0], heads, lines))
    return [Section("What else was agreed", (), tuple(tables))] if tables else []


def _parties(agreement: Agreement, at: datetime) -> list[str]:
    day = at.astimezone(UTC).date()
    lines = [
        f"{row['name']} sells; addresses at {row['domain']} are its own and never leads; weeks are counted in "
        f"{row['time_zone']}."
        for row in agreement.in_force("company", day)
    ]
    for row in agreement.in_force("definitions", day):
        signed = (
            f"signed on {row['agreed_at']} by {row['agreed_by']}" if row["status"] == "live" else f"a {row['status']}"
        )
        until = "until it is changed" if row.span[1].year == 9999 else f"until {row.span[1]}"
        lines.append(
            f"{row['name']} ({row.key}, version {row['version']}), for {row['product_id']}: {signed}, in force since "
            f"{row.span[0]} {until}. {row['why']}."
        )
    return lines
