"""The query log as the rest of the program sees it: opened, running, closed."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final, Protocol

from sinkhole.control.database import Reader
from sinkhole.control.querylog.deletion import ALL, BELOW, CLIENT, CLIENTS, NAME, STATISTICS, Wish
from sinkhole.control.querylog.earlier import Earlier
from sinkhole.control.querylog.foreign import ForeignSlice
from sinkhole.control.querylog.history import History
from sinkhole.control.querylog.outbox import Outbox
from sinkhole.control.querylog.past import PastSlice
from sinkhole.control.querylog.searchers import MOST_SEARCHES, Searchers
from sinkhole.control.querylog.sought import LoggedClient
from sinkhole.control.querylog.sqlite_store import SqliteStore
from sinkhole.control.querylog.store import LogStore
from sinkhole.control.querylog.tail import Follower
from sinkhole.control.querylog.terms import LogTerms
from sinkhole.control.querylog.upkeep import Upkeep
from sinkhole.control.querylog.writer import Writer
from sinkhole.control.stats import Counters, Rollups
from sinkhole.dns.wire.name import from_text, to_text
from sinkhole.model.errors import StorageError
from sinkhole.model.faults import Faults
from sinkhole.model.record import RecordBuffer
from sinkhole.model.status import LogStatus
from sinkhole.model.tasks import Tasks
from sinkhole.model.verdict import Cause

log = logging.getLogger(__name__)

FLUSH_S: Final = 3.0
"""How long `close` lets the writer write what is left, before it makes it stop."""


class Shared(Protocol):
    """A log that several share."""

    @property
    def store(self) -> LogStore | None:
        """Where it is read, None while it is away."""

    async def reached(self, number: int) -> None:
        """Wait until all up to a batch was sent there, unless it is away."""

    def stop(self) -> None:
        """Read this log's file no more: it is being closed."""


