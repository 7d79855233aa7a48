"""The query log as the rest of the program sees it: opened, running, closed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sinkhole.control.database import Reader
from sinkhole.control.querylog.history import History
from sinkhole.control.querylog.searchers import MOST_SEARCHES, Searchers
from sinkhole.control.querylog.writer import Writer
from sinkhole.control.stats import Counters, Rollups
from sinkhole.model.errors import StorageError
from sinkhole.model.faults import Faults
from sinkhole.model.record import RecordBuffer
from sinkhole.model.status import LogStatus
from sinkhole.model.tasks import Tasks
from sinkhole.model.verdict import Cause

log = logging.getLogger(__name__)

FLUSH_S: Final = 3.0
"""How long `close` lets the writer write what is left, before it makes it stop."""


class QueryLog:
    """One database file with its writer and its readers; made by `open`, ended by `close`.

    `history` is the read side. `problem` says that a file was set aside, None in the usual case.
    """

    def __init__(
        self,
        path: Path,
        buffer: RecordBuffer,
        enabled: bool,
        writer: Writer,
        client_name: Callable[[str], str],
        faults: Faults | None,
    ) -> None:
        self._path = path
        self._buffer = buffer
        self._enabled = enabled
        self._writer = writer
        self._tasks = Tasks("query log", limit=1, faults=faults)
        self._readers: list[Reader] = []
        searchers = Searchers([self.reader() for _ in range(MOST_SEARCHES)])
        self.history = History(self.reader(), client_name=client_name, searchers=searchers)

    @classmethod
    async def open(
        cls,
        path: Path,
        buffer: RecordBuffer,
        *,
        enabled: bool,
        keep_s: float,
        max_size_bytes: int,
        rollups: Rollups,
        counters: Counters,
        rule_text: Callable[[Cause], str] = lambda cause: cause.rule,
        client_name: Callable[[str], str] = lambda address: "",
        faults: Faults | None = None,
    ) -> QueryLog:
        """Open or make the database and start writing what comes through `buffer`.

        Never fails: without a usable database, `status` says why and only `counters` are served.
        With `enabled` False no rows are written, but roll-ups are. `rule_text` reads a rule's
        text by list and line; it is called in a thread, once for each rule that decided, and may
        raise OSError or a SinkholeError. `client_name` is what the settings call an address now;
        `faults` are told of bugs.
        """
        writer = Writer(
            path,
            buffer,
            enabled=enabled,
            keep_s=keep_s,
            max_size_bytes=max_size_bytes,
            rule_text=rule_text,
            rollups=rollups,
            counters=counters,
        )
        await writer.open()
        query_log = cls(path, buffer, enabled, writer, client_name, faults)
        query_log._tasks.keep("writer", writer.run)
        return query_log

    def reader(self) -> Reader:
        """Another read-only connection, closed along with the log."""
        reader = Reader(self._path, lambda: self._writer.files)
        self._readers.append(reader)
        return reader

    @property
    def problem(self) -> str | None:
        """That a broken or newer file was set aside, and under which name."""
        return self._writer.problem

    @property
    def problems(self) -> list[str]:
        """What a person should know or do, but for what keeps it from writing now."""
        return [text for text in (self._writer.problem, self._writer.size_problem) if text]

    @property
    def dropped(self) -> int:
        """Queries since the start of which no row was written, though they should have one."""
        return self._buffer.dropped + self._writer.lost

    def lists_changed(self) -> None:
        """To be called when lists were updated: the text of line 7 may be another one now."""
        self._writer.forget_rules()

    def status(self) -> LogStatus:
        """How the log is doing, from memory; `error` is what keeps it from writing now."""
        return {
            "enabled": self._enabled,
            "waiting": len(self._buffer),
            "dropped": self.dropped,
            "rows": self._writer.rows,
            "size_bytes": self._writer.size_bytes,
            "error": self._writer.backoff.error,
        }

    async def close(self) -> None:
        """Write what is left, for FLUSH_S at most, and close every connection.

        The writer's last: SQLite then folds the WAL into the file, which a connection that only
        reads can not do. A copy of the file alone is a whole backup then.
        """
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
