"""The search index: it learns of each write after a while, and until then answers what it knew before.

The table `versions` holds what a record was before each write, until the moment at which the index learns of it. A
record that has no such row is in the index as it is; so a search costs nothing more while nothing lags.
"""

from contextvars import ContextVar
from dataclasses import dataclass
from random import Random
from typing import Any

from sandbox import clock
from sandbox.faults import Faults
from sandbox.store import Record, Row, Store

KEPT = 10 * clock.MINUTE
"""How long superseded versions stay, for searches that are answered from the past."""


@dataclass
class Caller:
    """The request that is being answered, as far as the index cares."""

    faults: Faults
    method: str
    path: str
    _lag: int | None = None

    def lag(self) -> int:
        """Milliseconds by which a fault delays what this request writes; asked once, however much it writes."""
        if self._lag is None:
            rule = self.faults.rule_for("index_lag", self.method, self.path)
            self._lag = int(rule.seconds * 1000) if rule else 0
        return self._lag


CALLER: ContextVar[Caller | None] = ContextVar("caller", default=None)


@dataclass
class Index:
    """What search knows of the records."""

    store: Store
    random: Random
    delay: tuple[float, float] = (0.0, 0.0)
    """Seconds until a write is seen, drawn evenly between the two for each record; zero = at once."""
    _pruned: int = 0

    def superseded(self, kind: str, record_id: int) -> None:
        """Keep what a record is now; call it before each write, also for a record that is yet to be."""
        now = clock.now()
        if now - self._pruned > clock.MINUTE:
            self.store.run("DELETE FROM versions WHERE until < ?", now - KEPT)
            self._pruned = now
        caller = CALLER.get()
        until = now + int(self.random.uniform(*self.delay) * 1000) + (caller.lag() if caller else 0)
        last = self.store.one("SELECT max(until) FROM versions WHERE type=? AND id=?", kind, record_id)
        if last and last[0] is not None and last[0] >= until:
            # The index takes the record as it is by then: it never sees what lay between.
            return
        present = self.store.run(
            "INSERT INTO versions SELECT type, id, ?, 1, created, modified, archived, archived_at, properties"
            " FROM objects WHERE type=? AND id=?",
            until,
            kind,
            record_id,
        )
        if not present:
            self.store.run("INSERT INTO versions VALUES (?, ?, ?, 0, 0, 0, 0, NULL, '{}')", kind, record_id, until)

    def find(self, kind: str, where: str, args: list[Any], sort: tuple[str, str], hint: str, at: int) -> list[int]:
        """Ids of the live records that meet a condition as the index stood at an instant, in order.

        Args:
            where: SQL over the columns of `objects`, with `args` for its marks.
            sort: a column's SQL, and `ASC` or `DESC`; ids decide between equals.
            hint: which of SQLite's indexes to take, or nothing.
        """
        column, direction = sort
        order = f"ORDER BY k {direction}, id {direction if column == 'id' else 'ASC'}"
        sql = f"SELECT id, {column} AS k FROM objects {hint} WHERE type=? AND archived=0 AND ({where})"
        if not self._lags(kind, at):
            return [row[0] for row in self.store.rows(f"{sql} {order}", kind, *args)]
        sql += " AND id NOT IN (SELECT id FROM versions WHERE type=? AND until>?)"
        overlay = (
            f"SELECT id, {column} AS k FROM versions WHERE type=? AND until>? AND present=1 AND archived=0"
            f" AND ({where}) AND until="
            "(SELECT min(v.until) FROM versions v WHERE v.type=versions.type AND v.id=versions.id AND v.until>?)"
        )
        rows = self.store.rows(f"{sql} UNION ALL {overlay} {order}", kind, *args, kind, at, kind, at, *args, at)
        return [row[0] for row in rows]

    def read(self, kind: str, ids: list[int], at: int) -> list[Record]:
        """Records as the index knew them at an instant, in the order of `ids`."""
        if not self._lags(kind, at):
            return self.store.read(kind, ids)
        marks = ",".join("?" * len(ids))
        rows: list[Row] = self.store.rows(
            "SELECT id, created, modified, archived_at, properties FROM versions"
            f" WHERE type=? AND until>? AND id IN ({marks}) ORDER BY until DESC",
            kind,
            at,
            *ids,
        )
        known = {record.id: record for record in self.store.read(kind, ids)}
        # The oldest version that is still in force comes last, and stays.
        known |= {row[0]: self.store.record(kind, row) for row in rows}
        return [known[i] for i in ids if i in known]

    def catch_up(self) -> None:
        """Let search see everything at once, whatever is due later."""
        self.store.run("DELETE FROM versions WHERE until>?", clock.now())

    def lagging(self) -> int:
        """How many records the index does not know as they are."""
        row = self.store.one("SELECT count(DISTINCT type || id) FROM versions WHERE until>?", clock.now())
        return int(row[0]) if row else 0

    def _lags(self, kind: str, at: int) -> bool:
        return self.store.one("SELECT 1 FROM versions WHERE until>? AND type=? LIMIT 1", at, kind) is not None
