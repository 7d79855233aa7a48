"""Rows of the state as other sinkholes get them, and what was changed since all agreed.

A row is known by the columns of its key, whatever number it has in one's own file. What a later
sinkhole has beside it, kinds and columns, is left alone here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

from sinkhole.control.database import Database
from sinkhole.control.replication.checking import UNREADABLE, Columns, nonsense
from sinkhole.control.replication.hub import Entry, Pulled
from sinkhole.control.settings.own_keys import is_own
from sinkhole.control.state.schema import packed, stamp_of
from sinkhole.model.stamp import Stamp, present

Key = tuple[str, str]
"""A kind, and a key as JSON."""


class _Kind(NamedTuple):
    """A table: columns of the key, those that go with them, and of these the one that no two rows
    have the same of. `number` is a column that each file counts by itself, `stamp` the one that
    says since when, `made` the one that tells two with the same key apart, `filled` is what a new
    row has in others that are not shared."""

    table: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    place: str = ""
    number: str = ""
    stamp: str = ""
    made: str = ""
    filled: Mapping[str, Any] = {}


_KINDS: Final = {
    "setting": _Kind("stored", ("key", "item"), ("position", "value"), "position"),
    "revision": _Kind(
        "revision", ("number",), ("time", "actor", "note", "undoes", "changes"), made="time"
    ),
    "account": _Kind(
        "account",
        ("id",),
        (
            *("name", "folded", "role", "password", "created"),
            *("secret", "confirmed", "counter", "recovery"),
        ),
        made="created",
    ),
    "token": _Kind(
        "token",
        ("digest",),
        ("account", "name", "permissions", "created", "lasts_s"),
        stamp="created",
        filled={"address": ""},
    ),
    "pause": _Kind(
        "pause", ("scope", "name"), ("began", "seconds", "by"), number="number", stamp="began"
    ),
    "rule": _Kind(
        "temporary_rule",
        ("text",),
        ("began", "seconds", "by", "note"),
        number="number",
        stamp="began",
    ),
}

LOOSE: Final = frozenset({"pause", "rule"})
"""Kinds whose rows have nothing to do with each other: each can be told by itself, also later."""

SETTINGS_KINDS: Final = frozenset({"setting", "revision"})

SAME_CLOCK_S: Final = 2
"""Clocks that are not further apart are taken for the same."""

_NONE: Final = "-"
"""A digest that nothing has."""

_MEETING: Final = "meeting"
"""The key in `meta` of which state was joined and how far it is known."""


class Meeting(NamedTuple):
    """Which shared state this one last agreed with, and in which revision."""

    identity: str = ""
    revision: int = 0


async def met(database: Database) -> Meeting:
    """What is written of it."""
    found = await database.value("SELECT value FROM meta WHERE key = ?", (_MEETING,))
    if found is None:
        return Meeting()
    identity, revision = json.loads(found)
    return Meeting(str(identity), int(revision))


async def write_meeting(database: Database, meeting: Meeting) -> None:
    """Write it down, within a transaction."""
    row = (_MEETING, packed(meeting))
    await database.rows("INSERT OR REPLACE INTO meta VALUES (?, ?)", row)


async def all_entries(database: Database) -> dict[Key, Entry]:
    """All rows that are shared."""
    found: dict[Key, Entry] = {}
    for name, kind in _KINDS.items():
        columns = ", ".join((*kind.key, *kind.columns))
        for row in await database.rows(f"SELECT {columns} FROM {kind.table}"):
            entry = _entry(name, kind, row)
            if entry is not None:
                found[entry[:2]] = entry
    return found


async def since(database: Database, revision: int, *, is_whole: bool) -> list[Entry]:
    """What changed in revisions later than one, in their order; with `is_whole` all there is."""
    there = await all_entries(database)
    rows = await database.rows(
        "SELECT kind, key FROM entry WHERE revision > ? ORDER BY revision",
        (0 if is_whole else revision,),
    )
    told = (there.get((kind, key), Entry(kind, key, None)) for kind, key in rows if kind in _KINDS)
    return [each for each in told if each.value is not None or not is_whole]


async def forget_gone(database: Database, before: int) -> None:
    """Forget rows that have been gone since a revision before one, within a transaction."""
    await database.rows("DELETE FROM entry WHERE digest = '' AND revision < ?", (before,))


async def changed(database: Database) -> list[Entry]:
    """What is otherwise here than when all agreed; takes some ms for a thousand rows."""
    agreed = dict[Key, str](
        ((kind, key), digest)
        for kind, key, digest in await database.rows("SELECT kind, key, digest FROM entry")
        if kind in _KINDS
    )
    there = await all_entries(database)
    new = [each for key, each in there.items() if agreed.get(key, "") != _digest(each)]
    gone = [Entry(*key, None) for key, digest in agreed.items() if digest and key not in there]
    return [*gone, *new]


async def agree(database: Database, entries: Iterable[Entry], revision: int) -> None:
    """Write down that all have these now, within a transaction."""
    rows = [value for each in entries for value in (each.kind, each.key, _digest(each), revision)]
    tail = " ON CONFLICT (kind, key) DO UPDATE SET digest = excluded.digest, revision = "
    head = "INSERT INTO entry (kind, key, digest, revision)"
    await database.insert(head, 4, rows, f"{tail}excluded.revision")


async def conflicts(database: Database, pulled: Pulled) -> list[Key]:
    """What was changed both here, untold, and there, in another way; of revisions, which are only
    what is told of changes, none. Since when something is for a time is no other way."""
    await _check(database, pulled.entries)
    here = {each[:2]: each for each in await changed(database) if each.kind != "revision"}
    return [
        each[:2]
        for each in pulled.entries
        if each[:2] in here
        and _timeless(here[each[:2]]) != _timeless(each)
        and not (each.kind in _KINDS and await _is_another(database, _KINDS[each.kind], each))
    ]


async def doubt(database: Database, revision: int) -> None:
    """Take what was agreed on later than in a revision for untold, within a transaction."""
    await database.rows("UPDATE entry SET digest = ? WHERE revision > ?", (_NONE, revision))


async def agree_on_all(database: Database) -> None:
    """Take all that is here for agreed on, within a transaction: so a whole state replaces it."""
    await database.rows("DELETE FROM entry")
    await agree(database, (await all_entries(database)).values(), 0)


async def merge(
    database: Database, pulled: Pulled, now: Callable[[], Stamp] = present
) -> frozenset[str]:
    """Take over what came, within a transaction; the kinds of which something is otherwise now.

    What was changed here and was not told stays, unless it was changed there as well. Of a whole
    state what is not in it goes, if it was agreed on before. StorageError for what can't be a row.
    """
    await _check(database, pulled.entries)
    there = await all_entries(database)
    entries = list(pulled.entries)
    if pulled.is_whole:
        named = {each[:2] for each in entries}
        sql = "SELECT kind, key FROM entry WHERE digest NOT IN ('', ?)"
        agreed = await database.rows(sql, [_NONE])
        entries += [Entry(kind, key, None) for kind, key in agreed if (kind, key) not in named]
    at = now()
    known = [_here(each, at) for each in entries if each.kind in _KINDS and not _is_own(each)]
    touched = [each for each in known if there.get(each[:2], each._replace(value=None)) != each]
    for each in touched:
        await _write(database, each)
    # As the rows are here: what they have of a later sinkhole is nothing that was changed here.
    here = await all_entries(database)
    await agree(
        database,
        [here.get(each[:2], each._replace(value=None)) for each in known],
        pulled.revision,
    )
    return frozenset(each.kind for each in touched)


def ahead_s(there_s: float, here_s: float) -> int:
    """By how many seconds another clock is ahead of the one here, 0 for little: then they are the
    same, as asking takes time as well."""
    found = round(there_s - here_s)
    return found if abs(found) > SAME_CLOCK_S else 0


def by_clock(entry: Entry, ahead_s: float) -> Entry:
    """The same by a clock that is ahead of the one by which it says since when it is."""

    def shown(stamp: Stamp) -> Stamp:
        return stamp._replace(wall_s=stamp.wall_s + ahead_s)

    return _with_stamp(entry, shown) if ahead_s else entry


def _here(entry: Entry, now: Stamp) -> Entry:
    """The same as counted here, where it is of another machine: how long that one, or this one, is
    running has nothing to do with it."""

    def counted(stamp: Stamp) -> Stamp:
        if stamp.boot == now.boot:
            return stamp
        elapsed_s = max(0.0, now.wall_s - stamp.wall_s)
        return Stamp(now.boot, now.since_boot_s - elapsed_s, stamp.wall_s)

    return _with_stamp(entry, counted)


def _timeless(entry: Entry) -> Entry:
    return _with_stamp(entry, lambda _: Stamp("", 0.0, 0.0))


def _with_stamp(entry: Entry, change: Callable[[Stamp], Stamp]) -> Entry:
    """With another stamp, where it has one."""
    kind = _KINDS.get(entry.kind)
    if kind is None or not kind.stamp or entry.value is None:
        return entry
    try:
        told = json.loads(entry.value)
        if kind.stamp not in told:
            return entry
        told[kind.stamp] = packed(change(stamp_of(told[kind.stamp])))
        return entry._replace(value=packed(told))
    except (*UNREADABLE, RecursionError):
        raise nonsense(entry) from None


async def _check(database: Database, entries: Iterable[Entry]) -> None:
    columns = Columns(database)
    for each in entries:
        if kind := _KINDS.get(each.kind):
            await columns.check(kind.table, kind.key, each)


def _entry(name: str, kind: _Kind, row: tuple[Any, ...]) -> Entry | None:
    """A row as others get it; None for one that they don't."""
    key, values = row[: len(kind.key)], row[len(kind.key) :]
    if name == "setting" and is_own(str(key[0])):
        return None
    told = dict(zip(kind.columns, values, strict=True))
    if name == "revision":
        changes = json.loads(told["changes"])
        told["changes"] = packed([each for each in changes if not is_own(str(each[0]))])
    return Entry(name, packed(key), packed(told))


