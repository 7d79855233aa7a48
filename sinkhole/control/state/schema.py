"""The tables of state.db.

Everything that is asked often is held in memory by those who own a table; the file is read at the
start, and written in short transactions that are on the disk when they end. Values of settings,
stamps and sets of permissions are JSON.
"""

from __future__ import annotations

import json
from typing import Any, Final

from sinkhole.control.database import Schema
from sinkhole.model.stamp import Stamp

MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (
    (
        # What is known of the clock, of the last snapshot: a value for each key.
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
        # `value` is NULL where an item of the default is not wanted.
        "CREATE TABLE stored (position INTEGER PRIMARY KEY, key TEXT NOT NULL, item TEXT NOT NULL,"
        " value TEXT, UNIQUE (key, item))",
        "CREATE TABLE revision (number INTEGER PRIMARY KEY AUTOINCREMENT, time REAL NOT NULL,"
        " actor TEXT NOT NULL, note TEXT NOT NULL, undoes INTEGER NOT NULL, changes TEXT NOT NULL)",
        # AUTOINCREMENT: no number is given twice, so what still names one that is gone names
        # nobody else. `folded` is the name as it is compared. `counter` is that of the last code
        # of the second factor that was taken, `recovery` has the hashes of codes not used yet.
        "CREATE TABLE account (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL,"
        " folded TEXT NOT NULL UNIQUE, role TEXT NOT NULL, password TEXT NOT NULL,"
        " created REAL NOT NULL, secret TEXT NOT NULL, confirmed INTEGER NOT NULL,"
        " counter INTEGER NOT NULL, recovery TEXT NOT NULL)",
        # Secrets of sessions, devices and tokens are random: their SHA-256 can't be guessed.
        "CREATE TABLE session (digest TEXT PRIMARY KEY, account INTEGER NOT NULL,"
        " address TEXT NOT NULL, agent TEXT NOT NULL, created TEXT NOT NULL, seen TEXT NOT NULL)"
        " WITHOUT ROWID",
        "CREATE TABLE device (digest TEXT PRIMARY KEY, account INTEGER NOT NULL,"
        " seen REAL NOT NULL) WITHOUT ROWID",
        "CREATE TABLE token (digest TEXT PRIMARY KEY, account INTEGER NOT NULL, name TEXT NOT NULL,"
        " permissions TEXT NOT NULL, created TEXT NOT NULL, lasts_s REAL, used REAL,"
        " address TEXT NOT NULL) WITHOUT ROWID",
        "CREATE TABLE pause (only INTEGER PRIMARY KEY CHECK (only = 1), began TEXT NOT NULL,"
        " seconds REAL, by TEXT NOT NULL)",
        "CREATE TABLE audit (id INTEGER PRIMARY KEY AUTOINCREMENT, time REAL NOT NULL,"
        " actor TEXT NOT NULL, kind TEXT NOT NULL, address TEXT NOT NULL, operation TEXT NOT NULL,"
        " given TEXT NOT NULL, error TEXT NOT NULL)",
    ),
    (
        # Rules that are in force for a time.
        "CREATE TABLE temporary_rule (number INTEGER PRIMARY KEY, text TEXT NOT NULL,"
        " began TEXT NOT NULL, seconds REAL NOT NULL, by TEXT NOT NULL, note TEXT NOT NULL)",
    ),
    (
        # Pauses of groups, clients, services and lists, beside the one of all.
        "ALTER TABLE pause RENAME TO only_pause",
        "CREATE TABLE pause (number INTEGER PRIMARY KEY, scope TEXT NOT NULL, name TEXT NOT NULL,"
        " began TEXT NOT NULL, seconds REAL, by TEXT NOT NULL)",
        "INSERT INTO pause SELECT 0, 'all', '', began, seconds, by FROM only_pause",
        "DROP TABLE only_pause",
    ),
    (
        # What is shared with other sinkholes, as it was when they last agreed: a digest of each
        # row, "" of one that is gone, and the revision of the shared state in which it changed.
        "CREATE TABLE entry (kind TEXT NOT NULL, key TEXT NOT NULL, digest TEXT NOT NULL,"
        " revision INTEGER NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID",
    ),
)
"""One tuple of statements for each version of the file (PRAGMA user_version). Only ever add."""

SCHEMA: Final = Schema("state", 0x736E6B73, MIGRATIONS)
"""Its application_id is "snks" in ASCII."""


def packed(value: Any) -> str:
    """JSON as it is stored: short, and ASCII, so that any text of Python is in it."""
    return json.dumps(value, separators=(",", ":"))


def storable(text: str) -> str:
    """A text that can be stored: what is no Unicode in it is written out."""
    return text.encode("utf-8", "backslashreplace").decode()


def stamp_of(text: str) -> Stamp:
    """A stamp as it was `packed`."""
    boot, since_boot_s, wall_s = json.loads(text)
    return Stamp(str(boot), float(since_boot_s), float(wall_s))
