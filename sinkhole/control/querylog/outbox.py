"""What is written here and has to be sent to the database that several share, batch by batch.

A batch goes into the transaction of its rows, so it is there exactly when they are, and waits for
as long as the database is away. The numbers in it are of this file: who sends it looks up what they
stand for. Batches are counted, and `stream` tells this count from that of another file: the
receiver notes with each batch which one it was, and takes none twice. Deletions stand among them,
so that nothing comes back that was sent before and deleted since.

With more than `most_bytes` the oldest batches are given up; `lost` says how many rows they had.
"""

from __future__ import annotations

import json
import secrets
from array import array
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

from sinkhole.control.database import Database, Reader
from sinkhole.control.stats.rollups import Entries

ROW_WIDTH: Final = 7
"""Values of a row: id, client, name, account, duration_us, transport, answer."""

MOST_BYTES: Final = 256 << 20
"""How much may wait: some four million rows."""

SHARE: Final = 0.25
"""How much of the log's largest size that is at most. So the log always has more rows than wait,
and all that these refer to."""

ROWS_AT_ONCE: Final = 20_000
"""Rows after which what is sent at a time ends."""

_LENGTH: Final = 8
BATCH: Final = "batch"


class Parcel(NamedTuple):
    """What waits: a batch, or a deletion, whose `kind` is the wish's.

    Of a batch, `rows` are the values of all rows end to end, and `counts` what they add to which
    table of the roll-ups: start, key and sums of each entry. Of a deletion, `value` is of what, and
    `through` up to which row.
    """

    number: int
    kind: str
    rows: Sequence[int] = ()
    counts: dict[str, list[list[Any]]] = {}  # noqa: RUF012  # never changed
    value: str = ""
    through: int = 0


class Outbox:
    """The batches that wait in one file; used by its writer, read by `waiting`."""

    def __init__(self, largest_size: int) -> None:
        self.lost = 0
        self.waiting_rows = 0
        self.on_more: Callable[[], None] = lambda: None
        self.newest = 0
        """The number of the batch or deletion put down last."""
        self.sent = 0
        """Up to which batch all is there: to be set by who sends."""
        self.is_wanted: bool | None = None
        """Whether batches are to be kept, None where that was not said yet: then as before."""
        self.use(largest_size)
        self._bytes = self._trimmed = 0
        self._stream = 0
        self._rows = array("q")

    def use(self, largest_size: int) -> None:
        """Go over to another largest size of the log."""
        self.most_bytes = min(MOST_BYTES, int(largest_size * SHARE))

    @property
    def is_stale(self) -> bool:
        """Whether there is something to do between two transactions."""
        is_other = self.is_wanted is not None and self.is_wanted != bool(self._stream)
        return is_other or self.sent > self._trimmed

    async def load(self, database: Database) -> None:
        """Go on with what a file has."""
        self._rows = array("q")
        self._stream = int(await database.value("SELECT value FROM meta WHERE key = 'outbox'"))
        self._trimmed = 0
        await self._measure(database)

    async def keep_up(self, database: Database) -> None:
        """Begin or end as was said, and forget what was sent; outside transactions."""
        if self.is_wanted is not None and self.is_wanted != bool(self._stream):
            self._stream = secrets.randbits(62) | 1 if self.is_wanted else 0
            async with database.transaction():
                await database.rows("DELETE FROM outbox")
                await database.rows(
                    "UPDATE meta SET value = ? WHERE key = 'outbox'", (self._stream,)
                )
        if sent := self.sent:
            await _forget_deletions(database, sent)
            await database.rows("DELETE FROM outbox WHERE number <= ?", (sent,))
            self._trimmed = sent
        await self._measure(database)
        self.on_more()

    def note(self, values: Iterable[int]) -> None:
        """These are rows of the transaction that is open."""
        if self._stream:
            self._rows.extend(values)

    def undo(self) -> None:
        """The transaction was undone."""
        self._rows = array("q")

    async def put(self, database: Database, counted: Iterable[Entries]) -> None:
        """Put down the batch of a transaction, before it is committed."""
        if not self._stream:
            return
        counts: dict[str, list[list[Any]]] = {}
        for table, start, sums in counted:
            entries = ([start, key, *values] for key, values in sums.items())
            counts.setdefault(table, []).extend(entries)
        rows, self._rows = self._rows, array("q")
        if rows or counts:
            content = len(rows).to_bytes(_LENGTH, "big") + rows.tobytes()
            count = len(rows) // ROW_WIDTH
            await self._add(database, BATCH, count, content + json.dumps(counts).encode())

    async def put_deletion(self, database: Database, kind: str, value: str, through: int) -> None:
        """Put down that something is to go."""
        if self._stream:
            content = json.dumps([value, through]).encode()
            await self._add(database, kind, 0, content)

    async def _add(self, database: Database, kind: str, rows: int, content: bytes) -> None:
        insert = "INSERT INTO outbox (kind, rows, content) VALUES (?, ?, ?) RETURNING number"
        self.newest = int(await database.value(insert, (kind, rows, content)))
        self._bytes += len(content)
        self.waiting_rows += rows
        while self._bytes > self.most_bytes:
            oldest = (
                "SELECT number, rows, length(content) FROM outbox WHERE kind = 'batch'"
                " ORDER BY number LIMIT 1"
            )
            for number, lost, size in await database.rows(oldest):
                await database.rows("DELETE FROM outbox WHERE number = ?", (number,))
                self._bytes -= size
                self.waiting_rows -= lost
                self.lost += lost

    async def _measure(self, database: Database) -> None:
        measured = "SELECT coalesce(sum(length(content)), 0), coalesce(sum(rows), 0) FROM outbox"
        ((self._bytes, self.waiting_rows),) = await database.rows(measured)


async def _forget_deletions(database: Database, sent: int) -> None:
    """What was to be deleted is not to be in the file either."""
    usual = int(await database.value("PRAGMA secure_delete"))
    await database.rows("PRAGMA secure_delete = ON")
    try:
        sql = "DELETE FROM outbox WHERE number <= ? AND kind <> 'batch'"
        await database.rows(sql, (sent,))
    finally:
        await database.rows(f"PRAGMA secure_delete = {usual}")


async def stream_of(source: Reader) -> int:
    """What tells the count of a file's batches from that of others; 0 where it keeps none."""
    rows = await source.rows("SELECT value FROM meta WHERE key = 'outbox'")
    return int(rows[0][0]) if rows else 0


async def waiting(source: Reader, after: int) -> list[Parcel]:
    """The next that wait behind a number, as many as are well sent at once."""
    found: list[Parcel] = []
    rows = 0
    while rows < ROWS_AT_ONCE:
        some = await source.rows(
            "SELECT number, kind, rows, content FROM outbox WHERE number > ?"
            " ORDER BY number LIMIT 1",
            (after,),
        )
        if not some:
            break
        number, kind, count, content = some[0]
        if kind != BATCH:
            if not found:
                value, through = json.loads(content)
                found.append(Parcel(number, kind, value=value, through=through))
            break
        found.append(_batch(number, content))
        after, rows = number, rows + count
    return found


def _batch(number: int, content: bytes) -> Parcel:
    end = _LENGTH + 8 * int.from_bytes(content[:_LENGTH], "big")
    return Parcel(number, BATCH, array("q", content[_LENGTH:end]), json.loads(content[end:]))