def _is_own(entry: Entry) -> bool:
    """Whether it is a setting that nobody should have told."""
    return entry.kind == "setting" and is_own(str(json.loads(entry.key)[0]))


def _digest(entry: Entry) -> str:
    """Of what a row has, "" of none."""
    if entry.value is None:
        return ""
    return hashlib.sha256(entry.value.encode()).hexdigest()[:32]


async def _write(database: Database, entry: Entry) -> None:
    """Have a row as it is in an entry."""
    kind = _KINDS[entry.kind]
    key = json.loads(entry.key)
    where = " AND ".join(f"{each} = ?" for each in kind.key)
    if entry.value is None:
        await database.rows(f"DELETE FROM {kind.table} WHERE {where}", key)
        return
    told = json.loads(entry.value)
    values = {each: told[each] for each in kind.columns if each in told}
    await _make_way(database, kind, entry)
    await _make_room(database, kind, where, key, values)
    there = await database.rows(f"SELECT 1 FROM {kind.table} WHERE {where}", key)
    if there:
        changes = ", ".join(f"{each} = ?" for each in values)
        sql = f"UPDATE {kind.table} SET {changes} WHERE {where}"
        await database.rows(sql, [*values.values(), *key])
        return
    row = {**kind.filled, **dict(zip(kind.key, key, strict=True)), **values}
    if kind.number:
        sql = f"SELECT coalesce(max({kind.number}), 0) + 1 FROM {kind.table}"
        row[kind.number] = await database.value(sql)
    columns, marks = ", ".join(row), ", ".join("?" * len(row))
    sql = f"INSERT INTO {kind.table} ({columns}) VALUES ({marks})"
    await database.rows(sql, list(row.values()))


