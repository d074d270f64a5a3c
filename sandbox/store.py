"""The sandbox's state: one SQLite database, in memory or in a file, used from the server's event loop only."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    type TEXT NOT NULL, id INTEGER NOT NULL, created INTEGER NOT NULL, modified INTEGER NOT NULL,
    archived INTEGER NOT NULL DEFAULT 0, archived_at INTEGER, properties TEXT NOT NULL, PRIMARY KEY (type, id));
CREATE INDEX IF NOT EXISTS objects_modified ON objects (type, archived, modified, id);
CREATE TABLE IF NOT EXISTS keys (
    type TEXT NOT NULL, key TEXT NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (type, key, id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS keys_record ON keys (type, id);
CREATE TABLE IF NOT EXISTS aliases (
    type TEXT NOT NULL, old INTEGER NOT NULL, new INTEGER NOT NULL, PRIMARY KEY (type, old)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS history (
    type TEXT NOT NULL, id INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, at INTEGER NOT NULL,
    source TEXT NOT NULL, source_id TEXT);
CREATE INDEX IF NOT EXISTS history_record ON history (type, id, name);
CREATE TABLE IF NOT EXISTS associations (
    from_type TEXT NOT NULL, from_id INTEGER NOT NULL, to_type TEXT NOT NULL, to_id INTEGER NOT NULL,
    type_id INTEGER NOT NULL, PRIMARY KEY (from_type, from_id, to_type, to_id, type_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS definitions (
    type TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (type, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS groups (
    type TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (type, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS event_properties (id INTEGER PRIMARY KEY, body TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS events (
    id INTEGER PRIMARY KEY, object_id INTEGER NOT NULL, kind INTEGER NOT NULL, at INTEGER NOT NULL,
    properties INTEGER NOT NULL REFERENCES event_properties (id));
CREATE INDEX IF NOT EXISTS events_object ON events (object_id, at, id);
CREATE INDEX IF NOT EXISTS events_at ON events (at, id);
CREATE TABLE IF NOT EXISTS submissions (
    id INTEGER PRIMARY KEY, form TEXT NOT NULL, contact INTEGER, at INTEGER NOT NULL, field_values TEXT NOT NULL,
    page_url TEXT);
CREATE INDEX IF NOT EXISTS submissions_form ON submissions (form, at DESC, id DESC);
CREATE INDEX IF NOT EXISTS submissions_contact ON submissions (contact);
CREATE TABLE IF NOT EXISTS messages (
    channel TEXT NOT NULL, ts TEXT NOT NULL, user TEXT NOT NULL, thread_ts TEXT, body TEXT NOT NULL,
    PRIMARY KEY (channel, ts)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS versions (
    type TEXT NOT NULL, id INTEGER NOT NULL, until INTEGER NOT NULL, present INTEGER NOT NULL, created INTEGER NOT NULL,
    modified INTEGER NOT NULL, archived INTEGER NOT NULL, archived_at INTEGER, properties TEXT NOT NULL,
    PRIMARY KEY (type, id, until));
CREATE INDEX IF NOT EXISTS versions_until ON versions (until, type);
CREATE TABLE IF NOT EXISTS owners (id TEXT PRIMARY KEY, updated INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS blocked (digest TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
TABLES = (
    *("objects", "keys", "aliases", "history", "associations", "definitions", "groups"),
    *("events", "event_properties", "submissions", "messages", "versions", "owners", "blocked", "meta"),
)


@dataclass(slots=True)
class Record:
    """One CRM record. `properties` holds set values only; id and the stamps are kept beside it."""

    type: str
    id: int
    created: int
    modified: int
    properties: dict[str, str] = field(default_factory=dict)
    archived_at: int | None = None


Row = tuple[Any, ...]


class Store:
    """Typed access to the database."""

    def __init__(self, path: str) -> None:
        self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA temp_store=MEMORY;" + SCHEMA)
        self._last: dict[str, int] = {}

    def close(self) -> None:
        """Let go of the file."""
        self.db.close()

    def clear(self) -> None:
        """Forget everything."""
        for table in TABLES:
            self.db.execute(f"DELETE FROM {table}")
        self._last.clear()

    def rows(self, sql: str, *args: Any) -> list[Row]:
        """All rows of a query."""
        return self.db.execute(sql, args).fetchall()

    def one(self, sql: str, *args: Any) -> Row | None:
        """The first row of a query."""
        row: Row | None = self.db.execute(sql, args).fetchone()
        return row

    def run(self, sql: str, *args: Any) -> int:
        """Execute, and answer how many rows changed."""
        return self.db.execute(sql, args).rowcount

    def many(self, sql: str, rows: Iterable[Row]) -> None:
        """Execute for each row, in one transaction."""
        self.db.execute("BEGIN")
        self.db.executemany(sql, rows)
        self.db.execute("COMMIT")

    def next_id(self, kind: str, first: int) -> int:
        """The next free id of an object type, of `events` or of `submissions`."""
        if kind not in self._last:
            sql = f"SELECT max(id) FROM {kind}" if kind in TABLES else "SELECT max(id) FROM objects WHERE type = ?"
            row = self.one(sql, *(() if kind in TABLES else (kind,)))
            self._last[kind] = (row and row[0]) or first
        self._last[kind] += 1
        return self._last[kind]

    def get(self, kind: str, record_id: int) -> Record | None:
        """A record, archived ones included; an id that was merged away answers with its successor."""
        alias = self.one("SELECT new FROM aliases WHERE type = ? AND old = ?", kind, record_id)
        if alias:
            return self.get(kind, alias[0])
        found = self.read(kind, [record_id])
        return found[0] if found else None

    def read(self, kind: str, ids: list[int]) -> list[Record]:
        """The records among `ids` that exist, in the order of `ids`; merged ids are not resolved."""
        by_id: dict[int, Record] = {}
        for start in range(0, len(ids), 500):
            part = ids[start : start + 500]
            marks = ",".join("?" * len(part))
            sql = f"SELECT id, created, modified, archived_at, properties FROM objects WHERE type=? AND id IN ({marks})"
            for row in self.rows(sql, kind, *part):
                by_id[row[0]] = self.record(kind, row)
        return [by_id[i] for i in ids if i in by_id]

    @staticmethod
    def record(kind: str, row: Row) -> Record:
        """A record from its id, created, modified, archived_at and properties."""
        return Record(kind, row[0], row[1], row[2], json.loads(row[4]), row[3])

    def put(self, record: Record) -> None:
        """Insert or replace."""
        self.run(
            "INSERT OR REPLACE INTO objects (type, id, created, modified, archived, archived_at, properties)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            record.type,
            record.id,
            record.created,
            record.modified,
            int(record.archived_at is not None),
            record.archived_at,
            json.dumps(record.properties, ensure_ascii=False),
        )

    def associated(self, from_type: str, from_id: int, to_type: str) -> list[int]:
        """Ids associated with a record, each once."""
        sql = "SELECT DISTINCT to_id FROM associations WHERE from_type=? AND from_id=? AND to_type=? ORDER BY to_id"
        return [row[0] for row in self.rows(sql, from_type, from_id, to_type)]

    def by_key(self, kind: str, key: str) -> list[int]:
        """Ids of live records with an e-mail (contacts) or a domain (companies)."""
        return [r[0] for r in self.rows("SELECT id FROM keys WHERE type=? AND key=? ORDER BY id", kind, key.lower())]
