"""This node among those that share a database: says how it does, hears of the others and of what
they ask.

What was heard is kept, so that asking for it never waits for the database, and it is still there
while that is away. It has a connection of its own, as the log's may be busy for long.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from typing import Final

from sinkhole.control.postgres.members import Member, Members
from sinkhole.control.postgres.server import Server
from sinkhole.control.postgres.upkeep import opened
from sinkhole.control.querylog.backoff import Backoff
from sinkhole.model.errors import StorageError
from sinkhole.model.nodes import (
    AWAY_S,
    CONNECTING,
    Node,
    NodeReport,
    Nodes,
    NodeState,
    Wish,
    same_name,
)

LOOK_S: Final = 5.0
"""How often a node says how it does, and hears of the others."""


class Presence:
    """A node called `name`: `run` until `stop`.

    `report` is how it does; `look` finds out what that tells, and what tells its data folder from
    that of others, 0 while it is not known. `obey` does what another node asked for.
    """

    def __init__(
        self,
        url: str,
        name: str,
        report: Callable[[], NodeReport],
        look: Callable[[], Awaitable[int]],
        obey: Callable[[Wish], None],
    ) -> None:
        self._url = url
        self._name = name
        self._report = report
        self._look = look
        self._obey = obey
        self._box = 0
        self._process = secrets.token_hex(16)
        self._backoff = Backoff(what="nodes")
        self._ended = asyncio.Event()
        self._server: Server | None = None
        self._heard: list[Member] = []
        self._heard_at = self._heard_wall_s = 0.0

    def is_of(self, url: str, name: str) -> bool:
        """Whether it is told there, under that name."""
        return (url, name) == (self._url, self._name)

    @property
    def problem(self) -> str:
        """That another one has the same name, "" where none has."""
        return same_name(self._name) if self._has_twin else ""

    @property
    def nodes(self) -> Nodes:
        """All that are known, this one among them."""
        error = self._backoff.error or ("" if self._heard_at else CONNECTING)
        found = sorted([*self._others(error), self._own()], key=lambda each: each.name)
        return Nodes(tuple(found), True, error, self._heard_wall_s or None)

    async def ask(self, name: str, wish: Wish) -> bool:
        """Ask another node to be drained, or no more; whether it will hear of it. StorageError."""
        members = self._members()
        asked = await members.ask(name, wish)
        await self._hear(members)
        return asked > 0

    async def forget(self, name: str) -> bool:
        """Forget a node that is away; whether there was one. StorageError."""
        members = self._members()
        gone = await members.forget(name)
        await self._hear(members)
        return gone > 0

    def stop(self) -> None:
        """Let `run` end."""
        self._ended.set()

    async def run(self) -> None:
        """Say and hear until `stop`; what fails is shown and tried again."""
        try:
            while not self._ended.is_set():
                try:
                    await self._tell()
                    self._backoff.succeeded()
                except StorageError as error:
                    await self._disconnect()
                    self._backoff.report(str(error))
                with contextlib.suppress(TimeoutError):  # it is time to look
                    async with asyncio.timeout(LOOK_S):
                        await self._ended.wait()
        finally:
            await self._disconnect()

    async def _tell(self) -> None:
        if self._server is None:
            self._server = await opened(self._url, 1)
            self._own_members = Members(self._server, self._name, self._process)
        self._box = await self._look() or self._box
        members = self._own_members
        if wish := await members.say(self._report(), self._box):
            self._obey(wish)
            await members.say(self._report(), self._box)
        await self._hear(members)

    async def _hear(self, members: Members) -> None:
        self._heard = await members.all()
        self._heard_at, self._heard_wall_s = time.monotonic(), time.time()

    def _members(self) -> Members:
        if self._server is None:
            raise StorageError(self._backoff.error or CONNECTING)
        return self._own_members

    def _own(self) -> Node:
        return Node(self._name, True, "up", 0.0, self._report(), None, self._has_twin)

    def _others(self, error: str) -> Iterator[Node]:
        since_s, living = time.monotonic() - self._heard_at, self._living()
        for name, process, silent_s, report, wants_drain in self._heard:
            if process == self._process:
                continue
            silent_s += since_s
            state: NodeState = "unknown" if error else "away" if silent_s > AWAY_S else "up"
            has_twin = state == "up" and living[name] > 1
            yield Node(name, False, state, silent_s, report, wants_drain, has_twin)

    @property
    def _has_twin(self) -> bool:
        # Before its box is told, its own row of before a restart may still be there.
        return self._box != 0 and self._living()[self._name] > 1

    def _living(self) -> Counter[str]:
        """How many have each name, of those that were there when it was last heard of them."""
        found = Counter(each.name for each in self._heard if not each.is_away)
        if all(each.process != self._process for each in self._heard):
            found[self._name] += 1
        return found

    async def _disconnect(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            await server.close()
