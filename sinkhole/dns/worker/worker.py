"""The process of a worker: one plane, fed and emptied by the process that started it.

What comes is done in order. Before the first policy nothing is answered: places wait, and what
comes there waits in the kernel. When the other end of the link is gone, nobody would look after
this process any more: it answers what waits, and ends.
"""

from __future__ import annotations

import asyncio
import logging
import marshal
import pickle
import signal
import socket
import struct
from functools import partial
from typing import Final

from sinkhole.dns.worker.facts import AddressFacts, FactsToldOf
from sinkhole.dns.worker.kept import About, records_of, take_up
from sinkhole.dns.worker.link import Kind, Link
from sinkhole.dns.worker.plane import Place, Plane, PlaneTerms
from sinkhole.dns.worker.policies import PolicyUnpacker
from sinkhole.dns.worker.records import RecordPacker
from sinkhole.model.errors import ListError
from sinkhole.model.faults import Faults
from sinkhole.model.memory import release_free_memory, spare_collection
from sinkhole.model.short_turns import short_turns
from sinkhole.model.tasks import Tasks

log = logging.getLogger(__name__)

STATE_EVERY_S: Final = 1.0
"""How often it says how it does."""

RECORDS_AFTER_S: Final = 0.1
"""How long records wait for others, which then go in one message."""

MOST_RECORDS: Final = 2000
"""In one message: some 20 kB."""

MOST_WAITING: Final = 1 << 18
"""Bytes that the other end has not taken; then records wait in their buffer, which is bounded."""

PATIENCE_S: Final = 1.5
"""How long queries that wait may go on, where nobody is left to say so; and how long the last
records may take."""

PLACE_BYTES: Final = 1024
NUMBER: Final = struct.Struct("=I")
SECONDS: Final = struct.Struct("=d")

_Message = tuple[Kind, bytes]


