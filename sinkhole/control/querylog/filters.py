"""From what is sought to SQL conditions, and to the hours that can have such rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from sinkhole.control.querylog.hour_index import ANY, client_bits, transport_bits, type_bits
from sinkhole.control.querylog.id_sets import (
    MOST_SOUGHT,
    Condition,
    Rows,
    SetName,
    all_clients,
    answer_condition,
    gather,
    gather_clients,
    name_condition,
    sought_clients,
)
from sinkhole.control.querylog.sought import (
    Sought,
    SoughtName,
    outcomes_of,
    rcode_number,
    text_test,
    transport_number,
)
from sinkhole.dns.wire.numbers import type_number
from sinkhole.model.record import ClientName
from sinkhole.model.verdict import Outcome

FEW: Final = 20
"""Up to so many values, each is asked for in the roll-up of an hour; with more of them, those of
the hour are gone through, unless these are still more."""

MOST_ASKED: Final = 200
"""With more values than this they always are."""

_SAMPLE_H: Final = 24
_MOST_SAMPLED: Final = 2 * _SAMPLE_H * MOST_ASKED


ALL: Final = Condition("true", ())


@dataclass(slots=True)
class QueryFilter:
    """Conditions that rows must meet, as SQL with its parameters.

    `where` speaks of the table `query` as q, with a + before its columns, or SQLite would make an
    index of its own for some of them; `hours` of the start of an hour as h.start: without
    it, any hour may have rows that match. With `is_empty` none has.
    """

    where: list[str] = field(default_factory=list)
    where_values: list[Any] = field(default_factory=list)
    hours: list[str] = field(default_factory=list)
    hours_values: list[Any] = field(default_factory=list)
    is_empty: bool = False

    def add_row(self, condition: str, values: Sequence[Any] = ()) -> None:
        """Another condition on rows."""
        self.where.append(condition)
        self.where_values += values

    def add_hour(self, condition: str, values: Sequence[Any] = ()) -> None:
        """Another condition on hours."""
        self.hours.append(condition)
        self.hours_values += values


@dataclass(frozen=True, slots=True)
class _Ids:
    """Values of one column of `query`: few, so that `numbers` has them, or those of a set.

    `entry` is a further condition on the roll-up's entry, as r.
    """

    column: str
    rollup: str
    table: SetName
    numbers: tuple[int, ...] | None
    entry: Condition = ALL

    @property
    def row(self) -> Condition:
        """What a row has to meet."""
        if self.numbers is None:
            return Condition(f"+q.{self.column} IN (SELECT id FROM {self.table})", ())
        return Condition(f"+q.{self.column} IN ({_marks(self.numbers)})", self.numbers)

    @property
    def hour(self) -> Condition:
        """What an hour has to meet."""
        if self.numbers is None:
            entries = f"{self.rollup} AS r CROSS JOIN {self.table} AS s ON s.id = r.{self.column}"
            wanted = Condition("r.start = h.start", ())
        else:
            entries = f"{self.rollup} AS r"
            wanted = Condition(
                f"r.start = h.start AND r.{self.column} IN ({_marks(self.numbers)})", self.numbers
            )
        return Condition(
            f"EXISTS (SELECT 1 FROM {entries} WHERE {wanted.sql} AND {self.entry.sql})",
            (*wanted.values, *self.entry.values),
        )


@dataclass(slots=True)
class _Together:
    """What the entries of roll-ups must have, as `hour_index` notes it; 0 where it may be any.

    Hours from `indexed` on have not been looked through yet; up to `uncounted` there may be rows
    that count nowhere.
    """

    indexed: int = 0
    uncounted: int = 0
    counts: str = ""
    clients: int = 0
    types: int = 0
    transports: int = 0

    def entry(self, *, name: bool = False, client: bool = False) -> Condition:
        """The condition on an entry of `by_name`, `by_client` or, of neither, `by_account`."""
        bits = {"transports": self.transports} if client else {"clients": self.clients}
        if name:
            bits["types"] = self.types
        conditions: list[str] = ["true"]
        values: list[Any] = []
        if self.counts and (name or client):
            conditions.append(f"(r.start <= ? OR {self.counts})")
            values.append(self.uncounted)
        for column, wanted in bits.items():
            if wanted:
                conditions.append(f"(r.start >= ? OR r.{column} = 0 OR r.{column} & ?)")
                values += [self.indexed, wanted]
        return Condition(" AND ".join(conditions), tuple(values))


class FilterMaker:
    """Makes the filter for one search, whose own the sets of the connection are until another."""

    def __init__(self, rows: Rows, look: Callable[[], None], client_name: ClientName) -> None:
        self._rows = rows
        self._look = look
        self._client_name = client_name
        self._found = QueryFilter()
        self._together = _Together()

    async def make(self, sought: Sought) -> QueryFilter:
        """The filter; ValueError says what is not understood."""
        sought.check()
        account = await self._account(sought)
        (self._together.indexed,), (self._together.uncounted,) = await self._rows(
            "SELECT value FROM meta WHERE key IN ('indexed', 'uncounted') ORDER BY key", ()
        )
        if sought.transports:
            self._transports([transport_number(each) for each in sought.transports])
        if sought.clients or sought.groups or sought.devices:
            await self._clients(sought)
        if sought.names:
            await self._names(sought.names)
        if sought.text:
            await self._text(sought)
        if account is not None:
            await self._accounts(account)
        if sought.answers:
            await self._answers(sought.answers)
        return self._found

    # ---- accounts: type, rcode, outcome, list, upstream ----------------------------------------

    async def _account(self, sought: Sought) -> Condition | None:
        """The condition on accounts, None where there is none."""
        wanted: list[tuple[str, list[Any]]] = []
        if sought.verdicts:
            outcomes = sorted({each for word in sought.verdicts for each in outcomes_of(word)})
            self._together.counts = _blocked_or_not(outcomes)
            wanted.append(("outcome", outcomes))
        if sought.types:
            types = [type_number(each) for each in sought.types]
            self._together.types = type_bits(types)
            wanted.append(("qtype", types))
        if sought.rcodes:
            wanted.append(("rcode", [rcode_number(each) for each in sought.rcodes]))
        if sought.upstreams:
            wanted.append(("upstream", list(sought.upstreams)))
        if sought.lists:
            wanted.append(("list", list(await list_numbers(self._rows, sought.lists))))
        if not wanted:
            return None
        return Condition(
            " AND ".join(f"{column} IN ({_marks(values)})" for column, values in wanted),
            tuple(value for _, values in wanted for value in values),
        )

    async def _accounts(self, condition: Condition) -> None:
        count = await self._gather("sought_account", "account", condition)
        self._found.is_empty |= not count
        if count > MOST_SOUGHT:
            self._found.add_row(
                f"(SELECT {condition.sql} FROM account WHERE id = q.account)", condition.values
            )
            return
        entry = self._together.entry()
        ids = await self._ids("account", "by_account", "sought_account", count, entry)
        self._found.add_row(*ids.row)
        unknown = f"SELECT 1 FROM by_account AS r WHERE r.start = h.start AND r.account = {ANY}"
        self._found.add_hour(
            f"(h.start >= ? OR {ids.hour.sql} OR EXISTS ({unknown}))",
            [self._together.indexed, *ids.hour.values],
        )

    # ---- what else a row has -------------------------------------------------------------------

    def _transports(self, numbers: list[int]) -> None:
        marks = _marks(numbers)
        self._together.transports = transport_bits(numbers)
        self._found.add_row(f"+q.transport IN ({marks})", numbers)
        self._found.add_hour(
            "EXISTS (SELECT 1 FROM by_transport AS r WHERE r.start = h.start"
            f" AND r.transport IN ({marks}))",
            numbers,
        )

    async def _clients(self, sought: Sought) -> None:
        test = await sought_clients(partial(all_clients, self._rows), sought, self._client_name)
        clients = await gather_clients(self._rows, "sought_client", test)
        entry = self._together.entry(client=True)
        ids = await self._ids("client", "by_client", "sought_client", len(clients), entry)
        self._together.clients = client_bits(clients)
        self._found.is_empty |= not clients
        self._found.add_row(*ids.row)
        self._found.add_hour(*ids.hour)

    async def _names(self, names: Sequence[SoughtName]) -> None:
        condition = name_condition(names)
        count = await self._gather("sought_name", "name", condition)
        self._found.is_empty |= not count
        if count > MOST_SOUGHT:
            # As a value of its own: a condition on a joined table would change the order of joins.
            self._found.add_row(
                f"(SELECT {condition.sql} FROM name WHERE id = q.name)", condition.values
            )
            return
        entry = self._together.entry(name=True)
        ids = await self._ids("name", "by_name", "sought_name", count, entry)
        self._found.add_row(*ids.row)
        self._found.add_hour(*ids.hour)

    async def _text(self, sought: Sought) -> None:
        """A part of a name or of a client, whichever it is."""
        condition = name_condition([SoughtName(sought.text)])
        test = text_test(sought.text, sought.text_clients, self._client_name)
        clients = await gather_clients(self._rows, "text_client", test)
        names = await self._gather("text_name", "name", condition)
        self._found.is_empty |= not (clients or names)
        entry = self._together.entry(client=True)
        client = await self._ids("client", "by_client", "text_client", len(clients), entry)
        if names > MOST_SOUGHT:
            self._found.add_row(
                f"({client.row.sql} OR (SELECT {condition.sql} FROM name WHERE id = q.name))",
                [*client.row.values, *condition.values],
            )
            return
        entry = self._together.entry(name=True)
        name = await self._ids("name", "by_name", "text_name", names, entry)
        for add, one, other in (
            (self._found.add_row, client.row, name.row),
            (self._found.add_hour, client.hour, name.hour),
        ):
            add(f"({one.sql} OR {other.sql})", [*one.values, *other.values])

    async def _answers(self, answers: Sequence[str]) -> None:
        """Addresses of answers, which are in no index of hours: rows are looked through."""
        condition = answer_condition(answers)
        count = await self._gather("sought_answer", "answer", condition)
        self._found.is_empty |= not count
        if count > MOST_SOUGHT:
            self._found.add_row(
                f"(SELECT {condition.sql} FROM answer WHERE id = q.answer)", condition.values
            )
            return
        ids = await self._ids("answer", "", "sought_answer", count, ALL)
        self._found.add_row(*ids.row)

    async def _gather(self, table: SetName, source: str, condition: Condition) -> int:
        return await gather(self._rows, self._look, table, source, condition)

    async def _ids(
        self, column: str, rollup: str, table: SetName, count: int, entry: Condition
    ) -> _Ids:
        numbers = None
        if count <= FEW or await self._are_fewer(count, rollup):
            numbers = tuple(row[0] for row in await self._rows(f"SELECT id FROM {table}", ()))
        return _Ids(column, rollup, table, numbers, entry)

    async def _are_fewer(self, count: int, rollup: str) -> bool:
        """Whether to ask for each of so many values is quicker than to go through the entries of an
        hour, by those of the last day; to ask for one takes twice as long as to pass an entry."""
        if not rollup or count > MOST_ASKED:
            return False
        latest = f"SELECT max(start) FROM {rollup}"
        sample = f"SELECT 1 FROM {rollup} WHERE start > ({latest}) - ? LIMIT ?"
        ((entries,),) = await self._rows(
            f"SELECT count(*) FROM ({sample})", [_SAMPLE_H * 3600, _MOST_SAMPLED]
        )
        return bool(count * 2 * _SAMPLE_H <= entries)


async def list_numbers(rows: Rows, lists: Sequence[str | int]) -> tuple[int, ...]:
    """The log's numbers of lists that are given by number or name; none for a name it has not."""
    names = [each for each in lists if isinstance(each, str)]
    named = await rows(f"SELECT id FROM list WHERE name IN ({_marks(names)})", names)
    return (*(each for each in lists if isinstance(each, int)), *(row[0] for row in named))


def _blocked_or_not(outcomes: Sequence[int]) -> str:
    """What the counts of a name or client must say where only such outcomes are sought."""
    blocks = {Outcome(each).is_block for each in outcomes}
    if blocks == {True}:
        return "r.blocked > 0"
    return "r.count > r.blocked" if blocks == {False} else ""


def _marks(values: Sequence[Any]) -> str:
    return ",".join("?" * len(values))
