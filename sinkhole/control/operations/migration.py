"""The log on its way to the database that several share, and back into the file of one.

There it goes by itself, from the moment on at which the settings name a database: whoever opens the
page would else find that all he had is gone. Back it goes when somebody wants that.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Final, Literal

from pydantic import Field

from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Input, Nothing, Output, operation
from sinkhole.control.operations.refusals import refusal, with_log
from sinkhole.control.operations.underway import Taking
from sinkhole.control.postgres.takeout import Node, Takeout, takeout_of
from sinkhole.control.querylog import Position, QueryLog, position_of, stream_of
from sinkhole.model.actor import Actor, Permission
from sinkhole.model.errors import RequestError

MIGRATE: Final = "storage.migrate"
HOUR_S: Final = 3600

ROWS_A_SECOND: Final = 20_000
"""About what is sent, or taken, of what there was before."""


class Migration(Output):
    """How far it is."""

    is_shared: bool = Field(description="Whether the settings name a database.")
    is_away: bool = Field(description="Whether that can't be reached now.")
    rows: int = Field(description="Queries that the file had when they began to be sent.")
    left: int = Field(description="Queries of these that are not on their way yet.")
    waiting: int = Field(description="Queries of now that wait to be sent.")
    is_sent: bool = Field(description="Whether all that the file has is in the database.")
    taken: int | None = Field(description="Queries that were taken from it, while some are.")
    to_take: int | None = Field(description="Queries that are to be, with those.")


class MigrationWanted(Input):
    """Which way, and of whom."""

    direction: Literal["to_database", "from_database"]
    node: str = Field(
        default="", max_length=100, description="Only what this node sent; else all others."
    )
    url: str = Field(
        default="",
        max_length=2000,
        pattern=r"^(postgres(ql)?://\S+)?$",
        description='The database, where it is not that of "storage.url" any more.',
    )
    again: bool = Field(
        default=False,
        description="Send everything once more, as after the database was restored from a backup.",
    )
    dry_run: bool = Field(default=False, description="Only tell what there is to do.")


class Migrated(Output):
    """What was done, or is to be."""

    rows: int = Field(description="Queries that were taken, or are to be sent or taken.")
    seconds: int = Field(description="About how long that takes.")
    nodes: list[str] = Field(description="The nodes that they are of.")


@operation("storage.migration", Permission.STATUS_READ)
async def show(house: House, actor: Actor, given: Nothing) -> Migration:
    """Show how much of the log was sent to the database that several share, or taken from it."""
    taking = house.underway.taking
    taken, to_take = (taking.taken, taking.rows) if taking is not None else (None, None)
    log = house.query_log() if house.is_serving else None
    earlier = log.earlier if log is not None else None
    waiting = log.outbox.waiting_rows if log is not None else 0
    return Migration(
        is_shared=log is not None and log.is_shared,
        is_away=log is not None and log.is_shared and not log.is_read_there,
        rows=earlier.rows if earlier is not None else 0,
        left=earlier.left if earlier is not None else 0,
        waiting=waiting,
        is_sent=earlier is not None and not earlier.is_underway and not waiting,
        taken=taken,
        to_take=to_take,
    )


@operation(
    MIGRATE,
    Permission.LOG_WRITE,
    changes=True,
    audited=frozenset({"direction", "node", "again", "dry_run"}),
)
async def migrate(house: House, actor: Actor, given: MigrationWanted) -> Migrated:
    """Send what the log had before it was shared to the database, or take what the database has
    into the log of this server: queries and statistics, each once.

    There it goes by itself; this tells how much is left, or begins again. From there, all that
    others sent is taken, up to the beginning of this hour: who is interrupted goes on by the same
    call, and later calls take what has come since. Rows that are older than the log keeps them are
    left.
    """
    if given.direction == "to_database":
        return _sent(house, given)
    underway = refusal("conflict", "too_many_underway", "a log is being taken already")
    with house.underway.one_of(1, MIGRATE, underway), with_log():
        if given.url and not actor.may(Permission.SETTINGS_WRITE):
            raise RequestError(
                "forbidden",
                "permission_missing",
                f"another database needs the permission {Permission.SETTINGS_WRITE}, "
                f"which {actor.name} does not have",
                {"permission": str(Permission.SETTINGS_WRITE)},
            )
        url = given.url or house.settings.settings.storage.url
        if not url:
            raise _not_shared()
        try:
            async with takeout_of(url) as takeout, house.log_to_write() as log:
                return await _Taking(house, takeout, log).run(given)
        finally:
            house.underway.taking = None


def _sent(house: House, given: MigrationWanted) -> Migrated:
    log = house.query_log()
    if not log.is_shared:
        raise _not_shared()
    if given.again and not given.dry_run:
        log.send_again()
    earlier = log.earlier
    rows = log.status()["rows"] if given.again or earlier.is_asked else earlier.left
    node = house.settings.settings.storage.node
    return Migrated(rows=rows, seconds=_seconds(rows), nodes=[node] if node else [])


def _not_shared() -> RequestError:
    text = "no database is set: set storage.url to one, or say which"
    return refusal("conflict", "log_not_shared", text)


def _seconds(rows: int) -> int:
    return -(-rows // ROWS_A_SECOND)


class _Taking:
    """One log that is taken from a database."""

    def __init__(self, house: House, takeout: Takeout, log: QueryLog) -> None:
        self._house = house
        self._takeout = takeout
        self._log = log
        settings, now_s = house.settings.settings, int(time.time())
        keep_s = settings.query_log.keep if settings.query_log.enabled else 0
        self._end = now_s // HOUR_S * HOUR_S
        self._since = (
            (now_s - int(keep_s)) // HOUR_S * HOUR_S,
            (now_s - int(settings.stats.keep)) // HOUR_S * HOUR_S,
        )

    async def run(self, given: MigrationWanted) -> Migrated:
        """All of it."""
        nodes = await self._nodes(given.node)
        counted = [await self._count(node) for node in nodes]
        names = sorted({node.name for node in nodes})
        if given.dry_run:
            rows = sum(counted)
            return Migrated(rows=rows, seconds=_seconds(rows), nodes=names)
        taking = self._house.underway.taking = Taking(sum(counted))
        began = asyncio.get_running_loop().time()
        for node in nodes:
            await self._take(node, taking)
        seconds = round(asyncio.get_running_loop().time() - began)
        return Migrated(rows=taking.taken, seconds=seconds, nodes=names)

    async def _nodes(self, name: str) -> Sequence[Node]:
        """Those that are meant; what this very file sent is in it already."""
        own = await stream_of(self._house.log_reader(), even_if_not_shared=True)
        found = [each for each in await self._takeout.nodes() if each.stream != own]
        if name and name not in {each.name for each in found}:
            others = ", ".join(sorted({each.name for each in found})) or "none"
            text = f"there is no other node {name!r} in the database; there are: {others}"
            raise refusal("not_found", "node_unknown", text)
        return [each for each in found if not name or each.name == name]

    async def _position(self, node: Node) -> Position:
        return await position_of(self._house.log_reader().rows, node.stream)

    async def _count(self, node: Node) -> int:
        since, before = self._since[0] * 1_000_000, self._end * 1_000_000
        return await self._takeout.count(node, await self._position(node), since, before)

    async def _take(self, node: Node, taking: Taking) -> None:
        writing: asyncio.Future[int] | None = None
        after = await self._position(node)
        async for piece in self._takeout.slices(node, after, self._since, self._end):
            before = writing  # the next is read while one is written
            writing = self._log.take_over(piece)
            taking.taken += await before if before is not None else 0
        taking.taken += await writing if writing is not None else 0
