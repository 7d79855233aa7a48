"""A scripted resolver on this machine: real UDP and TCP sockets on one port.

    async with FakeUpstream() as upstream:
        upstream.answer("example.org", "A", ["192.0.2.1"], ttl=60)
        upstream.script(silent, wrong_id)          # what becomes of the next two queries
        upstream.always = rcode("REFUSED")         # and of all after them
        ...
        await upstream.seen(2)                     # wait until two queries have arrived
        assert upstream.queries[0].name == "example.org"

What it has is in `fake_records`. Queries and replies are read and written by dnslib, so nothing of
sinkhole's own codec is trusted here. Probes (`*.sinkhole-loop.test`) are kept apart in `probes` and
use up no step of the script; they do get what `always` says. It may be closed and opened again:
nobody else can be given its place. `fake_encrypted` has the same behind TLS and HTTP/2.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any, Final

import dnslib
from fake_records import Records, unknown
from places import nobodys_place, nobodys_port

PATIENCE_S: Final = 20.0
"""How long a test waits for what must happen; never reached by a test that passes."""

HANG_UP: Final = object()
"""In the replies of a step: close the connection here."""


class Raw(bytes):
    """In the replies of a step: bytes for a stream that bring their own length, or none."""


class Asked:
    """One query as it arrived. `name` is lower-cased without the final dot, `spelled` is not.

    `over` is the transport: udp, tcp, tls or https; `headers` are those of HTTP.
    """

    def __init__(
        self,
        upstream: FakeUpstream,
        wire: bytes,
        source: Any,
        over: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.upstream = upstream
        self.wire = wire
        self.over = over
        self.tcp = over != "udp"
        self.headers = headers or {}
        self.host, self.port = str(source[0]), int(source[1])
        self.record = dnslib.DNSRecord.parse(wire)
        self.id: int = self.record.header.id
        self.spelled = str(self.record.q.qname).rstrip(".")
        self.name = self.spelled.lower()
        self.type: str = dnslib.QTYPE.get(self.record.q.qtype)
        self.cd = bool(self.record.header.cd)
        opt = next((rr for rr in self.record.ar if rr.rtype == dnslib.QTYPE.OPT), None)
        self.payload: int | None = None if opt is None else opt.edns_len
        self.do = opt is not None and bool(opt.edns_do)

    def __repr__(self) -> str:
        return f"<{self.spelled} {self.type} id {self.id} by {self.over.upper()}>"

    def reply(self, rcode: str = "NOERROR") -> dnslib.DNSRecord:
        """An empty reply to this query, to be filled."""
        reply = self.record.reply(ra=1, aa=0)
        reply.header.rcode = getattr(dnslib.RCODE, rcode)
        if self.payload is not None:
            reply.add_ar(dnslib.EDNS0(udp_len=1232, flags="do" if self.do else ""))
        return reply

    def answer(self) -> dnslib.DNSRecord:
        """What the upstream's records say."""
        reply = self.reply()
        self.upstream.records.fill(reply, self.name, self.type)
        return reply


Replies = list[Any]  # of bytes, dnslib.DNSRecord or HANG_UP, sent in order
Step = Callable[[Asked], "Replies | Coroutine[Any, Any, Replies]"]


# -- steps: what becomes of a query ----------------------------------------------------------


def answered(asked: Asked) -> Replies:
    """The ordinary answer."""
    return [asked.answer()]


def silent(asked: Asked) -> Replies:
    """No answer at all; a connection stays open."""
    return []


def garbage(asked: Asked) -> Replies:
    """Bytes that are no DNS message."""
    return [b"\xff\x00\xff\x00garbage"]


def malformed(asked: Asked) -> Replies:
    """The right id and question, then an answer record that ends too early."""
    wire = bytearray(asked.answer().pack())
    wire[6:8] = b"\0\x09"
    return [bytes(wire)]


def wrong_id(asked: Asked) -> Replies:
    """The ordinary answer under another id."""
    reply = asked.answer()
    reply.header.id ^= 0x5555
    return [reply]


def wrong_question(asked: Asked) -> Replies:
    """The right id over the answer to another question."""
    other = dnslib.DNSRecord.question("forged.example.com")
    other.header.id = asked.id
    reply = other.reply()
    reply.add_answer(*dnslib.RR.fromZone("forged.example.com. 60 IN A 203.0.113.66"))
    return [reply]


