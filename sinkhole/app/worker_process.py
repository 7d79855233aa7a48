"""One worker as the process that started it sees it: what it is told, and what it says."""

from __future__ import annotations

import asyncio
import logging
import marshal
import pickle
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any, Final, NamedTuple

from sinkhole.dns.filter.match import Matcher
from sinkhole.dns.policy.snapshot import Policy
from sinkhole.dns.worker.facts import AddressFacts
from sinkhole.dns.worker.kept import About
from sinkhole.dns.worker.link import Kind, Link
from sinkhole.dns.worker.plane import PATIENCE_S, Place, PlaneTerms
from sinkhole.dns.worker.policies import PolicyPacker
from sinkhole.dns.worker.records import RecordUnpacker
from sinkhole.dns.worker.state import PlaneState
from sinkhole.dns.worker.worker import NUMBER, SECONDS
from sinkhole.model.faults import Faults
from sinkhole.model.record import RecordBuffer
from sinkhole.model.short_turns import short_turns
from sinkhole.model.tasks import Tasks

log = logging.getLogger(__name__)

GRACE_S: Final = 2.0
"""How much longer than it was told a worker may take to end; then it is killed."""

RETRY_S: Final = 0.5
"""When a policy is sent anew that could not be had: a list was compiled anew in between."""


class Decision(NamedTuple):
    """A policy with the rules that its filters are choices of."""

    policy: Policy
    matcher: Matcher


class Owner(NamedTuple):
    """What a worker needs of the process that starts it: where records go, what is known of an
    address, and who is told that it is `ready` for the first time, or gone (`ended`)."""

    buffer: RecordBuffer
    know: Callable[[bytes], AddressFacts | None]
    ready: Callable[[WorkerProcess], None]
    ended: Callable[[WorkerProcess], None]
    faults: Faults


