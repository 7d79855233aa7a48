"""What is written here and has to be sent to the database that several share, batch by batch.

A batch goes into the transaction of its rows, so it is there exactly when they are, and waits for
as long as the database is away. The numbers in it are of this file: who sends it looks up what they
stand for. Batches are counted, and `stream` tells this count from that of another file: the
receiver notes with each batch which one it was, and takes none twice. Deletions stand among them,
so that nothing comes back that was sent before and deleted since.

Beside them stand slices of what the file had before (`earlier`), and groups that have another name.

With more than `most_bytes` the oldest batches are given up; `lost` says how many rows they had. Who
sends finds that numbers are missing, and has all that the file has sent again.
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
EARLIER: Final = "earlier"
GROUP: Final = "group"

Counts = dict[str, list[list[Any]]]
"""What is counted in each table of the roll-ups: start, key and sums of each entry."""


class Parcel(NamedTuple):
    """What waits: a batch, a slice, a group's other name or a deletion; `kind` is then the wish's.

    Of a batch, `rows` are the values of all rows end to end, and `counts` what they add to the
    roll-ups; of a slice what there is from the row `begin` to before the row `through`. Of a
    deletion, `value` is of what, and `through` up to which row; `is_told` says that the database
    knows of it, as another node wanted it. Of a group, `value` are both names, as JSON.
    """

    number: int
    kind: str
    rows: Sequence[int] = ()
    counts: Counts = {}  # noqa: RUF012  # never changed
    value: str = ""
    through: int = 0
    begin: int = 0
    is_told: bool = False


class Outbox:
    """The batches that wait in one file; used by its writer, read by `waiting`."""

    def __init__(self, largest_size: int) -> None:
        self.lost = 0
        self.waiting_rows = 0
        self.slices = 0
        self.on_more: Callable[[], None] = lambda: None
        self.newest = 0
        """The number of the batch or deletion put down last."""
        self.sent = 0
        """Up to which batch all is there: to be set by who sends."""
        self.least = 0
        """A number behind which all new ones have to be: to be set by who sends."""
        self.is_wanted: bool | None = None
        """Whether batches are to be kept, None where that was not said yet: then as before."""
        self.use(largest_size)
        self._bytes = self._trimmed = 0
        self._stream = self._loaded = 0
        self._rows = array("q")

    def use(self, largest_size: int) -> None:
        """Go over to another largest size of the log."""
        self.most_bytes = min(MOST_BYTES, int(largest_size * SHARE))

    @property
    def is_kept(self) -> bool:
        """Whether batches are being kept."""
        return bool(self._stream)

    @property
    def is_stale(self) -> bool:
        """Whether there is something to do between two transactions."""
        is_other = self.is_wanted is not None and self.is_wanted != bool(self._stream)
        return is_other or self.sent > self._trimmed or self.least > 0

    async def load(self, database: Database) -> None:
        """Go on with what a file has."""
        self._rows = array("q")
        self._stream = int(await database.value("SELECT value FROM meta WHERE key = 'outbox'"))
        self._trimmed = 0
        self._loaded = await _last_number(database)
        await self._measure(database)

    async def keep_up(self, database: Database) -> None:
        """Begin or end as was said, and forget what was sent; outside transactions."""
        if self.is_wanted is not None and self.is_wanted != bool(self._stream):
            async with database.transaction():
                await database.rows("DELETE FROM outbox")
                stream = await _stream(database)
                self._stream = stream if self.is_wanted else 0
                await database.rows(
                    "UPDATE meta SET value = ? WHERE key = 'outbox'", (self._stream,)
                )
                # A number that nothing has: who sends sees that something is missing.
                await database.rows(
                    "UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'outbox'"
                )
        if least := self.least:
            await self._move_behind(database, least)
        if sent := self.sent:
            await _forget_deletions(database, sent)
            await database.rows("DELETE FROM outbox WHERE number <= ?", (sent,))
            self._trimmed = sent
        await self._measure(database)
        self.on_more()

    async def _move_behind(self, database: Database, least: int) -> None:
        """Go on behind a number. What was put down since the file was opened comes along; what was
        there already had its number when that was given out, and was sent."""
        more = least - self._loaded
        if more > 0:
            async with database.transaction():
                # By way of numbers that none has, as they may overlap.
                await database.rows(
                    "UPDATE outbox SET number = -number - ? WHERE number > ?", (more, self._loaded)
                )
                await database.rows("UPDATE outbox SET number = -number WHERE number < 0")
                await database.rows("DELETE FROM sqlite_sequence WHERE name = 'outbox'")
                newest = await database.value("SELECT max(number) FROM outbox") or 0
                await database.rows(
                    "INSERT INTO sqlite_sequence VALUES ('outbox', ?)", (max(least, newest),)
                )
            self._loaded = least
        self.least = 0

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
        counts: Counts = {}
        for table, start, sums in counted:
            entries = ([start, key, *values] for key, values in sums.items())
            counts.setdefault(table, []).extend(entries)
        rows, self._rows = self._rows, array("q")
        if rows or counts:
            content = _packed(rows) + json.dumps(counts).encode()
            await self._add(database, BATCH, len(rows) // ROW_WIDTH, content)

    async def put_earlier(
        self, database: Database, begin: int, end: int, rows: array[int], counts: Counts
    ) -> int:
        """Put down what there is from one row to before another, within a transaction; its number.

        `waiting_rows` does not count it.
        """
        content = _packed(array("q", (begin, end))) + _packed(rows) + json.dumps(counts).encode()
        self.slices += 1
        return await self._add(database, EARLIER, 0, content)

    async def put_deletion(
        self, database: Database, kind: str, value: str, through: int, *, is_told: bool = False
    ) -> None:
        """Put down that something is to go; `is_told` where the database said so."""
        if self._stream:
            content = json.dumps([value, through, is_told]).encode()
            await self._add(database, kind, 0, content)

    async def put_group(self, database: Database, old: str, new: str) -> None:
        """Put down that a group has another name."""
        if self._stream:
            content = json.dumps([json.dumps([old, new]), 0, False]).encode()
            await self._add(database, GROUP, 0, content)

    async def _add(self, database: Database, kind: str, rows: int, content: bytes) -> int:
        insert = "INSERT INTO outbox (kind, rows, content) VALUES (?, ?, ?) RETURNING number"
        self.newest = int(await database.value(insert, (kind, rows, content)))
        self._bytes += len(content)
        self.waiting_rows += rows
        while self._bytes > self.most_bytes:
            oldest = (
                "SELECT number, rows, length(content) FROM outbox WHERE kind = 'batch'"
                " ORDER BY number LIMIT 1"
            )
            found = await database.rows(oldest)
            if not found:
                break
            ((number, lost, size),) = found
            await database.rows("DELETE FROM outbox WHERE number = ?", (number,))
            self._bytes -= size
            self.waiting_rows -= lost
            self.lost += lost
        return self.newest

    async def _measure(self, database: Database) -> None:
        measured = (
            "SELECT coalesce(sum(length(content)), 0), coalesce(sum(rows), 0),"
            " count(*) FILTER (WHERE kind = 'earlier') FROM outbox"
        )
        ((self._bytes, self.waiting_rows, self.slices),) = await database.rows(measured)


async def _stream(database: Database) -> int:
    """What tells the file from others: given to it once, so that who begins to share it again is
    known where it was shared before."""
    keep = "INSERT INTO meta VALUES ('stream', ?) ON CONFLICT (key) DO NOTHING"
    now = int(await database.value("SELECT value FROM meta WHERE key = 'outbox'"))
    await database.rows(keep, (now or secrets.randbits(62) | 1,))
    return int(await database.value("SELECT value FROM meta WHERE key = 'stream'"))


def _packed(values: array[int]) -> bytes:
    return len(values).to_bytes(_LENGTH, "big") + values.tobytes()


async def _forget_deletions(database: Database, sent: int) -> None:
    """What was to be deleted is not to be in the file either."""
    usual = int(await database.value("PRAGMA secure_delete"))
    await database.rows("PRAGMA secure_delete = ON")
    try:
        sql = "DELETE FROM outbox WHERE number <= ? AND kind NOT IN ('batch', 'earlier')"
        await database.rows(sql, (sent,))
    finally:
        await database.rows(f"PRAGMA secure_delete = {usual}")


async def stream_of(source: Reader, *, even_if_not_shared: bool = False) -> int:
    """What tells the count of a file's batches from that of others; 0 where it keeps none now, or
    never did."""
    keys = ("outbox", "stream" if even_if_not_shared else "outbox")
    rows = await source.rows("SELECT max(value) FROM meta WHERE key IN (?, ?)", keys)
    return int(rows[0][0] or 0)


async def last_number(source: Reader) -> int:
    """The last number that was given to a batch."""
    rows = await source.rows("SELECT max(seq) FROM sqlite_sequence WHERE name = 'outbox'")
    return int(rows[0][0] or 0)


async def _last_number(database: Database) -> int:
    sql = "SELECT max(seq) FROM sqlite_sequence WHERE name = 'outbox'"
    return int(await database.value(sql) or 0)


async def first_waiting(source: Reader, after: int) -> int:
    """The number of the next that waits behind a number, 0 where none does."""
    rows = await source.rows("SELECT min(number) FROM outbox WHERE number > ?", (after,))
    return int(rows[0][0] or 0)


async def waiting(source: Reader, after: int) -> list[Parcel]:
    """The next that wait behind a number, as many as are well sent at once."""
    found: list[Parcel] = []
    rows = 0
    while rows < ROWS_AT_ONCE:
        some = await source.rows(
            "SELECT number, kind, content FROM outbox WHERE number > ? ORDER BY number LIMIT 1",
            (after,),
        )
        if not some:
            break
        parcel = _parcel(*some[0])
        if found and not _goes_with(found[-1], parcel):
            break
        found.append(parcel)
        after, rows = parcel.number, rows + len(parcel.rows) // ROW_WIDTH
    return found


def _goes_with(before: Parcel, parcel: Parcel) -> bool:
    """Batches go together, and slices as long as each ends where the one before it begins."""
    if parcel.kind == BATCH:
        return before.kind == BATCH
    return parcel.kind == before.kind == EARLIER and parcel.through == before.begin


def _parcel(number: int, kind: str, content: bytes) -> Parcel:
    if kind == BATCH:
        rows, rest = _unpacked(content)
        return Parcel(number, kind, rows, json.loads(rest))
    if kind == EARLIER:
        (begin, end), rest = _unpacked(content)
        rows, rest = _unpacked(rest)
        return Parcel(number, kind, rows, json.loads(rest), through=end, begin=begin)
    value, through, *told = json.loads(content)
    return Parcel(number, kind, value=value, through=through, is_told=any(told))


def _unpacked(content: bytes) -> tuple[array[int], bytes]:
    end = _LENGTH + 8 * int.from_bytes(content[:_LENGTH], "big")
    return array("q", content[_LENGTH:end]), content[end:]
