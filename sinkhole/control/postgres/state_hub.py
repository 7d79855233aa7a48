"""The state that several sinkholes share, in a database: the hub of their copies."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from sinkhole.control.postgres.server import AwayError, Server
from sinkhole.control.postgres.upkeep import prepare
from sinkhole.control.replication.hub import Entry, HubAwayError, Pulled, Pushed
from sinkhole.control.state.file import BehindError

CHANNEL: Final = "sinkhole_state"

PATIENCE_S: Final = 5.0
"""How long one question may take: somebody waits for it, and the file of the state."""

LOOK_S: Final = 10.0
"""How often it is asked whether the database is there and something is new, besides being told."""

MOST_CONNECTIONS: Final = 2
"""That ask, beside the one that listens."""

TOLD_S: Final = 30 * 86_400
"""For how long it is told that a row is gone; whoever was away for longer reads all there is."""


_NOW_US: Final = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"


class PostgresHub:
    """By one server; `identity` is a number that was drawn when the tables were made."""

    def __init__(self, server: Server, identity: str) -> None:
        self.identity = identity
        self._server = server
        self._told = asyncio.Event()

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str) -> AsyncIterator[PostgresHub]:
        """Reach a database; StorageError, HubAwayError where it can't be reached."""
        with _translated():
            server = await Server.connect(url, most=MOST_CONNECTIONS)
        try:
            async with contextlib.AsyncExitStack() as stack:
                with _translated():
                    await prepare(server)
                    value = await server.value("SELECT value FROM meta WHERE key = 'state'")
                    hub = cls(server, str(value))
                    await stack.enter_async_context(server.listening(CHANNEL, hub._told.set))
                yield hub
        finally:
            await server.close()

    async def pull(self, after: int) -> Pulled:
        """What changed in revisions later than one."""
        async with _in_time():
            revision, forgotten = await self._numbers()
            is_whole = after < forgotten or after == 0
            rows = await self._server.rows(
                "SELECT kind, key, value FROM state WHERE revision > $1 AND revision <= $2"
                " AND (NOT $3 OR value IS NOT NULL) ORDER BY revision, position",
                *(0 if is_whole else after, revision, is_whole),
            )
        return Pulled(revision, [Entry(*row) for row in rows], is_whole)

    async def push(self, base: int | None, entries: Sequence[Entry]) -> Pushed:
        """Change rows; BehindError where `base` is not the last revision."""
        async with _in_time(), self._server.transaction() as session:
            sql = "SELECT value FROM meta WHERE key = 'state_revision' FOR UPDATE"
            last = int(await session.value(sql))
            if base is not None and base != last:
                raise BehindError("another sinkhole was quicker: look at it again")
            revision = max(last + 1, int(await session.value(_NOW_US)))
            columns = zip(*((*each, at) for at, each in enumerate(entries)), strict=True)
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
            await session.rows("SELECT pg_notify($1, '')", CHANNEL)
        return Pushed(revision, last)

    async def wait(self, after: int) -> None:
        """Wait until there is another revision, or for LOOK_S."""
        self._told.clear()
        async with _in_time():
            revision, _ = await self._numbers()
            await self._forget()
        if revision == after:
            with contextlib.suppress(TimeoutError):  # it is time to look
                async with asyncio.timeout(LOOK_S):
                    await self._told.wait()

    async def _numbers(self) -> tuple[int, int]:
        """The last revision, and the last one of which not all is told any more."""
        sql = "SELECT key, value FROM meta WHERE key IN ('state_revision', 'state_forgotten')"
        found: dict[str, int] = dict(await self._server.rows(sql))
        return found["state_revision"], found["state_forgotten"]

    async def _forget(self) -> None:
        """Forget what has been gone for long."""
        await self._server.rows(
            "WITH gone AS (DELETE FROM state WHERE value IS NULL"
            " AND changed < now() - make_interval(secs => $1) RETURNING revision)"
            " UPDATE meta SET value = greatest(value, (SELECT max(revision) FROM gone))"
            " WHERE key = 'state_forgotten' AND EXISTS (SELECT 1 FROM gone)",
            float(TOLD_S),
        )


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except AwayError as error:
        raise HubAwayError(str(error)) from error


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    """HubAwayError where what is asked takes too long."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            with _translated():
                yield
    except TimeoutError:
        raise HubAwayError("the database does not answer") from None
