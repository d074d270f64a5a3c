"""How each clause of a definition does: the ranking of `marts.fct_clause_performance`, and what it is sure of."""

from dataclasses import dataclass, fields

from handoff.ledger.db import Connection, Row


class NotBuilt(LookupError):
    """The marts have not been built yet."""


@dataclass(frozen=True)
class Share:
    """A share from 0 to 1 with its 95 % interval, of `of` handoffs; None where there are none. `usual` is what it would
    be for a clause that nothing is wrong with."""

    of: int
    rate: float | None
    low: float | None
    high: float | None
    usual: float | None


@dataclass(frozen=True)
class Performance:
    """One clause or rule of one version of a definition. `place` 1 is the worst; `points` is what it gave in all."""

    definition_id: str
    definition_version: str
    place: int
    clause_kind: str
    clause_id: str
    label: str
    handoffs: int
    answered: int
    accepted: int
    rejected: int
    accused: int
    matured: int
    converted: int
    points: float
    rejection: Share
    """Rejected for whatever reason; usual is the share of all handoffs of that version."""
    accusation: Share
    """Rejected for a reason that accuses this clause; usual is what it would be were reasons given at random."""
    conversion: Share
    """Became an SQL; usual is the share of all handoffs of that version."""


def ask_built(connection: Connection) -> None:
    """See that the marts are there.

    Raises:
        NotBuilt
    """
    built = connection.execute("select to_regclass('marts.fct_clause_performance') is not null as yes").fetchone()
    if not built or not built["yes"]:
        raise NotBuilt("the marts have not been built yet: `handoff status` says whether handoff_marts runs")


def ranking(connection: Connection) -> list[Performance]:
    """Every clause that let a handoff in, by definition and version, the worst first.

    Raises:
        NotBuilt
    """
    ask_built(connection)
    rows = connection.execute(
        "select * from marts.fct_clause_performance order by definition_id, definition_version, place"
    )
    return [_performance(row) for row in rows]


def _performance(row: Row) -> Performance:
    plain = {each.name: row[each.name] for each in fields(Performance) if each.name in row}
    shares = {
        "rejection": _share(row, "rejection", row["answered"]),
        "accusation": _share(row, "accused", row["answered"]),
        "conversion": _share(row, "conversion", row["matured"]),
    }
    return Performance(**{**plain, **shares, "points": float(row["points"])})


def _share(row: Row, name: str, of: int) -> Share:
    values = (row[f"{name}_rate"], row[f"{name}_low"], row[f"{name}_high"], row[f"usual_{name}_rate"])
    return Share(of, *(None if value is None else float(value) for value in values))


def faults(found: Performance, least: int) -> list[str]:
    """What is wrong with a clause beyond chance, in words; empty when nothing is, or when too few handoffs could tell.

    Args:
        least: with fewer handoffs than this behind a share, nothing follows from it.
    """
    accused, rejected, converted = found.accusation, found.rejection, found.conversion
    told = []
    if _is_above(accused, least):
        told.append(f"{interval(accused)} of answers accuse it, by chance {_percent(accused.usual)} would")
    if _is_above(rejected, least):
        told.append(f"{interval(rejected)} rejected, of all handoffs {_percent(rejected.usual)}")
    if _is_below(converted, least):
        told.append(f"{interval(converted)} became SQL, of all handoffs {_percent(converted.usual)}")
    return told


def interval(share: Share) -> str:
    """For example `40 % (31 to 50 %)`; a dash where there is nothing to say."""
    if share.rate is None or share.low is None or share.high is None:
        return "–"
    return f"{_percent(share.rate)} ({100 * share.low:.0f} to {_percent(share.high)})"


def _is_above(share: Share, least: int) -> bool:
    return share.of >= least and share.low is not None and share.usual is not None and share.low > share.usual


def _is_below(share: Share, least: int) -> bool:
    return share.of >= least and share.high is not None and share.usual is not None and share.high < share.usual


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f} %"
