"""The state that several sinkholes share, in a database: the hub of their copies."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Final, NamedTuple

from sinkhole.control.postgres.server import Server
from sinkhole.control.postgres.upkeep import opened
from sinkhole.control.replication.entries import ahead_s, by_clock
from sinkhole.control.replication.hub import Entry, HubAwayError, Pulled, Pushed
from sinkhole.control.state.file import BehindError, NotSharedError
from sinkhole.model.errors import StorageError

CHANNEL: Final = "sinkhole_state"

PATIENCE_S: Final = 5.0
"""How long one question may take: somebody waits for it, and the file of the state."""

LOOK_S: Final = 10.0
"""How often it is asked whether the database is there and something is new, besides being told."""

MOST_CONNECTIONS: Final = 2
"""That ask, beside the one that listens."""

TOLD_S: Final = 30 * 86_400
"""For how long it is told that a row is gone; whoever was away for longer reads all there is."""


_NOW_US: Final = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"

_FACTS: Final = f"""
    SELECT (SELECT value FROM meta WHERE key = 'state_revision'),
        (SELECT value FROM meta WHERE key = 'state_forgotten'),
        (SELECT max(revision) FROM state_revision WHERE revision <= $1), {_NOW_US}
"""


class _Facts(NamedTuple):
    """The last revision; the last one of which not all is told any more; the last one that there
    was up to the one that was asked for; what time it is."""

    revision: int
    forgotten: int
    known: int | None
    now_us: int


class PostgresHub:
    """By one server; `identity` is a number that was drawn when the tables were made."""

    def __init__(self, server: Server, identity: str, clock: Callable[[], float]) -> None:
        self.identity = identity
        self._server = server
        self._clock = clock
        self._is_given_up = False
        self._told = asyncio.Event()
        self._listens: Callable[[], Awaitable[None]]

    @classmethod
    @asynccontextmanager
    async def open(
        cls, url: str, clock: Callable[[], float] = time.time
    ) -> AsyncIterator[PostgresHub]:
        """Reach a database; StorageError, HubAwayError where it can't be reached."""
        with _translated():
            server = await opened(url, MOST_CONNECTIONS, PATIENCE_S)
        try:
            async with contextlib.AsyncExitStack() as stack:
                with _translated():
                    value = await server.value("SELECT value FROM meta WHERE key = 'state'")
                    hub = cls(server, str(value), clock)
                    listening = server.listening(CHANNEL, hub._told.set)
                    hub._listens = await stack.enter_async_context(listening)
                yield hub
        finally:
            await server.close()

    async def pull(self, after: int) -> Pulled:
        """What changed in revisions later than one, or, where the database has lost that one, which
        is the last one before that there was."""
        async with self._in_time():
            facts = await self._facts(after)
            is_whole = facts.known is None or after < facts.forgotten or after == 0
            if facts.known is not None and not is_whole and facts.known < after:
                return Pulled(facts.known, [])
            # What somebody has changed since then is told as well, and once more the next time:
            # without it a row would seem to be gone, or only half of a change would come.
            rows = await self._server.rows(
                "SELECT kind, key, value FROM state WHERE revision > $1"
                " AND (NOT $2 OR value IS NOT NULL) ORDER BY revision, position",
                *(0 if is_whole else after, is_whole),
            )
        behind_s = -self._ahead_s(facts.now_us)
        return Pulled(facts.revision, [by_clock(Entry(*row), behind_s) for row in rows], is_whole)

    async def push(self, base: int | None, entries: Sequence[Entry]) -> Pushed:
        """Change rows; BehindError where `base` is not the last revision."""
        async with self._in_time(), self._server.transaction() as session:
            sql = "SELECT value FROM meta WHERE key = 'state_revision' FOR UPDATE"
            last = int(await session.value(sql))
            if base is not None and base != last:
                raise BehindError("another sinkhole was quicker: look at it again")
            now_us = int(await session.value(f"SELECT {_NOW_US}"))
            revision = max(last + 1, now_us)
            told = [by_clock(each, self._ahead_s(now_us)) for each in entries]
            columns = zip(*((*each, at) for at, each in enumerate(told)), strict=True)
            await session.rows(
                "INSERT INTO state (kind, key, value, position, revision)"
                " SELECT *, $5 FROM unnest($1::text[], $2::text[], $3::text[], $4::integer[])"
                " ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value,"
                " position = excluded.position, revision = excluded.revision, changed = now()",
                *([*each] for each in columns),
                revision,
            )
            sql = "UPDATE meta SET value = $1 WHERE key = 'state_revision'"
            await session.rows(sql, revision)
            await session.rows("INSERT INTO state_revision VALUES ($1)", revision)
            await session.rows("SELECT pg_notify($1, '')", CHANNEL)
        return Pushed(revision, last)

    async def wait(self, after: int) -> None:
        """Wait until there is another revision, or for LOOK_S."""
        self._told.clear()
        async with self._in_time():
            await self._listens()
            facts = await self._facts(after)
            await self._forget()
        if facts.revision == after == facts.known:
            with contextlib.suppress(TimeoutError):  # it is time to look
                async with asyncio.timeout(LOOK_S):
                    await self._told.wait()

    async def _facts(self, after: int) -> _Facts:
        ((*facts,),) = await self._server.rows(_FACTS, after)
        return _Facts(*facts)

    async def _forget(self) -> None:
        """Forget what has been gone for long."""
        await self._server.rows(
            "WITH gone AS (DELETE FROM state WHERE value IS NULL"
            " AND changed < now() - make_interval(secs => $1) RETURNING revision)"
            " UPDATE meta SET value = greatest(value, (SELECT max(revision) FROM gone))"
            " WHERE key = 'state_forgotten' AND EXISTS (SELECT 1 FROM gone)",
            float(TOLD_S),
        )
        await self._server.rows(
            f"DELETE FROM state_revision WHERE revision < {_NOW_US} - $1"
            " AND revision < (SELECT value FROM meta WHERE key = 'state_revision')",
            TOLD_S * 1_000_000,
        )

    @asynccontextmanager
    async def _in_time(self) -> AsyncIterator[None]:
        """HubAwayError where what is asked fails or takes too long; who waits is told, too."""
        late = asyncio.get_running_loop().call_later(PATIENCE_S, self._give_up)
        try:
            with _translated():
                yield
        except HubAwayError:
            self._told.set()
            if self._is_given_up:
                raise HubAwayError("the database does not answer") from None
            raise
        finally:
            late.cancel()

    def _give_up(self) -> None:
        self._is_given_up = True
        self._server.give_up()

    def _ahead_s(self, now_us: int) -> int:
        """By how much a clock that shows this is ahead of the one here."""
        return ahead_s(now_us / 1e6, self._clock())


@contextmanager
def _translated() -> Iterator[None]:
    """HubAwayError also where it refuses, as one that is full or may only be read does: what is
    asked can be asked again, and nothing is wrong with the file here."""
    try:
        yield
    except NotSharedError:
        raise
    except StorageError as error:
        raise HubAwayError(str(error)) from error
