"""A worker in a process of its own, and the end of it that a server has."""

from __future__ import annotations

import asyncio
import marshal
import pickle
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import dnslib

from sinkhole.dns.filter.match import Matcher
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.policy.group import GroupPolicy
from sinkhole.dns.policy.snapshot import Policy
from sinkhole.dns.server.sockets import bind_both
from sinkhole.dns.worker.facts import AddressFacts
from sinkhole.dns.worker.link import Kind, Link
from sinkhole.dns.worker.plane import Place, PlaneTerms
from sinkhole.dns.worker.policies import PolicyPacker
from sinkhole.dns.worker.records import RecordUnpacker
from sinkhole.model.record import QueryRecord

HOST = "127.0.0.1"


class Host:
    """What a server has of a worker: it says things, and keeps what it is told."""

    def __init__(self, link: socket.socket, places: socket.socket, process: Any) -> None:
        self.process = process
        self.told: list[tuple[Kind, bytes]] = []
        self.records: list[QueryRecord] = []
        self.port = 0
        self.has_ended = False
        self._places = places
        self._changed = asyncio.Event()
        self._unpacker = RecordUnpacker()
        self._packer = PolicyPacker()
        self._number = 0
        self._sockets: list[socket.socket] = []
        self.link = Link(link, self._take, self._end)
        self.link.start()

    def _take(self, kind: Kind, payload: bytes) -> None:
        self.told.append((kind, payload))
        if kind is Kind.RECORDS:
            for batch in self._unpacker.unpack(payload):
                self.records += batch.records
        self._changed.set()

    def _end(self) -> None:
        self.has_ended = True
        self._changed.set()

    def count(self, kind: Kind) -> int:
        return sum(each is kind for each, _ in self.told)

    async def until(self, kind: Kind, count: int = 1) -> bytes:
        """The newest message of a kind, once there were so many."""
        while self.count(kind) < count:
            assert not self.has_ended, "the worker is gone"
            self._changed.clear()
            await self._changed.wait()
        return [payload for each, payload in self.told if each is kind][-1]

    async def until_recorded(self, count: int) -> None:
        while len(self.records) < count:
            assert not self.has_ended, "the worker is gone"
            self._changed.clear()
            await self._changed.wait()

    async def state(self) -> dict[str, Any]:
        """How it does, from now."""
        state = await self.until(Kind.STATE, self.count(Kind.STATE) + 1)
        found: dict[str, Any] = marshal.loads(state)
        return found

    # -- what it is told -----------------------------------------------------------------------

    def use(self, terms: PlaneTerms) -> None:
        self.link.send(Kind.TERMS, pickle.dumps(terms))

    async def decide_by(self, policy: Policy, *lists: CompiledList, anew: bool = False) -> None:
        """Go over to a policy; `lists` are all that it asks."""
        matcher = Matcher(lists)
        group = GroupPolicy(policy.group.generation + self.count(Kind.READY), filter=matcher)
        if anew:
            self._packer = PolicyPacker()
        policy = Policy(group, policy.local, policy.access, policy.routes, policy.dns64)
        before = self.count(Kind.READY), self.count(Kind.REFUSED)
        self.link.send(Kind.POLICY, self._packer.pack(policy, matcher))
        while (self.count(Kind.READY), self.count(Kind.REFUSED)) == before:
            assert not self.has_ended, "the worker is gone"
            self._changed.clear()
            await self._changed.wait()

    def know(self, told: AddressFacts) -> None:
        self.link.send(Kind.KNOWN, told.pack())

    def listen(self) -> None:
        """Give it a port of 127.0.0.1, by UDP and TCP."""
        for bound in bind_both(HOST):
            self.give(Place(self._number, bound.transport, HOST, bound.port), bound.sock)
            self.port = bound.port

    def give(self, place: Place, sock: socket.socket) -> None:
        """Hand a place over; this end keeps the socket, too."""
        message = marshal.dumps(tuple(place._replace(number=self._number)))
        socket.send_fds(self._places, [message], [sock.fileno()])
        self._sockets.append(sock)
        self._number += 1

    # -- asking --------------------------------------------------------------------------------

    async def ask(self, name: str, qtype: str = "A", *, tcp: bool = False) -> dnslib.DNSRecord:
        query = dnslib.DNSRecord.question(name, qtype)
        return dnslib.DNSRecord.parse(
            await asyncio.to_thread(query.send, HOST, self.port, tcp=tcp, timeout=None)
        )

    def close(self) -> None:
        self.link.close()
        self._places.close()
        for each in self._sockets:
            each.close()


@asynccontextmanager
async def worker() -> AsyncIterator[Host]:
    """A worker from its start to its end, which comes when the link is closed."""
    (link, its_link), (places, its_places) = (
        socket.socketpair(),
        socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET),
    )
    given = its_link.fileno(), its_places.fileno()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sinkhole.dns.worker", *map(str, given), "WARNING", pass_fds=given
    )
    its_link.close()
    its_places.close()
    host = Host(link, places, process)
    try:
        yield host
    finally:
        host.close()
        await process.wait()
