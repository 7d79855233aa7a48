"""The shared database as the log sees it: connected, away, caught up again."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Final

from sinkhole.control.postgres.erasing import done, erasures
from sinkhole.control.postgres.list_offers import PostgresListOffers
from sinkhole.control.postgres.sender import Sender
from sinkhole.control.postgres.server import Server
from sinkhole.control.postgres.store import PostgresStore
from sinkhole.control.postgres.upkeep import opened, tidy
from sinkhole.control.querylog import QueryLog
from sinkhole.control.querylog.backoff import Backoff
from sinkhole.control.querylog.deletion import Wish
from sinkhole.model.errors import RequestError, StorageError

log = logging.getLogger(__name__)

LOOK_S: Final = 60.0
"""How often it is asked whether the server is still there, where nothing is to be sent."""

TIDY_S: Final = 3600.0
"""How often it is looked for what is old."""


class SharedLog:
    """Sends what one log writes to one server; `run` does it until `stop`.

    `store` is where the log is read, `list_offers` where lists are exchanged; both are None while
    the server is away. `tried` is set once it was reached, or could not be.
    """

    def __init__(self, url: str, node: str, query_log: QueryLog) -> None:
        self.store: PostgresStore | None = None
        self.list_offers: PostgresListOffers | None = None
        self.tried = asyncio.Event()
        self._url = url
        self._node = node
        self._query_log = query_log
        self._outbox = query_log.outbox
        self._source = query_log.reader()
        self._backoff = Backoff(what="shared log")
        self._more, self._ended = asyncio.Event(), asyncio.Event()
        self._sent = asyncio.Event()
        self._server: Server | None = None
        self._next_tidy = 0.0
        self._gap = -1

    @property
    def problem(self) -> str | None:
        """That the server is away, and how much waits; None while all is well."""
        lost = f"; {self._outbox.lost} queries were given up" if self._outbox.lost else ""
        if self._backoff.error is not None:
            waiting = self._outbox.waiting_rows
            return f"{self._backoff.error}: {waiting} queries wait to be sent to it{lost}"
        return f"the database was away for too long{lost}" if lost else None

    def is_of(self, url: str, node: str) -> bool:
        """Whether it is sent there, under that name."""
        return (url, node) == (self._url, self._node)

    async def reached(self, number: int) -> None:
        """Wait until all up to a batch was sent, unless the server is away."""
        while self.store is not None and self._sender.sent < number:
            await self._sent.wait()

    def stop(self) -> None:
        """Let `run` end."""
        self._ended.set()
        self._more.set()

    async def run(self) -> None:
        """Send until `stop`; whatever fails is shown and tried again."""
        self._outbox.on_more = self._more.set
        self._query_log.share(self)
        try:
            while not self._ended.is_set():
                self._more.clear()
                try:
                    await self._work()
                except StorageError as error:
                    await self._disconnect()
                    self._backoff.failed(str(error))
                self.tried.set()
                await self._wait()
        finally:
            await self._disconnect()
            await self._source.close()

    async def _work(self) -> None:
        """Connect if need be, and send all that waits."""
        if self._server is None:
            self._server = await opened(self._url)
            self._server.on_away = self._more.set
            self._sender = Sender(self._server, self._source, self._node)
            self.list_offers = PostgresListOffers(self._server, self._node)
        if not self._sender.node and not await self._sender.begin():
            return
        if await self._sender.is_behind():
            self._outbox.least = self._sender.sent
            self._query_log.wake()
            return
        self._tell()
        if not await self._is_whole():
            return
        while await self._sender.step():
            self._tell()
        await self._erase(self._server)
        await self._tidy(self._server)
        self.store = self.store or PostgresStore(self._server)
        self._backoff.succeeded()

    async def _is_whole(self) -> bool:
        """Whether nothing is missing that will not be sent again. Where something is, that has to
        be written down before anything more is sent: else nobody would notice any more."""
        gap = await self._sender.gap()
        if gap is not None:
            if self._gap != gap:
                self._gap = gap
                self._query_log.send_again()
            if self._query_log.earlier.is_asked:
                return False
            self._sender.covered = gap
        return True

    async def _erase(self, server: Server) -> None:
        """Do here what others have erased."""
        node = self._sender.node
        for number, kind, value, through in await erasures(server, node):
            try:
                await self._query_log.delete(Wish(kind, value, through))
            except RequestError as error:  # others wait already: later
                raise StorageError(str(error)) from error
            await done(server, node, number)

    def _tell(self) -> None:
        """Whoever waits for it, how far it is."""
        if self._server is not None:
            self._query_log.sent(self._sender.sent)
        told, self._sent = self._sent, asyncio.Event()
        told.set()

    async def _tidy(self, server: Server) -> None:
        now = asyncio.get_running_loop().time()
        if now >= self._next_tidy and (past_s := self._query_log.past_s):
            terms = self._query_log.terms
            await tidy(server, past_s, terms.keep_s, terms.keep_statistics_s)
            self._next_tidy = now + TIDY_S

    async def _wait(self) -> None:
        """Wait for more to send, or until it is time to try again."""
        seconds, awaited = LOOK_S, self._more
        if self._backoff.failures:
            seconds, awaited = self._backoff.left_s, self._ended
        with contextlib.suppress(TimeoutError):  # it is time to look
            async with asyncio.timeout(seconds):
                await awaited.wait()

    async def _disconnect(self) -> None:
        server, self._server = self._server, None
        self.store = self.list_offers = None
        self._gap = -1
        self._tell()
        if server is not None:
            await server.close()