async def _make_room(
    database: Database, kind: _Kind, where: str, key: list[Any], values: Mapping[str, Any]
) -> None:
    """Let no other row have what only one may: its place in the file, its number, or its name."""
    if kind.place in values:
        await database.rows(
            f"UPDATE {kind.table} SET {kind.place} = (SELECT max({kind.place}) + 1"
            f" FROM {kind.table}) WHERE {kind.place} = ? AND NOT ({where})",
            [values[kind.place], *key],
        )
    if "folded" in values:
        sql = f"DELETE FROM {kind.table} WHERE folded = ? AND NOT ({where})"
        await database.rows(sql, [values["folded"], *key])


async def _make_way(database: Database, kind: _Kind, entry: Entry) -> None:
    """Have another row, which was given the same number and told to nobody, go on as the newest: a
    change of settings can still be taken back, and an account is that of somebody else."""
    key, sql = json.loads(entry.key), "SELECT seq + 1 FROM sqlite_sequence WHERE name = ?"
    if not await _is_another(database, kind, entry):
        return
    number = int(await database.value(sql, [kind.table]))
    places = [(kind.table, kind.key[0])]
    if kind.table == "account":
        places += [(each, "account") for each in ("token", "session", "device")]
    for table, column in places:
        sql = f"UPDATE {table} SET {column} = ? WHERE {column} = ?"
        await database.rows(sql, [number, *key])
    sql = "UPDATE sqlite_sequence SET seq = ? WHERE name = ?"
    await database.rows(sql, [number, kind.table])


async def _is_another(database: Database, kind: _Kind, entry: Entry) -> bool:
    """Whether there is a row that was told to nobody, and has nothing to do with the one of the
    same number that comes."""
    if not kind.made or entry.value is None:
        return False
    key, told = json.loads(entry.key), json.loads(entry.value)
    found = await database.rows(
        f"SELECT {kind.made} FROM {kind.table} WHERE {kind.key[0]} = ? AND NOT EXISTS"
        " (SELECT 1 FROM entry WHERE kind = ? AND key = ? AND digest NOT IN ('', ?))"
        + (" AND changes != '[]'" if kind.table == "revision" else ""),
        [*key, entry.kind, entry.key, _NONE],
    )
    return bool(found) and kind.made in told and found[0][0] != told[kind.made]