class QueryLog:
    """One database file with its writer and its readers; made by `open`, ended by `close`.

    `problem` says that a file was set aside, None in the usual case.
    """

    def __init__(
        self,
        path: Path,
        buffer: RecordBuffer,
        terms: LogTerms,
        writer: Writer,
        faults: Faults | None,
    ) -> None:
        self._path = path
        self._buffer = buffer
        self._terms = terms
        self._writer = writer
        self._tasks = Tasks("query log", limit=1, faults=faults)
        self._readers: list[Reader] = []
        searchers = Searchers([self.reader() for _ in range(MOST_SEARCHES)])
        self._own_store = SqliteStore(self.reader(), searchers)
        self._shared: Shared | None = None

    @classmethod
    async def open(
        cls,
        path: Path,
        buffer: RecordBuffer,
        terms: LogTerms,
        *,
        rollups: Rollups,
        counters: Counters,
        rule_text: Callable[[Cause], str] = lambda cause: cause.rule,
        list_sources: Callable[[], Mapping[str, str]] = dict,
        faults: Faults | None = None,
    ) -> QueryLog:
        """Open or make the database and start writing what comes through `buffer`.

        Never fails: without a usable database, `status` says why and only `counters` are served. A
        file of an older version is brought up to date meanwhile. Where `terms` want no rows,
        roll-ups are written all the same. `rule_text` reads a rule's text by list and line; it is
        called in a thread, once for each rule that decided, and may raise OSError or a
        SinkholeError. `list_sources` are the ids of all subscriptions by their present names;
        `faults` are told of bugs.
        """
        writer = Writer(
            path,
            buffer,
            terms=terms,
            rule_text=rule_text,
            rollups=rollups,
            counters=counters,
            list_sources=list_sources,
        )
        await writer.open()
        query_log = cls(path, buffer, terms, writer, faults)
        query_log._tasks.keep("writer", writer.run)
        return query_log

    @property
    def terms(self) -> LogTerms:
        """What the settings want of it."""
        return self._terms

    def apply(self, terms: LogTerms) -> None:
        """Go over to other terms: they count for every query that is not written yet."""
        self._terms = terms
        self._writer.use(terms)

    def tail(self, limit: int = 1000) -> Follower:
        """Every query from now on, within a third of a second, also such as are not written.

        `limit` is how many may wait to be taken. Privacy counts here as well. RequestError when too
        many follow.
        """
        return self._writer.follow(limit)

    async def delete(self, wish: Wish) -> int:
        """Delete rows and what tells of them; how many rows they were, when all of it is gone here,
        and where it is shared, unless that is away: then it goes there with what else waits.

        It goes on if nobody waits any more, and over restarts. StorageError while the log can't be
        written; RequestError when too many deletions wait.
        """
        deleted = await asyncio.shield(self._workable().deletions.wish(wish))
        if self._shared is not None and not wish.is_told:
            await self._shared.reached(self.outbox.newest)
        return deleted

    def take_over(self, piece: PastSlice | ForeignSlice) -> asyncio.Future[int]:
        """Have queries written that another server answered; how many rows that made.

        Who reads on meanwhile keeps the writer busy. StorageError and RequestError as from
        `delete`.
        """
        return self._workable().past.want(piece)

    async def delete_all(self) -> int:
        """Delete every row; statistics stay."""
        return await self.delete(Wish(ALL))

    async def delete_client(self, client: str) -> int:
        """Delete the rows of an address or id, as the log has it, and its counts."""
        return await self.delete(Wish(CLIENT, client))

    async def delete_clients(self, clients: Iterable[LoggedClient]) -> int:
        """The same for some clients, wherever the log that knows them is kept."""
        keys = sorted((each.text, each.device, each.group) for each in clients)
        return await self.delete(Wish(CLIENTS, json.dumps(keys)))

    async def delete_name(self, name: str, *, below: bool = False) -> int:
        """Delete the rows about a name, perhaps about all below it too, and its counts.

        ValueError, with a text for the user, for what is no name.
        """
        return await self.delete(Wish(BELOW if below else NAME, to_text(from_text(name))))

    async def reset_statistics(self) -> None:
        """Let statistics begin anew with this moment; rows stay."""
        await self.delete(Wish(STATISTICS))

    @property
    def store(self) -> LogStore:
        """Where the log is read: what several share, or while that is away what this one wrote."""
        shared = self._shared.store if self._shared is not None else None
        return shared or self._own_store

    @property
    def outbox(self) -> Outbox:
        """What waits to be sent to what several share."""
        return self._writer.upkeep.outbox

    def share(self, shared: Shared | None) -> None:
        """Keep from now on what has to be sent elsewhere, and read the log there; or no more, and
        forget what waits. Without it batches go on to be kept as before."""
        self._shared = shared
        self.outbox.is_wanted = shared is not None
        self._writer.wake()

    @property
    def is_shared(self) -> bool:
        """Whether it goes to what several share."""
        return self._shared is not None

    @property
    def is_read_there(self) -> bool:
        """Whether that is where it is read: not while it is away."""
        return self._shared is not None and self._shared.store is not None

    @property
    def earlier(self) -> Earlier:
        """How much of what is in the file was put down for sending since it is shared."""
        return self._writer.upkeep.earlier

    def send_again(self) -> None:
        """Have all that the file has sent, beside what is logged from now on: for who finds that
        something of it is not where it is shared. `earlier` says when that is written down."""
        self.earlier.ask()
        self._writer.wake()

    def wake(self) -> None:
        """Have it looked soon what the outbox needs."""
        self._writer.wake()

    def sent(self, number: int) -> None:
        """Forget the batches up to one: they are where they were sent to."""
        self.outbox.sent = number
        self._writer.wake()

    @property
    def history(self) -> History:
        """The read side."""
        return History(self.store, client_name=self._terms.privacy.client_name)

    def reader(self) -> Reader:
        """Another read-only connection, closed along with the log."""
        reader = Reader(self._path, self._file)
        self._readers.append(reader)
        return reader

    @property
    def problem(self) -> str | None:
        """That a broken or newer file was set aside, and under which name."""
        return self._writer.file.problem

    @property
    def shortage(self) -> str | None:
        """That statistics leave hardly any room for rows, and what to do."""
        return self._writer.upkeep.retention.problem

    @property
    def past_s(self) -> float:
        """The time that is certainly past, in seconds since 1970; 0 while nothing is certain."""
        clock = self._writer.upkeep.clock
        return clock.trusted_s if clock is not None else 0.0

    @property
    def dropped(self) -> int:
        """Queries since the start of which no row was written, though they should have one."""
        return self._buffer.dropped + self._writer.lost

    def lists_changed(self) -> None:
        """To be called when lists were updated or renamed: the text of line 7 may be another one
        now, and so may what the list is called."""
        self._writer.lists_changed()

    def group_renamed(self, old: str, new: str) -> None:
        """To be called when a group has another name: its rows are found by that."""
        self._writer.upkeep.groups.rename(old, new)

    def status(self) -> LogStatus:
        """How the log is doing, from memory; `error` is what keeps it from writing now."""
        return {
            "enabled": self._terms.enabled,
            "waiting": len(self._buffer),
            "dropped": self.dropped,
            "rows": self._writer.rows,
            "size_bytes": self._writer.upkeep.size_bytes,
            "error": self._writer.file.bringing or self._writer.backoff.error,
        }

    def _file(self) -> int:
        """Which file there is; StorageError while it can't be read yet."""
        if self._writer.file.bringing:
            raise StorageError(self._writer.file.bringing)
        return self._writer.file.opened

    def _workable(self) -> Upkeep:
        """Who has something done soon; StorageError while nothing can be written."""
        writer = self._writer
        if writer.file.bringing or writer.backoff.failures or not writer.is_usable:
            raise StorageError(writer.file.bringing or writer.backoff.error or "there is no log")
        writer.wake()
        return writer.upkeep

    async def close(self) -> None:
        """Write what is left, for FLUSH_S at most, and close every connection.

        The writer's last: SQLite then folds the WAL into the file, which a connection that only
        reads can not do. A copy of the file alone is a whole backup then.
        """
        if self._shared is not None:
            self._shared.stop()
        try:
            results = await asyncio.gather(
                *(reader.close() for reader in self._readers), return_exceptions=True
            )
            for result in results:
                if isinstance(result, StorageError):
                    log.warning("query log: %s", result)
        finally:
            self._writer.stop()
            await self._tasks.close(FLUSH_S)
