"""The connections to one server, and the only file that calls asyncpg.

It is imported with the first connection: who has no such server need not have it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any, Final

from sinkhole.control.database import Row
from sinkhole.model.errors import StorageError

MOST_CONNECTIONS: Final = 6
"""Of one sinkhole for its log: one that sends, and those of who reads."""

CONNECT_S: Final = 10.0
STATEMENT_S: Final = 120.0
"""How long anything may take, so that a server that is silent is known to be away."""

_SETTINGS: Final = {
    "application_name": "sinkhole",
    "search_path": "sinkhole",
    "timezone": "UTC",
    # What is not on its disk is not sent: whoever sent it forgets it.
    "synchronous_commit": "on",
    # What is looked for differs so much that a plan for one search does not suit the next.
    "plan_cache_mode": "force_custom_plan",
    "jit": "off",
}
_LOST_CODES: Final = ("57P", "08")
"""SQLSTATEs of a server that goes down or starts, and of connections that are lost."""


class AwayError(StorageError):
    """The server can't be reached: what was asked of it may be asked again later."""


class Session:
    """One connection, within a transaction."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def rows(self, sql: str, *values: Any, timeout_s: float | None = None) -> list[Row]:
        """Run one statement and return all of its rows; `timeout_s` where it may take long."""
        found = await self._connection.fetch(sql, *values, timeout=timeout_s)
        return [tuple(row) for row in found]

    async def value(self, sql: str, *values: Any) -> Any:
        """The first column of the first row, None if there is no row."""
        return await self._connection.fetchval(sql, *values)

    async def copy(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Add many rows at once (COPY, binary)."""
        await self._connection.copy_records_to_table(table, records=rows, columns=columns)


class Server:
    """A few connections, opened when they are needed. StorageError from all methods, AwayError
    where the server can't be reached."""

    def __init__(self, pool: Any, connect: Callable[[], Awaitable[Any]]) -> None:
        self.on_away: Callable[[], None] = lambda: None
        """Called when whoever reads finds it away."""
        self._pool = pool
        self._connect = connect
        self._listening: set[Any] = set()

    @classmethod
    async def connect(
        cls, url: str, most_connections: int = MOST_CONNECTIONS, connect_s: float = CONNECT_S
    ) -> Server:
        """Reach a server by so many connections, each within `connect_s`; StorageError where it
        can't be or refuses."""
        import asyncpg

        terms = {
            "timeout": connect_s,
            "command_timeout": STATEMENT_S,
            "server_settings": _SETTINGS,
        }
        try:
            with _translated():
                pool = await asyncpg.create_pool(
                    url, min_size=0, max_size=most_connections, **terms
                )
                await pool.execute("SELECT 1")
        except ValueError:  # not quoted: it may hold a password
            raise StorageError("the address of the database is not understood") from None
        return cls(pool, partial(asyncpg.connect, url, **terms))

    async def rows(self, sql: str, *values: Any, timeout_s: float | None = None) -> list[Row]:
        """Run one statement and return all of its rows; TimeoutError after `timeout_s`."""
        try:
            with _translated(keeps_timeout=timeout_s is not None):
                found = await self._pool.fetch(sql, *values, timeout=timeout_s)
        except AwayError:
            self.on_away()
            raise
        return [tuple(row) for row in found]

    async def value(self, sql: str, *values: Any) -> Any:
        """The first column of the first row, None if there is no row."""
        rows = await self.rows(sql, *values)
        return rows[0][0] if rows else None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Session]:
        """A transaction around a block, undone when the block raises."""
        with _translated():
            async with self._pool.acquire() as connection, connection.transaction():
                yield Session(connection)

    @asynccontextmanager
    async def listening(
        self, channel: str, on_word: Callable[[], None]
    ) -> AsyncIterator[Callable[[], Awaitable[None]]]:
        """Have it called when something is notified on a channel, and when the connection that
        listens is lost. What this gives asks whether it still listens: AwayError where not."""

        def told(*_: Any) -> None:
            on_word()

        async def listens() -> None:
            with _translated():
                await connection.execute("SELECT 1")

        with _translated():
            connection = await self._connect()
        self._listening.add(connection)
        try:
            connection.add_termination_listener(told)
            with _translated():
                await connection.add_listener(channel, told)
            yield listens
        finally:
            self._listening.discard(connection)
            connection.terminate()

    def give_up(self) -> None:
        """Close all connections, at once; AwayError for whoever waits for something. Whoever is
        cancelled instead may have to wait until a server that is silent has agreed to that."""
        self._pool.terminate()
        for each in self._listening:
            each.terminate()

    async def close(self) -> None:
        """Close all connections, at once."""
        self.give_up()


@contextmanager
def _translated(*, keeps_timeout: bool = False) -> Iterator[None]:
    try:
        yield
    except TimeoutError:
        if keeps_timeout:
            raise
        raise AwayError("the database does not answer") from None
    except Exception as error:
        if (told := _told(error)) is None:
            raise
        raise told from error


def _told(error: Exception) -> StorageError | None:
    """What an error means; None where it is neither the server's nor a connection's."""
    import asyncpg

    if isinstance(error, asyncpg.PostgresError):
        if str(error.sqlstate).startswith(_LOST_CODES):
            return AwayError(f"the database can't be reached: {error}")
        return StorageError(f"the database refuses: {error}")
    if isinstance(error, (OSError, asyncpg.InterfaceError)):
        return AwayError(f"the database can't be reached: {error}")
    return None
