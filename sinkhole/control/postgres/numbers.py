"""Which numbers the values of a file's dictionaries have in the database.

What was asked for within a day is remembered. Nodes give values their numbers at the same time: the
database sees to it that one value has one number, and all go through them in one order, so that
none waits for another that waits for it. No transaction is around it: a value that nothing refers
to does no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

from sinkhole.control.database import Reader, Row, padded
from sinkhole.control.postgres.server import Server
from sinkhole.control.querylog.dictionary import short_hash

MOST_REMEMBERED: Final = 50_000
"""Numbers of each kind; with more of them, remembering begins anew."""

_PER_STATEMENT: Final = 500


class _Kind(NamedTuple):
    """Where the values of a kind stand in both; the first column tells them apart there."""

    table: str
    columns: tuple[str, ...]
    types: tuple[str, ...]


_NAMES: Final = _Kind("name", ("digest", "text"), ("bigint", "text"))
_CLIENTS: Final = _Kind(
    "client", ("digest", "text", "device", "policy_group"), ("bigint", "text", "text", "text")
)
_LISTS: Final = _Kind("list", ("source", "name"), ("text", "text"))
_ACCOUNTS: Final = _Kind(
    "account",
    (
        *("digest", "qtype", "rcode", "outcome", "list", "line", "rule", "allowed"),
        *("policy_group", "hop", "upstream", "detail"),
    ),
    (
        *("bigint", "integer", "integer", "smallint", "integer", "integer", "text", "boolean"),
        *("text", "text", "text", "text"),
    ),
)
_ANSWERS: Final = _Kind("answer", ("digest", "given", "original"), ("bigint", "bytea", "bytea"))

Known = Mapping[int, int]
"""From numbers of the file to those of the database; what is gone from the file has none."""


class Numbers:
    """The numbers of one file's values; `learn` before they are looked up."""

    def __init__(self, server: Server, source: Reader) -> None:
        self.names: dict[int, int] = {}
        self.clients: dict[int, int] = {}
        self.lists: dict[int, int] = {}
        self.accounts: dict[int, int] = {}
        self.answers: dict[int, int] = {}
        self._server = server
        self._source = source
        self._day = 0

    def forget(self) -> None:
        """Ask anew, as values are gone."""
        for known in (self.names, self.clients, self.lists, self.accounts, self.answers):
            known.clear()

    async def learn(
        self,
        day: int,
        *,
        names: Iterable[int],
        clients: Iterable[int],
        lists: Iterable[int],
        accounts: Iterable[int],
        answers: Iterable[int],
    ) -> None:
        """Know these values from now on, as seen on a day, which is given by its beginning."""
        if day != self._day:
            self._day = day
            self.forget()
        missing = await self._missing(_ACCOUNTS, self.accounts, accounts)
        used = {row[5] for row in missing} | {*lists}
        await self._learn(_LISTS, self.lists, await self._missing(_LISTS, self.lists, used))
        await self._learn(_ACCOUNTS, self.accounts, missing, self._account)
        for kind, known, wanted in (
            (_NAMES, self.names, names),
            (_CLIENTS, self.clients, clients),
            (_ANSWERS, self.answers, answers),
        ):
            await self._learn(kind, known, await self._missing(kind, known, wanted))

    async def _missing(
        self, kind: _Kind, known: dict[int, int], wanted: Iterable[int]
    ) -> list[Row]:
        """What the file has of values not known yet: number and columns."""
        missing = [number for number in {*wanted} - {0} if number not in known]
        if len(known) + len(missing) > MOST_REMEMBERED:
            known.clear()
            missing = [*({*wanted} - {0})]
        found: list[Row] = []
        columns = ", ".join(kind.columns)
        for start in range(0, len(missing), _PER_STATEMENT):
            some = padded(missing[start : start + _PER_STATEMENT])
            marks = ",".join("?" * len(some))
            sql = f"SELECT id, {columns} FROM {kind.table} WHERE id IN ({marks})"
            found += await self._source.rows(sql, some)
        return found

    def _account(self, columns: Row) -> tuple[Any, ...]:
        """That of an account there, where its list has another number."""
        _, qtype, rcode, outcome, list_id, line, rule, allowed, *texts = columns
        there = (
            *(qtype, rcode, outcome, self.lists.get(list_id, 0), line),
            *(rule, bool(allowed), *texts),
        )
        return (short_hash(repr(there)), *there)

    async def _learn(
        self,
        kind: _Kind,
        known: dict[int, int],
        missing: list[Row],
        stored: Callable[[Row], tuple[Any, ...]] = tuple,
    ) -> None:
        if not missing:
            return
        local = {number: _storable(stored(tuple(columns))) for number, *columns in missing}
        values = sorted({each[0]: each for each in local.values()}.values(), key=lambda v: v[0])
        marks = ", ".join(f"${at}::{name}[]" for at, name in enumerate(kind.types, 2))
        columns = ", ".join(kind.columns)
        unique = kind.columns[0]
        updates = "name = excluded.name, " if kind is _LISTS else ""
        rows = await self._server.rows(
            f"INSERT INTO {kind.table} AS t ({columns}, seen)"
            f" SELECT u.*, $1::bigint FROM unnest({marks}) AS u ON CONFLICT ({unique})"
            f" DO UPDATE SET {updates}seen = greatest(t.seen, excluded.seen)"
            f" RETURNING {unique}, id",
            self._day,
            *([*column] for column in zip(*values, strict=True)),
        )
        there: dict[Any, int] = dict(rows)
        known.update((number, there[each[0]]) for number, each in local.items())


def _storable(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Texts without the one character that PostgreSQL does not take."""
    return tuple(each.replace("\0", "\ufffd") if isinstance(each, str) else each for each in values)