class Worker:
    """Serves from `run` on, until it is told to stop or `link` ends; `places` brings sockets."""

    def __init__(self, link: socket.socket, places: socket.socket) -> None:
        self._faults = Faults()
        self._ending = asyncio.Event()
        self._patience_s = PATIENCE_S
        self._link = Link(link, self._take, self._ending.set)
        self._link.on_room = self._has_room
        self._room = asyncio.Event()
        self._sockets = places
        self._facts = FactsToldOf(partial(self._link.send, Kind.SOUGHT))
        self._policies = PolicyUnpacker(self._facts.facts)
        self._records = RecordPacker()
        self._terms: PlaneTerms | None = None
        self._pair = b"", b""
        self._kept = b""
        self._plane: Plane | None = None
        self._early: list[tuple[Place, socket.socket]] = []
        self._todo: asyncio.Queue[_Message] = asyncio.Queue()
        self._tasks = Tasks("worker", faults=self._faults)
        self._is_sending = False

    async def run(self) -> None:
        """Serve. Signals are for the process that started it, which says what to do, but some who
        send them mean all processes of a service."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR2):
            signal.signal(number, signal.SIG_IGN)
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._faults.of_loop)
        self._sockets.setblocking(False)
        self._link.start()
        loop.add_reader(self._sockets, self._receive)
        self._tasks.keep("messages", self._work)
        self._tasks.keep("state", self._tell)
        await self._ending.wait()
        loop.remove_reader(self._sockets)
        await self._tasks.close()
        if self._plane is not None:
            await self._plane.stop(self._patience_s)
            await self._send_last()
        self._link.close()

    # -- what comes ----------------------------------------------------------------------------

    def _take(self, kind: Kind, payload: bytes) -> None:
        if kind is Kind.STOP:
            (self._patience_s,) = SECONDS.unpack(payload)
            self._ending.set()
        elif kind is Kind.KNOWN:  # queries wait for it
            told = AddressFacts.unpack(payload)
            self._facts.learn(told)
            if self._plane is not None:
                self._plane.pipeline.holding.learned(told.packed)
        elif kind is Kind.PAUSE:
            self._records.start_anew()
            self._link.hold(Kind.PAUSED)
        elif kind is Kind.GO_ON:
            self._link.release()
        else:
            self._todo.put_nowait((kind, payload))

    async def _work(self) -> None:
        while True:
            kind, payload = await self._todo.get()
            with self._faults.contain(f"a message ({kind.name.lower()})"):
                await self._do(kind, payload)

    async def _do(self, kind: Kind, payload: bytes) -> None:
        if kind is Kind.TERMS:
            self._use(pickle.loads(payload))
        elif kind is Kind.POLICY:
            await self._decide_by(payload)
        elif kind is Kind.TAKE_UP:
            self._kept = payload
        elif kind is Kind.CERTIFICATE:
            self._pair = pickle.loads(payload)
            if self._plane is not None:
                self._plane.show(*self._pair)
        elif self._plane is not None:
            await self._do_with(self._plane, kind, payload)

    async def _do_with(self, plane: Plane, kind: Kind, payload: bytes) -> None:
        if kind is Kind.FORGET:
            number, about = marshal.loads(payload)
            count = await plane.forget(About(*about))
            self._link.send(Kind.FORGOTTEN, marshal.dumps((number, count)))
        elif kind is Kind.TELL_KEPT:
            await self._tell_kept(plane, *marshal.loads(payload))
        elif kind is Kind.RENEW:
            plane.upstreams.forwarder.renew()
        elif kind is Kind.HANG_UP:
            plane.listeners.hang_up()
        elif kind in (Kind.REST, Kind.RESUME, Kind.CLOSE):
            (number,) = NUMBER.unpack(payload)
            self._receive()  # places come by another way
            if kind is Kind.REST:
                plane.rest(number)
            elif kind is Kind.RESUME:
                plane.resume(number)
            else:
                await plane.close(number)
                self._link.send(Kind.CLOSED, payload)

    def _use(self, terms: PlaneTerms) -> None:
        self._terms = terms
        if self._plane is not None:
            self._plane.use(terms)

    async def _decide_by(self, message: bytes) -> None:
        """Go over to a policy, made in a thread; the first one makes the plane."""
        try:
            with short_turns():
                policy = await asyncio.to_thread(self._policies.unpack, message)
        except ListError as error:
            self._link.send(Kind.REFUSED, str(error).encode())
            return
        if self._plane is not None:
            self._plane.pipeline.policy = policy
        elif self._terms is not None:
            self._plane = Plane(self._terms, policy, self._faults)
            self._begin(self._plane)
        release_free_memory()
        self._link.send(Kind.READY)

    def _begin(self, plane: Plane) -> None:
        plane.buffer.on_first = self._records_came
        plane.show(*self._pair)
        plane.start()
        if self._kept:
            with self._faults.contain("taking up answers"):
                take_up(plane.table, self._kept)
            self._kept = b""
        for place, sock in self._early:
            plane.take(place, sock)
        self._early.clear()
        spare_collection()

    def _receive(self) -> None:
        """Take all places that have come, with their sockets."""
        while True:
            try:
                data, handles, _, _ = socket.recv_fds(self._sockets, PLACE_BYTES, 1)
            except BlockingIOError:
                return
            if not data:
                asyncio.get_running_loop().remove_reader(self._sockets)
                return
            if not handles:
                log.error("no file descriptor is left for a place: this worker ends")
                self._ending.set()
                return
            place, sock = Place(*marshal.loads(data)), socket.socket(fileno=handles[0])
            if self._plane is not None:
                self._plane.take(place, sock)
            else:
                self._early.append((place, sock))

    # -- what goes -----------------------------------------------------------------------------

    def _records_came(self) -> None:
        asyncio.get_running_loop().call_later(RECORDS_AFTER_S, self._send_records)

    def _has_room(self) -> None:
        self._room.set()
        self._send_records()

    def _send_records(self) -> None:
        """All that wait, as long as the other end takes them; then again when it does."""
        if self._plane is None or self._is_sending:
            return
        self._is_sending = True  # a message that is taken at once makes room at once
        buffer = self._plane.buffer
        while len(buffer) and self._link.waiting < MOST_WAITING and self._link.is_open:
            self._link.send(Kind.RECORDS, self._records.pack(buffer.drain(MOST_RECORDS)))
        self._is_sending = False

    async def _tell_kept(
        self, plane: Plane, number: int, about: tuple[bytes | None, bool], stale_s: float
    ) -> None:
        async for records in records_of(plane.table, About(*about), stale_s):
            if self._link.waiting >= MOST_WAITING:
                self._room.clear()
                await self._room.wait()
            if records:
                self._link.send(Kind.KEPT, marshal.dumps((number, records)))
        self._link.send(Kind.KEPT, marshal.dumps((number, b"")))

    async def _send_last(self) -> None:
        assert self._plane is not None
        try:
            async with asyncio.timeout(PATIENCE_S):
                while self._link.is_open and (len(self._plane.buffer) or self._link.waiting):
                    self._send_records()
                    await asyncio.sleep(0.01)
        except TimeoutError:
            log.warning("the last records could not be handed over")

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(STATE_EVERY_S)
            if self._plane is not None and self._link.waiting < MOST_WAITING:
                self._link.send(Kind.STATE, marshal.dumps(dict(self._plane.state())))
