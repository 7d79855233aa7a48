"""The rows of gravity.db that people made: groups, lists, domains, clients, and who is in what.

The blocked names themselves are not read, as lists are fetched anew. The file may come from
anywhere: what stands in the place of a table must be one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, NamedTuple

from sinkhole.control.database import Database, Row
from sinkhole.model.errors import StorageError

MOST_ROWS: Final = 50_000
"""Of one table."""

_TABLES: Final = ("group", "adlist", "domainlist", "client")
_LINKS: Final = {"adlist": "adlist_id", "domainlist": "domainlist_id", "client": "client_id"}

Groups = frozenset[int]


class PiholeGroup(NamedTuple):
    """A group; 0 is the default one, of whoever is no client of the table."""

    id: int
    enabled: bool
    name: str


class PiholeList(NamedTuple):
    """A list to block, or to allow."""

    id: int
    address: str
    enabled: bool
    comment: str
    is_allow: bool
    groups: Groups


class PiholeDomain(NamedTuple):
    """A name or a regular expression, allowed or blocked."""

    text: str
    is_allow: bool
    is_regex: bool
    enabled: bool
    groups: Groups


class PiholeClient(NamedTuple):
    """A client by an address, a network, a MAC, a host name, or ":" and an interface."""

    identifier: str
    comment: str
    groups: Groups


class Gravity(NamedTuple):
    """All of it."""

    groups: tuple[PiholeGroup, ...]
    lists: tuple[PiholeList, ...]
    domains: tuple[PiholeDomain, ...]
    clients: tuple[PiholeClient, ...]


async def read_gravity(path: Path) -> Gravity:
    """Read a gravity.db; ValueError for what is none, or is damaged."""
    try:
        database = await Database.connect(path, read_only=True, is_alone=True, is_foreign=True)
        try:
            return await _read(database)
        finally:
            await database.close()
    except StorageError as error:
        told = str(error).replace(f"{path}: ", "")
        raise ValueError(f"gravity.db can't be read: {told}") from None


async def _read(database: Database) -> Gravity:
    master = await database.rows("SELECT name, type FROM sqlite_master")
    kinds = {str(name): kind for name, kind in master}
    wanted = [*_TABLES, *(f"{name}_by_group" for name in _LINKS)]
    if missing := [name for name in wanted if kinds.get(name) != "table"]:
        raise ValueError(f"this is no gravity.db of Pi-hole 5 or 6: it lacks {', '.join(missing)}")
    links = {name: await _links(database, name) for name in _LINKS}
    return Gravity(
        tuple(
            PiholeGroup(int(row[0]), bool(row[1]), _text(row[2]))
            for row in await _rows(database, "group", "id", "enabled", "name")
        ),
        tuple(
            PiholeList(
                *(int(row[0]), _text(row[1]), bool(row[2]), _text(row[3]), row[4] == 1),
                links["adlist"].get(row[0], frozenset()),
            )
            for row in await _rows(
                database, "adlist", "id", "address", "enabled", "comment", "type"
            )
        ),
        tuple(
            PiholeDomain(
                *(_text(row[1]), row[4] in (0, 2), row[4] in (2, 3), bool(row[2])),
                links["domainlist"].get(row[0], frozenset()),
            )
            for row in await _rows(
                database, "domainlist", "id", "domain", "enabled", "comment", "type"
            )
        ),
        tuple(
            PiholeClient(_text(row[1]), _text(row[2]), links["client"].get(row[0], frozenset()))
            for row in await _rows(database, "client", "id", "ip", "comment")
        ),
    )


async def _rows(database: Database, table: str, *columns: str) -> list[Row]:
    """Columns of a table by its first one; those that an older version does not have are 0."""
    known = {row[1] for row in await database.rows(f'PRAGMA table_info("{table}")')}
    chosen = ", ".join(name if name in known else "0" for name in columns)
    statement = f'SELECT {chosen} FROM "{table}" ORDER BY {columns[0]} LIMIT {MOST_ROWS + 1}'
    rows = await database.rows(statement)
    if len(rows) > MOST_ROWS:
        raise ValueError(f"the table {table} has more than {MOST_ROWS} rows")
    return rows


async def _links(database: Database, table: str) -> dict[int, Groups]:
    """The groups of each row of a table."""
    found: dict[int, set[int]] = {}
    for row, group in await _rows(database, f"{table}_by_group", _LINKS[table], "group_id"):
        found.setdefault(row, set()).add(group)
    return {row: frozenset(groups) for row, groups in found.items()}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value in (None, 0) else str(value)