class WorkerProcess:
    """The worker of a slot, a number from 0 on: `start`, then `stop`.

    Between the two it is told terms, a certificate and a policy by `use`, `show` and `decide_by`;
    with the first policy it answers (`is_ready`). `state` is what it said last of how it does,
    `states` how often it has.
    """

    def __init__(self, slot: int, owner: Owner) -> None:
        self.slot = slot
        self.state: PlaneState | None = None
        self.states = 0
        self.silent_looks = 0
        """How often in a row it had said nothing new when somebody looked."""
        self.is_ready = self.is_alive = False
        self._owner = owner
        self._packer = PolicyPacker()
        self._unpacker = RecordUnpacker()
        self._wanted: Decision | None = None
        self._told = asyncio.Event()
        self._answered = asyncio.Event()
        self._was_refused = False
        self._number = 0
        self._paused = asyncio.Event()
        self._closing: dict[int, asyncio.Event] = {}
        self._pieces: dict[int, asyncio.Queue[tuple[Any, bool]]] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._tasks = Tasks(f"worker {slot}", faults=owner.faults)
        ours, self._its_link = socket.socketpair()
        self._link = Link(ours, self._take, self._end)
        self._places, self._its_places = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._places.setblocking(False)

    async def start(self) -> None:
        """Start the process; OSError where there can't be another one."""
        its = self._its_link, self._its_places
        numbers = [each.fileno() for each in its]
        level = logging.getLevelName(logging.getLogger().getEffectiveLevel())
        command = sys.executable, "-P", "-m", "sinkhole.dns.worker", *map(str, numbers), level
        try:
            # Not by asyncio, which kills its children when a restart has left them behind.
            self._process = await asyncio.to_thread(
                subprocess.Popen, command, stdin=subprocess.DEVNULL, pass_fds=numbers
            )
        except BaseException:
            self._close()
            raise
        finally:
            for each in its:
                each.close()
        self.is_alive = True
        self._link.start()
        self._tasks.keep("policies", self._decide)

    async def stop(self, patience_s: float) -> None:
        """Have it answer what waits for so long, and end."""
        self._owner = self._owner._replace(ready=nobody, ended=nobody)
        self._link.send(Kind.STOP, SECONDS.pack(patience_s))
        await self._wait(patience_s + GRACE_S)
        await self._tasks.close()
        self._close()

    def abort(self) -> None:
        """Kill it; that it is gone is noticed as if it had ended by itself."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()

    async def bury(self) -> None:
        """Close what is left of one that is gone."""
        self.abort()
        await self._wait(GRACE_S)
        await self._tasks.close()
        self._close()

    async def _wait(self, patience_s: float) -> None:
        """Until it has ended, or has been ended."""
        if self._process is None:
            return
        try:
            await asyncio.to_thread(self._process.wait, patience_s)
        except subprocess.TimeoutExpired:
            log.warning("worker %d did not end, and is killed", self.slot)
            self._process.kill()
            await asyncio.to_thread(self._process.wait)

    def _close(self) -> None:
        self.is_alive = self.is_ready = False
        self._link.close()
        self._places.close()
        for each in self._closing.values():
            each.set()

    @property
    def pid(self) -> int:
        """The number of the process; 0 before the start."""
        return self._process.pid if self._process is not None else 0

    @property
    def code(self) -> int | None:
        """What the process ended with, a signal's number below 0; None before."""
        return self._process.returncode if self._process is not None else None

    # -- what it is told -----------------------------------------------------------------------

    def say(self, kind: Kind, payload: bytes = b"") -> None:
        """Tell it something that has no answer."""
        self._link.send(kind, payload)

    def use(self, terms: PlaneTerms) -> None:
        """Have it go by these terms from now on."""
        self._link.send(Kind.TERMS, pickle.dumps(terms))

    def show(self, chain_pem: bytes, key_pem: bytes) -> None:
        """Have it show this certificate from now on; none where both are empty."""
        self._link.send(Kind.CERTIFICATE, pickle.dumps((chain_pem, key_pem)))

    def decide_by(self, decision: Decision) -> None:
        """Have it decide by another policy as soon as can be; of several the last one counts."""
        self._wanted = decision
        self._told.set()

    async def _decide(self) -> None:
        while True:
            await self._told.wait()
            self._told.clear()
            decision = self._wanted
            if decision is None:
                continue
            with short_turns():
                message = await asyncio.to_thread(self._packer.pack, *decision)
            self._answered.clear()
            self._link.send(Kind.POLICY, message)
            await self._answered.wait()
            if self._was_refused and decision is self._wanted:
                await asyncio.sleep(RETRY_S)
                self._told.set()

    def take(self, place: Place, sock: socket.socket) -> int:
        """Have it answer at a place, by a socket that stays ours as well; the place's number."""
        self._number += 1
        place = place._replace(number=self._number)
        if self.is_alive:
            try:
                socket.send_fds(self._places, [marshal.dumps(tuple(place))], [sock.fileno()])
            except BlockingIOError:  # it takes nothing any more
                self.abort()
            except OSError as error:  # it is about to be found gone
                log.debug("worker %d took no place: %s", self.slot, error)
        return self._number

    async def leave(self, number: int) -> None:
        """Have it answer what has come at a place, and close it."""
        if not self.is_alive:
            return
        closed = self._closing[number] = asyncio.Event()
        self._link.send(Kind.CLOSE, NUMBER.pack(number))
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE_S + PATIENCE_S):
                await closed.wait()
        self._closing.pop(number, None)

    async def pause(self) -> None:
        """Have it say nothing more until another process goes on with it. TimeoutError where it
        does not listen."""
        self._paused.clear()
        self._link.send(Kind.PAUSE)
        async with asyncio.timeout(GRACE_S):
            await self._paused.wait()

    def let_go(self) -> tuple[int, int]:
        """Have nothing to do with it any more, as another process has: its number, and that of the
        link's handle, which that process is to inherit."""
        self.is_alive = self.is_ready = False
        self._owner = self._owner._replace(ready=nobody, ended=nobody)
        return self.pid, self._link.fileno()

    # -- what it is asked ----------------------------------------------------------------------

    async def forget(self, about: About) -> int:
        """Have it forget answers that it keeps; how many it were."""
        count = 0
        async for said in self._asked(Kind.FORGET, (tuple(about),)):
            count += said
        return count

    async def records(self, about: About, stale_s: float) -> bytes:
        """Records of the answers that it keeps, see `records_of`."""
        records = bytearray()
        async for said in self._asked(Kind.TELL_KEPT, (tuple(about), stale_s)):
            records += said
        return bytes(records)

    async def _asked(self, kind: Kind, what: tuple[Any, ...]) -> AsyncIterator[Any]:
        """What it answers, in pieces; nothing more when it is gone or takes too long."""
        self._number += 1
        number, pieces = self._number, self._pieces.setdefault(self._number, asyncio.Queue())
        self._link.send(kind, marshal.dumps((number, *what)))
        try:
            while self.is_alive:
                async with asyncio.timeout(PATIENCE_S):
                    said, is_last = await pieces.get()
                yield said
                if is_last:
                    return
        except TimeoutError:
            log.warning("worker %d does not answer", self.slot)
        finally:
            del self._pieces[number]

    # -- what it says --------------------------------------------------------------------------

    def _take(self, kind: Kind, payload: bytes) -> None:
        with self._owner.faults.contain(f"what worker {self.slot} said ({kind.name.lower()})"):
            if kind is Kind.RECORDS:
                for batch in self._unpacker.unpack(payload):
                    self._owner.buffer.append(batch)
            elif kind is Kind.STATE:
                self.state = marshal.loads(payload)
                self.states += 1
            elif kind is Kind.SOUGHT:
                self._know(payload)
            elif kind in (Kind.READY, Kind.REFUSED):
                self._decided(kind, payload)
            elif kind is Kind.PAUSED:
                self._paused.set()
            elif kind in (Kind.FORGOTTEN, Kind.KEPT):
                number, said = marshal.loads(payload)
                if (pieces := self._pieces.get(number)) is not None:
                    pieces.put_nowait((said, kind is Kind.FORGOTTEN or not said))
            elif kind is Kind.CLOSED:
                (number,) = NUMBER.unpack(payload)
                if (closed := self._closing.get(number)) is not None:
                    closed.set()

    def _know(self, packed: bytes) -> None:
        if (known := self._owner.know(packed)) is not None:
            self._link.send(Kind.KNOWN, known.pack())

    def _decided(self, kind: Kind, payload: bytes) -> None:
        self._was_refused = kind is Kind.REFUSED
        if self._was_refused:
            log.info("worker %d asks for a policy anew: %s", self.slot, payload.decode())
            self._packer = PolicyPacker()
        elif not self.is_ready:
            self.is_ready = True
            self._owner.ready(self)
        self._answered.set()

    def _end(self) -> None:
        self._close()
        self._owner.ended(self)


def nobody(_: WorkerProcess) -> None:
    """Nobody is told of a worker."""
