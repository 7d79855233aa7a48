"""From the outbox of a file to the database: rows, roll-ups and how far it is, in one transaction.

So a batch whose commit was not heard of is not sent again: who begins anew asks first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import compress, repeat
from typing import Any, Final

from sinkhole.control.database import Reader
from sinkhole.control.postgres.erasing import erase, rename_group
from sinkhole.control.postgres.numbers import Known, Numbers
from sinkhole.control.postgres.schema import ROLLUPS
from sinkhole.control.postgres.server import Server, Session
from sinkhole.control.postgres.upkeep import DAY_S, HOUR_S, Partitions
from sinkhole.control.querylog.outbox import (
    BATCH,
    EARLIER,
    GROUP,
    ROW_WIDTH,
    Parcel,
    first_waiting,
    last_number,
    stream_of,
    waiting,
)
from sinkhole.model.errors import StorageError

COLUMNS: Final = ("id", "node", "client", "name", "account", "duration_us", "transport", "answer")

_ERASED: Final = "value FROM meta WHERE key = 'erased'"

Sums = dict[tuple[int, Any], list[int]]
"""By start and key."""


class Sender:
    """Sends what waits in one file. `sent` is the number of the last batch that is there, `covered`
    one up to which nothing is missed, as all that the file has is sent again behind that."""

    def __init__(self, server: Server, source: Reader, name: str) -> None:
        self.sent = self.node = self._erased = self._earlier_day = 0
        self.covered = -1
        self._server = server
        self._source = source
        self._name = name
        self._numbers = Numbers(server, source)
        # Those of what is old are of other days.
        self._earlier_numbers = Numbers(server, source)
        self._partitions = Partitions(server)

    async def begin(self) -> bool:
        """Find out how far it is; False while the file keeps no batches yet."""
        stream = await stream_of(self._source)
        if not stream:
            return False
        ((self.node, self.sent),) = await self._server.rows(
            "INSERT INTO node (name, stream, erased) SELECT $1, $2, value FROM meta"
            " WHERE key = 'erased' ON CONFLICT (stream)"
            " DO UPDATE SET name = excluded.name, seen = now() RETURNING id, sent",
            self._name,
            stream,
        )
        return True

    async def is_behind(self) -> bool:
        """Whether more was sent than the file knows of: it was restored from a backup, and gives
        out numbers that others had before."""
        return self.sent > await last_number(self._source)

    async def gap(self) -> int | None:
        """The number before the first that waits, where some are missing that were not sent, or
        nothing was sent yet; else None."""
        if not self.sent and self.covered < 0:
            return max(await first_waiting(self._source, 0) - 1, 0)
        first = await first_waiting(self._source, self.sent)
        first = first or await last_number(self._source) + 1  # the next one, where none waits
        return first - 1 if self._is_gap(first) else None

    def _is_gap(self, first: int) -> bool:
        return first > self.sent + 1 and first - 1 > self.covered

    async def step(self) -> bool:
        """Send the next that waits; whether there was any, and none is missing before it."""
        parcels = await waiting(self._source, self.sent)
        if not parcels or (self.sent and self._is_gap(parcels[0].number)):
            return False
        last = parcels[-1]
        if last.kind == BATCH:
            await self._send(parcels, self._numbers)
        elif last.kind == EARLIER:
            await self._send(parcels, self._earlier_numbers)
        else:
            async with self._server.transaction() as session:
                await self._mark(session, last.number)
                if last.kind == GROUP:
                    await rename_group(session, last.value)
                else:
                    await erase(session, last, self.node)
        self.sent = last.number
        return True

    async def _send(self, parcels: Sequence[Parcel], numbers: Numbers) -> None:
        rows = [value for parcel in parcels for value in parcel.rows]
        sums = _summed(parcels)
        while True:
            if self._erased != (erased := await self._server.value(f"SELECT {_ERASED}")):
                self._numbers.forget()
                self._earlier_numbers.forget()
                self._erased = erased
            await self._learn(numbers, rows, sums)
            await self._partitions.make(rows[::ROW_WIDTH])
            async with self._server.transaction() as session:
                if erased == await session.value(f"SELECT {_ERASED} FOR SHARE"):
                    await self._mark(session, parcels[-1].number)
                    if parcels[0].kind == EARLIER:
                        await self._make_room(session, parcels, sums)
                    await self._write(session, numbers, rows, sums)
                    return

    async def _make_room(
        self, session: Session, slices: Sequence[Parcel], sums: dict[str, Sums]
    ) -> None:
        """Delete what slices take the place of, which follow each other back in time."""
        await session.rows(
            "DELETE FROM query WHERE node = $1 AND id >= $2 AND id < $3",
            *(self.node, slices[-1].begin, slices[0].through),
        )
        for table, added in sums.items():
            hours = sorted({start // HOUR_S * HOUR_S for start, _ in added})
            if hours:  # minutes as well, which one of the two may have folded
                await session.rows(
                    f"DELETE FROM {table} WHERE node = $1 AND start / {HOUR_S} * {HOUR_S} = ANY($2)"
                    " AND start >= $3 AND start < $4",
                    *(self.node, hours, hours[0], hours[-1] + HOUR_S),
                )

    async def _write(
        self, session: Session, numbers: Numbers, rows: Sequence[int], sums: dict[str, Sums]
    ) -> None:
        if rows:
            await session.copy("query", COLUMNS, self._there(numbers, rows))
        for table, added in sums.items():
            await self._add(session, numbers, table, added)

    async def _mark(self, session: Session, number: int) -> None:
        """Say up to which batch all is there; StorageError where somebody else did."""
        marked = await session.rows(
            "UPDATE node SET sent = $1, seen = now() WHERE id = $2 AND sent = $3 RETURNING id",
            *(number, self.node, self.sent),
        )
        if not marked:
            raise StorageError("the database was sent the same by another process")

    async def _learn(self, numbers: Numbers, rows: Sequence[int], sums: dict[str, Sums]) -> None:
        day = max(rows[::ROW_WIDTH], default=0) // 1_000_000 // DAY_S * DAY_S
        starts = [start for added in sums.values() for start, _ in added]
        day = max([day, *(start // DAY_S * DAY_S for start in starts)])
        if numbers is self._earlier_numbers:  # one day for all, as it only goes back
            day = self._earlier_day = max(day, self._earlier_day)
        await numbers.learn(
            day,
            names={*rows[2::ROW_WIDTH], *_keys(sums, "by_name"), *_keys(sums, "by_day")},
            clients={*rows[1::ROW_WIDTH], *_keys(sums, "by_client")},
            lists=_keys(sums, "by_list"),
            accounts={*rows[3::ROW_WIDTH]},
            answers={*rows[6::ROW_WIDTH]},
        )

    def _there(self, known: Numbers, rows: Sequence[int]) -> Iterable[tuple[int, ...]]:
        """Rows as the database has them, but for those whose client or name is erased since."""
        clients = _translated(rows[1::ROW_WIDTH], known.clients)
        names = _translated(rows[2::ROW_WIDTH], known.names)
        there = zip(
            rows[::ROW_WIDTH],
            repeat(self.node),
            clients,
            names,
            _translated(rows[3::ROW_WIDTH], known.accounts),
            rows[4::ROW_WIDTH],
            rows[5::ROW_WIDTH],
            _translated(rows[6::ROW_WIDTH], known.answers),
            strict=False,
        )
        if 0 not in clients and 0 not in names:
            return there
        # A number of 0 stands for nobody, or nothing that may be told.
        is_there = [
            bool((client or not here) and (name or not named))
            for client, here, name, named in zip(
                clients, rows[1::ROW_WIDTH], names, rows[2::ROW_WIDTH], strict=True
            )
        ]
        return compress(there, is_there)

    async def _add(self, session: Session, numbers: Numbers, table: str, added: Sums) -> None:
        """Add to a table of the roll-ups."""
        known = {
            "by_name": numbers.names,
            "by_day": numbers.names,
            "by_client": numbers.clients,
            "by_list": numbers.lists,
        }.get(table)
        entries = [
            (start, key if known is None else known[key], *sums)
            for (start, key), sums in added.items()
            if known is None or key in known
        ]
        if not entries:
            return
        key, kind, sums = ROLLUPS[table]
        marks = ", ".join(f"${at}::bigint[]" for at in range(4, 4 + len(sums)))
        updates = ", ".join(f"{each} = t.{each} + excluded.{each}" for each in sums)
        columns = ", ".join(sums)
        await session.rows(
            f"INSERT INTO {table} AS t (node, start, {key}, {columns})"
            f" SELECT $1::integer, u.* FROM unnest($2::bigint[], $3::{kind}[], {marks}) AS u"
            f" ON CONFLICT (start, node, {key}) DO UPDATE SET {updates}",
            self.node,
            *([*column] for column in zip(*entries, strict=True)),
        )


def _translated(numbers: Sequence[int], known: Known) -> list[int]:
    return [known.get(number, 0) for number in numbers]


def _keys(sums: dict[str, Sums], table: str) -> set[int]:
    return {key for _, key in sums.get(table, ())}


def _summed(parcels: Sequence[Parcel]) -> dict[str, Sums]:
    """What all of them add to each table, and names by the day as well; slices have those."""
    found: dict[str, Sums] = defaultdict(dict)
    for parcel in parcels:
        for table, entries in parcel.counts.items():
            for start, key, *sums in entries:
                _add(found[table], (start, key), sums)
                if table == "by_name" and parcel.kind == BATCH:
                    _add(found["by_day"], (start // DAY_S * DAY_S, key), sums)
    return found


def _add(into: Sums, key: tuple[int, Any], sums: Sequence[int]) -> None:
    before = into.get(key)
    into[key] = [*sums] if before is None else [a + b for a, b in zip(before, sums, strict=True)]