def wrong_case(asked: Asked) -> Replies:
    """The ordinary answer with the question in lower case, as some servers do."""
    reply = asked.answer()
    reply.questions = [dnslib.DNSQuestion(asked.name, asked.record.q.qtype)]
    return [reply]


def truncated(asked: Asked) -> Replies:
    """TC and no records by UDP, the ordinary answer by TCP."""
    if asked.tcp:
        return answered(asked)
    reply = asked.reply()
    reply.header.tc = 1
    return [reply]


def hangs_up(asked: Asked) -> Replies:
    """By a stream half a message and then the end of the connection; by UDP nothing."""
    wire = asked.answer().pack()
    framed = len(wire).to_bytes(2, "big") + wire
    return [Raw(framed[: len(framed) // 2]), HANG_UP] if asked.tcp else []


def no_edns(asked: Asked) -> Replies:
    """FORMERR to a query with EDNS, the ordinary answer without (servers older than 1999)."""
    if asked.payload is None:
        return answered(asked)
    reply = asked.record.reply()
    reply.header.rcode = dnslib.RCODE.FORMERR
    return [reply]


def foreign(asked: Asked) -> Replies:
    """The ordinary answer with records about somebody else's names beside it."""
    reply = asked.answer()
    reply.add_answer(*dnslib.RR.fromZone("bank.example.com. 9999 IN A 203.0.113.66"))
    reply.add_auth(*dnslib.RR.fromZone("example.com. 9999 IN NS ns.example.com."))
    reply.add_ar(*dnslib.RR.fromZone("ns.example.com. 9999 IN A 203.0.113.66"))
    return [reply]


def rcode(name: str, *, with_question: bool = True) -> Step:
    """An empty reply with this code, such as "SERVFAIL", by UDP and TCP."""

    def step(asked: Asked) -> Replies:
        reply = asked.reply(name)
        if not with_question:
            reply.questions = []
        return [reply]

    return step


def held(release: asyncio.Event, then: Step = answered) -> Step:
    """What `then` does, but not before `release` is set."""

    async def step(asked: Asked) -> Replies:
        await release.wait()
        return await _replies(then, asked)

    return step


def several(*steps: Step) -> Step:
    """The replies of all these steps, one after another, to one query."""

    async def step(asked: Asked) -> Replies:
        return [reply for one in steps for reply in await _replies(one, asked)]

    return step


def by_transport(*, udp: Step = answered, tcp: Step = answered) -> Step:
    """One step for UDP and another for TCP."""

    async def step(asked: Asked) -> Replies:
        return await _replies(tcp if asked.tcp else udp, asked)

    return step


async def _replies(step: Step, asked: Asked) -> Replies:
    found = step(asked)
    return found if isinstance(found, list) else await found


# -- the server ------------------------------------------------------------------------------


class FakeUpstream:
    """The resolver; see the head of this file. On a connection, queries don't wait for others."""

    stream = "tcp"
    """What is spoken on connections; see `fake_encrypted` for others."""

    def __init__(self, host: str = "") -> None:
        self.host, self.port = (host, nobodys_port()) if host else nobodys_place()
        self.queries: list[Asked] = []
        self.probes: list[Asked] = []
        self.always: Step = answered
        self.connections = 0
        """Connections accepted so far; `left` waits until they are gone."""
        self._gone = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self.records = Records()
        self._script: deque[Step] = deque()
        self._arrived = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        self._udp: asyncio.DatagramTransport | None = None
        self._tcp: asyncio.Server | None = None

    async def __aenter__(self) -> FakeUpstream:
        await self.open()
        return self

    async def __aexit__(self, *how: object) -> None:
        await self.close()

    @property
    def address(self) -> tuple[str, int]:
        """The (ip, port) to ask."""
        return self.host, self.port

    @property
    def mute(self) -> bool:
        """Whether it neither answers nor refuses: `always` is `silent` and it is open."""
        return self._tcp is not None and self.always is silent

    @property
    def name(self) -> str:
        """The address as sinkhole writes it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    async def open(self) -> None:
        """Listen; also again after `close`."""
        loop = asyncio.get_running_loop()
        self._udp, _ = await loop.create_datagram_endpoint(lambda: _Udp(self), self.address)
        sock = self._udp.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self._tcp = await asyncio.start_server(self._serve_stream, *self.address)

    async def close(self) -> None:
        """Stop listening: from now on the kernel refuses datagrams and connections."""
        if self._udp is not None:
            self._udp.abort()
            self._udp = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._tcp is not None:
            self._tcp.close()
            await self._tcp.wait_closed()
            self._tcp = None
        await asyncio.sleep(0)  # transports close their sockets in the loop's next turn

    def drop(self) -> None:
        """Cut every connection as it is, and go on listening."""
        for writer in self._writers:
            writer.transport.abort()

    # -- scripting -----------------------------------------------------------------------------

    def answer(self, name: str, type_: str, rdatas: list[str], ttl: int = 60) -> None:
        """Have these records; a CNAME is followed to what else is here."""
        self.records.add(name, type_, rdatas, ttl)

    def script(self, *steps: Step) -> None:
        """Deal with the next queries by these steps, one each; after them comes `always`."""
        self._script.extend(steps)

    # -- what was seen -------------------------------------------------------------------------

    def asked(self, name: str, type_: str | None = None) -> list[Asked]:
        """The queries for this name (and type), in order of arrival."""
        return [q for q in self.queries if q.name == name and type_ in (None, q.type)]

    async def seen(self, count: int, *, probes: bool = False) -> list[Asked]:
        """Wait until this many queries (or probes) have arrived, and return them all."""
        arrived = self.probes if probes else self.queries
        async with asyncio.timeout(PATIENCE_S), self._arrived:
            await self._arrived.wait_for(lambda: len(arrived) >= count)
        return arrived

    async def left(self, count: int) -> None:
        """Wait until this many connections have ended."""
        async with asyncio.timeout(PATIENCE_S), self._arrived:
            await self._arrived.wait_for(lambda: self._gone >= count)

    # -- serving -------------------------------------------------------------------------------

    async def replies_to(
        self, wire: bytes, source: Any, over: str, headers: Mapping[str, str] | None = None
    ) -> Replies:
        """Record a query and do with it what the script says."""
        try:
            asked = Asked(self, wire, source, over, headers)
        except dnslib.DNSError:
            return [unknown(wire)]
        is_probe = asked.name.endswith(".sinkhole-loop.test")
        step = self._script.popleft() if self._script and not is_probe else self.always
        async with self._arrived:
            (self.probes if is_probe else self.queries).append(asked)
            self._arrived.notify_all()
        return await _replies(step, asked)

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something in a task of its own, so that a held query holds no other."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def answer_datagram(self, wire: bytes, source: Any) -> None:
        """Answer one query by UDP."""
        for reply in await self.replies_to(wire, source, "udp"):
            if self._udp is not None and reply is not HANG_UP:
                self._udp.sendto(packed(reply), source)

    async def _serve_stream(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            with suppress(asyncio.IncompleteReadError, OSError, asyncio.CancelledError):
                await self.converse(reader, writer)
        finally:
            self._tasks.discard(task)
            self._writers.discard(writer)
            writer.transport.abort()
            self._gone += 1
            async with self._arrived:
                self._arrived.notify_all()

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until the client ends it: each message with its length in front."""
        while True:
            size = int.from_bytes(await reader.readexactly(2), "big")
            self.begin(self._answer_message(await reader.readexactly(size), writer))

    async def _answer_message(self, wire: bytes, writer: asyncio.StreamWriter) -> None:
        for reply in await self.replies_to(wire, writer.get_extra_info("peername"), self.stream):
            if reply is HANG_UP:
                writer.close()  # what was written goes out before
                return
            message = packed(reply)
            framed = isinstance(reply, Raw)
            writer.write(message if framed else len(message).to_bytes(2, "big") + message)


def packed(reply: Any) -> bytes:
    """A reply of a step as bytes."""
    return reply if isinstance(reply, bytes) else bytes(reply.pack())


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, upstream: FakeUpstream) -> None:
        self._upstream = upstream

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._upstream.begin(self._upstream.answer_datagram(data, addr))
