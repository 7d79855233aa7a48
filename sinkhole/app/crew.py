"""A crew of workers: one process for each slot, which is started anew when it ends, and the places
that all of them answer at.

Each place has a socket for each slot, which this process holds as well. While a slot has nobody,
another worker takes what comes there; while there is none at all, it waits in the kernel.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count as count_up
from typing import Final

from sinkhole.app.worker_process import Owner, WorkerProcess
from sinkhole.dns.server.socket_group import SocketGroup
from sinkhole.dns.server.sockets import Bound, Transport
from sinkhole.dns.worker.link import Kind
from sinkhole.dns.worker.plane import Place
from sinkhole.dns.worker.state import PlaneState, count_into
from sinkhole.dns.worker.worker import NUMBER, STATE_EVERY_S
from sinkhole.model.acceptor import Acceptor
from sinkhole.model.tasks import Tasks

log = logging.getLogger(__name__)

SETTLED_S: Final = 10.0
"""Who has lived for so long is followed at once, others after a pause."""

FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 30.0
"""Before one is started that follows one who did not live long: twice as long each time."""

SILENT: Final = 10
"""Looks in a row, one a second, after which a worker that says nothing is taken for stuck."""

QUIET: Final = 2
"""Looks in a row after which it is told that a worker says nothing: one may be late."""

READY_S: Final = 10.0
"""How long workers that do not answer yet are waited for before all are let go."""

Brief = Callable[[WorkerProcess], None]
"""Tells a worker that has just been started all that is to be known."""


_numbers = count_up(1)


class Places:
    """The sockets of all places, by transport, host and port, each with who serves it now."""

    def __init__(self) -> None:
        self._groups: dict[tuple[Transport, str, int], tuple[SocketGroup, HandedOver | None]] = {}

    def inherit(self, groups: Mapping[Bound, Sequence[socket.socket]]) -> None:
        """Begin with sockets that a program before has left, which nobody serves yet."""
        for bound, others in groups.items():
            self._groups[_key(bound)] = SocketGroup(bound, others), None

    @property
    def bounds(self) -> list[Bound]:
        """The first socket of each."""
        return [group.bound for group, _ in self._groups.values()]

    def gather(self) -> None:
        """Have what comes to places that nobody was handed over go to the first socket, which this
        process listens on."""
        for group, server in self._groups.values():
            if server is None:
                group.spread(1)

    def drop(self) -> None:
        """Close what of these nothing comes to any more."""
        for key, (group, server) in list(self._groups.items()):
            if server is None:
                group.trim()
                group.close()
                del self._groups[key]

    def left(self) -> dict[Bound, list[socket.socket]]:
        """Copies of all sockets, see `SocketGroup.left`."""
        return dict(group.left() for group, _ in self._groups.values())

    def take(self, bound: Bound, over: str, server: HandedOver) -> SocketGroup:
        """The sockets of a place, which this one serves from now on, and what is spoken there."""
        group, _ = self._groups.get(_key(bound)) or (None, None)
        group = group or SocketGroup(bound._replace(sock=bound.sock.dup()))
        group.is_plain = not over
        self._groups[_key(bound)] = group, server
        return group

    def leave(self, server: HandedOver) -> None:
        """Close what this one was the last to serve, and what of others nothing comes to now."""
        for key, (group, serving) in list(self._groups.items()):
            if serving is server:
                group.close()
                del self._groups[key]
            else:
                group.trim()


def _key(bound: Bound) -> tuple[Transport, str, int]:
    return bound.transport, bound.host, bound.port


class Crew:
    """So many workers, from `start` to `stop`; `brief` tells each who comes what is to be known.

    `number` is this crew's alone. `ended` is how often one ended that nobody had told to,
    `ended_at` when the last one did, and `counted` what those had counted that are gone.
    """

    def __init__(self, count: int, owner: Owner, brief: Brief, places: Places) -> None:
        self.number = next(_numbers)
        self.count = count
        self.ended = 0
        self.ended_at = -float("inf")
        self.counted: Counter[str] = Counter()
        self._owner = owner._replace(ready=self._joins, ended=self._lost)
        self._brief, self._places = brief, places
        self._workers: list[WorkerProcess | None] = [None] * count
        self._began = [0.0] * count
        self._pause_s = [FIRST_PAUSE_S] * count
        self._gone: list[WorkerProcess | None] = []
        """Those that were let go: what they have open is closed by the end of this program."""
        self._handed: list[HandedOver] = []
        self._news = asyncio.Event()
        self._tasks = Tasks("crew", limit=count + 1, faults=owner.faults)

    async def start(self, patience_s: float) -> bool:
        """Start all; whether all of them answer within so long. OSError where none can be had."""
        begun = [self._begin(slot) for slot in range(self.count)]
        for error in await asyncio.gather(*begun, return_exceptions=True):
            if error is not None:  # but not before each can be told to stop
                raise error
        self._tasks.keep("watch", self._watch)
        return await self._answer(patience_s)

    async def _answer(self, patience_s: float) -> bool:
        """Whether all answer within so long."""
        try:
            async with asyncio.timeout(patience_s):
                while len(self.ready) < self.count:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return False
        return True

    async def stop(self, patience_s: float) -> None:
        """Have all answer what waits for so long, and end."""
        await self._tasks.close()
        workers = [each for each in self._workers if each is not None]
        await asyncio.gather(*(each.stop(patience_s) for each in workers))
        for each in workers:
            self._note(each)

    async def let_go(self) -> list[tuple[int, int]]:
        """Have nothing to do any more with those that answer, which go on: their processes and the
        links to them, by number. TimeoutError where one does not listen, or there is none; then all
        go on as ours."""
        if not await self._answer(READY_S) and not self.ready:
            raise TimeoutError("no worker answers")
        ready = self.ready
        try:
            await asyncio.gather(*(each.pause() for each in ready))
        except TimeoutError:
            for each in ready:
                each.say(Kind.GO_ON)
            raise
        await self._tasks.close()
        await self._end_all_but(ready)
        self._gone, self._workers = self._workers, [None] * self.count
        return [each.let_go() for each in ready if each.is_ready]

    async def _end_all_but(self, those: Sequence[WorkerProcess]) -> None:
        """End the others: nobody would wait for them."""
        others = [each for each in self._workers if each is not None and each not in those]
        for each in others:
            each.let_go()
        await asyncio.gather(*(each.bury() for each in others))

    def hand(self, over: str, transport: Transport, bound: Bound) -> HandedOver:
        """Answer at a place from now on; its socket stays whose it was."""
        handed = HandedOver(self, self._places, over)
        handed.listen(bound)
        self._handed.append(handed)
        return handed

    def forget(self, handed: HandedOver) -> None:
        """A place is closed."""
        if handed in self._handed:
            self._handed.remove(handed)

    @property
    def states(self) -> list[PlaneState]:
        """What each of those said last of how it does."""
        return [each.state for each in self.ready if each.state is not None]

    def _note(self, worker: WorkerProcess) -> None:
        """Keep what one has counted that is gone."""
        if worker.state is not None:
            count_into(self.counted, worker.state)

    @property
    def ready(self) -> list[WorkerProcess]:
        """Those that answer now."""
        return [each for each in self._workers if each is not None and each.is_ready]

    @property
    def quiet(self) -> list[WorkerProcess]:
        """Those that are to answer, and have said nothing for a while."""
        return [each for each in self.ready if each.silent_looks >= QUIET]

    def __iter__(self) -> Iterator[WorkerProcess]:
        """Those that can be told something."""
        return (each for each in self._workers if each is not None and each.is_alive)

    def keeper(self, slot: int) -> WorkerProcess | None:
        """Who is to take what comes to a slot: its own worker, or else another one."""
        own = self._workers[slot]
        if own is not None and own.is_ready:
            return own
        ready = self.ready
        return ready[slot % len(ready)] if ready else None

    # -- coming and going ----------------------------------------------------------------------

    async def _begin(self, slot: int) -> None:
        worker = self._workers[slot] = WorkerProcess(slot, self._owner)
        self._began[slot] = time.monotonic()
        await worker.start()
        self._brief(worker)

    def _joins(self, worker: WorkerProcess) -> None:
        self._news.set()
        for each in self._handed:
            each.arrange()

    def _lost(self, worker: WorkerProcess) -> None:
        self.ended += 1
        self.ended_at = time.monotonic()
        self._note(worker)
        for each in self._handed:
            each.arrange()
        self._tasks.start(f"follow {worker.slot}", self._follow(worker))

    async def _follow(self, worker: WorkerProcess) -> None:
        """Bury one and start the next one."""
        await worker.bury()
        slot = worker.slot
        log.warning("worker %d ended with code %s, and is started anew", slot, worker.code)
        while True:
            if time.monotonic() - self._began[slot] < SETTLED_S:
                # Where nobody else answers, all wait for this one.
                await asyncio.sleep(self._pause_s[slot] if self.ready else FIRST_PAUSE_S)
                self._pause_s[slot] = min(2 * self._pause_s[slot], LONGEST_PAUSE_S)
            else:
                self._pause_s[slot] = FIRST_PAUSE_S
            try:
                await self._begin(slot)
            except OSError as error:
                log.warning("worker %d can't be started: %s", slot, error)
            else:
                return

    async def _watch(self) -> None:
        """End workers that say nothing any more. Looks are counted and not seconds, as this process
        may have been stopped itself."""
        silent: dict[WorkerProcess, tuple[int, int]] = {}
        while True:
            await asyncio.sleep(STATE_EVERY_S)
            before, silent = silent, {}
            for worker in self.ready:
                states, looks = before.get(worker, (-1, 0))
                looks = looks + 1 if states == worker.states else 0
                silent[worker] = worker.states, looks
                worker.silent_looks = looks
                if looks == SILENT:
                    log.warning("worker %d is stuck, and is ended", worker.slot)
                    worker.abort()


class HandedOver:
    """A listen address as a crew serves it (see `Listener`), and what is spoken `over` it."""

    def __init__(self, crew: Crew, places: Places, over: str) -> None:
        self.acceptors: list[Acceptor] = []
        self._crew, self._places, self._over = crew, places, over
        self._keepers: list[dict[WorkerProcess, int]] = [{} for _ in range(crew.count)]
        self._group: SocketGroup | None = None
        self._is_closed = False
        self._leaving = Tasks("leaving", faults=None)

    def listen(self, bound: Bound) -> None:
        """Have it served by the crew."""
        self._group = self._places.take(bound, self._over, self)
        self._group.spread(self._crew.count)
        self.arrange()

    def arrange(self) -> None:
        """See that each socket has somebody who takes what comes there, and no more than one when
        the one that it is for is there."""
        if self._group is None or self._is_closed:
            return
        for slot, keepers in enumerate(self._keepers):
            for gone in [each for each in keepers if not each.is_alive]:
                del keepers[gone]
            keeper = self._crew.keeper(slot)
            if keeper is None:
                continue
            if keeper not in keepers:
                sock = self._group.socket_for(slot)
                keepers[keeper] = keeper.take(self._place(self._group.bound), sock)
            for other in [each for each in keepers if each is not keeper]:
                self._leaving.start("place", other.leave(keepers.pop(other)))

    def rest(self) -> None:
        """Take what waits, and then nothing until `resume`: all that comes waits in one socket,
        for whoever serves it then."""
        if self._group is not None:
            self._group.spread(1)
        self._say(Kind.REST)

    def resume(self) -> None:
        """Go on."""
        if self._group is not None:
            self._group.spread(self._crew.count)
        self._say(Kind.RESUME)

    async def stop(self) -> None:
        """Have all answer what came here, and close it."""
        self._is_closed = True
        numbers = [pair for keepers in self._keepers for pair in keepers.items()]
        await asyncio.gather(*(worker.leave(number) for worker, number in numbers))
        await self._leaving.close(0)
        self._crew.forget(self)
        self._places.leave(self)

    def hang_up(self) -> None:
        """Close the connections that were taken, by all places."""
        if not self._is_closed:
            for worker in self._crew:
                worker.say(Kind.HANG_UP)

    def _say(self, kind: Kind) -> None:
        for keepers in self._keepers:
            for worker, number in keepers.items():
                worker.say(kind, NUMBER.pack(number))

    def _place(self, bound: Bound) -> Place:
        where = bound.transport, bound.host, bound.port, bound.pktinfo
        return Place(0, *where, self._over)
