"""A restart that nobody who asks notices: the program begins anew in the same process, and what
answers goes on beside it.

    before   answers are given by workers, a single one where there were none (`Workers`)
    passing  sockets and links to workers outlive `exec`; what they are, the environment says
    after    the sockets are listened on by the new program; once that answers, the workers of the
             one before are told to end, and their last records are read

What is inherited is believed, as only this program can have left it: who may write the environment
of a process can do as he likes with it anyway.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sinkhole.dns.server.sockets import Bound
from sinkhole.dns.worker.link import Kind, Link
from sinkhole.dns.worker.records import RecordUnpacker
from sinkhole.dns.worker.worker import SECONDS
from sinkhole.model.faults import Faults
from sinkhole.model.record import RecordBuffer
from sinkhole.model.tasks import Tasks

log = logging.getLogger(__name__)

VARIABLE: Final = "SINKHOLE_HANDED_OVER"

FORMAT: Final = 1
"""Of what is said there, and of records. What workers of another format say is not read."""

ANSWER_S: Final = 1.5
"""How long queries that wait at workers of the program before may go on."""

END_S: Final = 10.0
"""When these workers are not waited for any longer."""


class PlaceLeft(NamedTuple):
    """A socket that is listened on, by its number, and the others that share its port."""

    bound: tuple[int, str, str, int, bool]
    others: tuple[int, ...]


class WorkerLeft(NamedTuple):
    """A worker that goes on, and the number of the link to it."""

    pid: int
    link: int


class Left(NamedTuple):
    """All that is left to the program that follows."""

    places: Sequence[PlaceLeft] = ()
    workers: Sequence[WorkerLeft] = ()

    @classmethod
    def behind(
        cls,
        groups: Mapping[Bound, Sequence[socket.socket]],
        workers: Iterable[tuple[int, int]],
    ) -> Left:
        """These sockets, which are given away, and workers with the links to them, by number."""
        places = [
            PlaceLeft((bound.sock.detach(), *bound[1:]), tuple(each.detach() for each in others))
            for bound, others in groups.items()
        ]
        return cls(places, [WorkerLeft(pid, os.dup(link)) for pid, link in workers])

    @property
    def handles(self) -> list[int]:
        """The numbers that have to outlive `exec`."""
        sockets = [number for place in self.places for number in (place.bound[0], *place.others)]
        return [*sockets, *(each.link for each in self.workers)]

    def into(self, environ: Mapping[str, str]) -> dict[str, str]:
        """An environment that says so."""
        return {**environ, VARIABLE: json.dumps([FORMAT, self.places, self.workers])}

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Left:
        """What the program before has left, if any."""
        text = environ.get(VARIABLE, "")
        if not text:
            return cls()
        _, places, workers = json.loads(text)
        return cls(
            [PlaceLeft(tuple(bound), tuple(others)) for bound, others in places],
            [WorkerLeft(*each) for each in workers],
        )


class Inheritance:
    """What this program takes over: `groups` of sockets, the first of each with the others on its
    port. When others answer, `settle`; `close` in the end."""

    def __init__(self, environ: Mapping[str, str], buffer: RecordBuffer, faults: Faults) -> None:
        left = Left.of(environ)
        is_read = environ.get(VARIABLE, "").startswith(f"[{FORMAT},")
        for number in left.handles:
            os.set_inheritable(number, False)
        self.groups = {
            _bound(*place.bound): [_socket(each) for each in place.others] for place in left.places
        }
        self._workers = [OldWorker(each, buffer, faults, is_read) for each in left.workers]
        self._tasks = Tasks("handover", limit=1, faults=faults)

    def settle(self, then: Callable[[], None]) -> None:
        """Have the workers of before end, and read what they say last; `then` do this."""
        if self._workers:
            self._tasks.start("last words", self._dismiss(then))
        else:
            then()

    async def settled(self) -> None:
        """Wait until that is done."""
        await self._tasks.close(2 * END_S)

    async def close(self, patience_s: float = 0.0) -> None:
        """Wait for nobody any more, or only so long."""
        await self._tasks.close(patience_s)

    async def _dismiss(self, then: Callable[[], None]) -> None:
        await asyncio.gather(*(each.dismiss() for each in self._workers))
        then()


class OldWorker:
    """A worker of the program before."""

    def __init__(
        self, left: WorkerLeft, buffer: RecordBuffer, faults: Faults, is_read: bool
    ) -> None:
        self._pid = left.pid
        self._buffer, self._is_read, self._faults = buffer, is_read, faults
        self._unpacker = RecordUnpacker()
        self._ended = asyncio.Event()
        self._link = Link(socket.socket(fileno=left.link), self._take, self._ended.set)

    async def dismiss(self) -> None:
        """Have it answer what it has, and end."""
        self._link.start()
        self._link.send(Kind.GO_ON)
        self._link.send(Kind.STOP, SECONDS.pack(ANSWER_S))
        try:
            async with asyncio.timeout(END_S):
                await self._ended.wait()
        except TimeoutError:
            log.warning("process %d of the program before did not end, and is killed", self._pid)
            os.kill(self._pid, signal.SIGKILL)
        finally:
            self._link.close()
        await asyncio.to_thread(_bury, self._pid)

    def _take(self, kind: Kind, payload: bytes) -> None:
        if kind is Kind.RECORDS and self._is_read:
            with self._faults.contain("the last records of the program before"):
                for batch in self._unpacker.unpack(payload):
                    self._buffer.append(batch)


def _bury(pid: int) -> None:
    """Wait for the end of a process, which is our child, as the program before was this process."""
    try:
        os.waitpid(pid, 0)
    except ChildProcessError:
        log.debug("process %d was waited for already", pid)


def _bound(number: int, transport: Any, host: str, port: int, pktinfo: bool) -> Bound:
    return Bound(_socket(number), transport, host, port, pktinfo)


def _socket(number: int) -> socket.socket:
    sock = socket.socket(fileno=number)
    sock.setblocking(False)
    return sock
