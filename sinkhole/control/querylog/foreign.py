"""What a database that several share has, taken back into the file of one: the rows and counts of a
node, slice by slice, each of them once.

A slice has the numbers of the database and what they stand for; here they get those of the file.
How far a node is taken is written down with each slice, by what tells its file from others: so who
is interrupted goes on there. Rows keep their times, but for one whose microsecond is taken already,
which gets the next that is free. Days of names are made as the file has them: of hours that are not
summed yet, nothing is in them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from sinkhole.control.database import Database, Row
from sinkhole.control.querylog.dictionary import Dictionary, ValueKind, short_hash
from sinkhole.control.querylog.earlier import FOREIGN
from sinkhole.control.querylog.outbox import Counts
from sinkhole.control.querylog.taken_ids import taken_ids
from sinkhole.control.stats import Rollups

HOUR_S: Final = 3600
DAY_S: Final = 86_400
_NEAR_US: Final = 60_000_000
_ROW_WIDTH: Final = 8
_INSERT: Final = (
    "INSERT INTO query (id, node, client, name, account, duration_us, transport, answer)"
)
_KEEP: Final = (
    "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET"
    " value = max(value, excluded.value)"
)
_TEXTS: Final = {"by_name": "name", "by_day": "name", "by_client": "client", "by_list": "list"}
"""The tables of counts whose keys are numbers of a dictionary."""


class Values(NamedTuple):
    """What numbers of the database stand for, by table: the columns of the file's dictionary
    without `seen`; of lists source and name, of accounts all from qtype on."""

    names: Mapping[int, Row]
    clients: Mapping[int, Row]
    lists: Mapping[int, Row]
    accounts: Mapping[int, Row]
    answers: Mapping[int, Row]


class Position(NamedTuple):
    """How far a node is taken: its rows up to an id, its counts up to an hour."""

    row: int = 0
    hour: int = 0


class ForeignSlice(NamedTuple):
    """Some rows of a node (id, client, name, account, duration_us, transport, answer), by id,
    or the counts of some hours, with the place up to which all are taken with these.

    With `is_whole_days` the hours are those of whole days, and `counts` has what the database has
    of their names by the day.
    """

    stream: int
    node: str
    position: Position
    values: Values
    rows: Sequence[Row] = ()
    counts: Counts = {}  # noqa: RUF012  # never changed
    is_whole_days: bool = False

    async def write(self, database: Database, rollups: Rollups) -> int:
        """Write it, within the open transaction; how many rows."""
        numbers = await _numbers(database, self.values, self._hour())
        await self._write_rows(database, numbers)
        await rollups.add(database, self._leads(numbers))
        if self.counts:
            counts = {t: _translated(t, entries, numbers) for t, entries in self.counts.items()}
            await self._write_days(database, counts)
            await rollups.add(database, counts)
            await database.rows(_KEEP, (FOREIGN, self.position.hour))
        for key, place in zip(_keys(self.stream), self.position, strict=True):
            await database.rows(_KEEP, (key, place))
        return len(self.rows)

    def _hour(self) -> int:
        """The last in which its values were used."""
        last = self.rows[-1][0] // 1_000_000 if self.rows else 0
        starts = (entry[0] for entries in self.counts.values() for entry in entries)
        return int(max([last, *starts]) // HOUR_S * HOUR_S)

    async def _write_rows(self, database: Database, numbers: Numbers) -> None:
        if not self.rows:
            return
        node = await _node(database, self.node)
        taken = await taken_ids(database, [row[0] for row in self.rows], _NEAR_US)
        values: list[Any] = []
        for ident, client, name, account, duration, transport, answer in self.rows:
            while ident in taken:
                ident += 1
            taken.add(ident)
            values += (
                *(ident, node, numbers["client"].get(client, 0), numbers["name"].get(name, 0)),
                *(numbers["account"].get(account, 0), duration, transport),
                numbers["answer"].get(answer, 0),
            )
        await database.insert(_INSERT, _ROW_WIDTH, values)
        await database.rows(
            "UPDATE meta SET value = value + ? WHERE key = 'rows'", (len(self.rows),)
        )

    def _leads(self, numbers: Numbers) -> Counts:
        """Counts of 0 that lead to the rows, as searches go by them, whatever is counted."""
        found: dict[str, set[tuple[Any, ...]]] = defaultdict(set)
        for ident, client, name, account, _, transport, _ in self.rows:
            hour = ident // 1_000_000 // HOUR_S * HOUR_S
            qtype, _, outcome, *_ = self.values.accounts.get(account, (0, 0, 0))
            found["by_name"].add((hour, numbers["name"].get(name, 0), 0, 0))
            found["by_client"].add((hour, numbers["client"].get(client, 0), 0, 0))
            found["by_type"].add((hour, qtype, 0))
            found["by_transport"].add((hour, transport, 0))
            found["total"].add((hour, outcome, 0, 0, 0))
        return {table: [[*entry] for entry in entries] for table, entries in found.items()}

    async def _write_days(self, database: Database, counts: Counts) -> None:
        """Have in the sums by day what is not read from the hours."""
        folded = int(await database.value("SELECT value FROM meta WHERE key = 'folded'"))
        days: dict[tuple[int, int], list[int]] = {}
        sign = -1 if self.is_whole_days else 1
        for start, key, *sums in counts.pop("by_day", ()):
            days[start, key] = [*sums]
        for start, key, *sums in counts.get("by_name", ()):
            if (start >= folded) == self.is_whole_days:
                before = days.get((start // DAY_S * DAY_S, key), [0, 0])
                added = [max(a + sign * b, 0) for a, b in zip(before, sums, strict=True)]
                days[start // DAY_S * DAY_S, key] = added
        counts["by_day"] = [[*key, *sums] for key, sums in days.items() if sums[0]]


async def position_of(rows: Any, stream: int) -> Position:
    """How far a node is taken into a file that `rows` reads; StorageError."""
    found = dict(await rows("SELECT key, value FROM meta WHERE key IN (?, ?)", _keys(stream)))
    return Position(*(int(found.get(key, 0)) for key in _keys(stream)))


Numbers = dict[str, dict[int, int]]
"""By table, from those of the database to those of the file."""


async def _numbers(database: Database, values: Values, hour: int) -> Numbers:
    """Give all values their numbers, within the open transaction."""
    lists = await _learnt(database, "list", ("source", "name"), values.lists, hour)
    accounts = {number: _account(row, lists) for number, row in values.accounts.items()}
    client = ("digest", "text", "device", "policy_group")
    return {
        "list": lists,
        "name": await _learnt(database, "name", ("digest", "text"), values.names, hour),
        "client": await _learnt(database, "client", client, values.clients, hour),
        "account": await _learnt(database, "account", _ACCOUNT, accounts, hour),
        "answer": await _learnt(
            database, "answer", ("digest", "given", "original"), values.answers, hour
        ),
    }


_ACCOUNT: Final = (
    *("digest", "qtype", "rcode", "outcome", "list", "line", "rule", "allowed"),
    *("policy_group", "hop", "upstream", "detail"),
)


def _account(row: Row, lists: Mapping[int, int]) -> Row:
    """That of an account here, where its list has another number."""
    qtype, rcode, outcome, list_id, *rest = row
    here = (qtype, rcode, outcome, lists.get(list_id, 0), *rest)
    return (short_hash(repr(here)), *here)


async def _learnt(
    database: Database,
    table: str,
    columns: tuple[str, ...],
    values: Mapping[int, Row],
    hour: int,
) -> dict[int, int]:
    kind: ValueKind[Row] = ValueKind(table, columns, tuple, most=max(len(values), 1))
    dictionary = await Dictionary.load(database, kind)
    await dictionary.learn(database, set(values.values()), hour)
    return {number: dictionary.ids[row] for number, row in values.items()}


async def _node(database: Database, name: str) -> int:
    """The number of a node; the names of one that was called otherwise stay apart."""
    number = await database.value("SELECT id FROM node WHERE name = ? AND id > 0", (name,))
    if number is None:
        insert = "INSERT INTO node (name) VALUES (?) RETURNING id"
        number = await database.value(insert, (name,))
    return int(number)


def _translated(table: str, entries: list[list[Any]], numbers: Numbers) -> list[list[Any]]:
    if table not in _TEXTS:
        return entries
    known = numbers[_TEXTS[table]]
    return [
        [start, known.get(key, 0), *sums]
        for start, key, *sums in entries
        if key in known or table == "by_list"
    ]


def _keys(stream: int) -> tuple[str, str]:
    return f"rows:{stream}", f"hours:{stream}"
