"""A small world for tests of the pipeline: a clock, rules, and upstreams that follow a script."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import Any, NamedTuple

import dnslib

from sinkhole.cache.answer import TtlLimits
from sinkhole.cache.table import Table
from sinkhole.errors import UpstreamError
from sinkhole.pipeline import Pipeline
from sinkhole.policy.blocking import Blocking
from sinkhole.policy.clients import Client, Clients
from sinkhole.policy.local import LocalNames
from sinkhole.policy.snapshot import Filter, GroupPolicy, Policy
from sinkhole.reaction import UDP, Reaction, Transport, Waiting
from sinkhole.record import RecordBuffer, Report
from sinkhole.verdict import Cause
from sinkhole.wire.name import ancestors, from_text, labels, to_text
from sinkhole.wire.numbers import type_name
from sinkhole.wire.question import Question
from sinkhole.wire.reply import Reply, read_reply

AT_HOME = ("127.0.0.0/8", "192.0.2.0/24", "2001:db8::/64")
"""The networks that may ask."""


class Clock:
    """A clock that stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class StillLoop(asyncio.SelectorEventLoop):
    """An event loop on such a clock: its timers ring when the clock is moved past them."""

    def __init__(self, clock: Clock) -> None:
        self._still_clock = clock
        super().__init__(NeverWaiting())

    def time(self) -> float:
        return self._still_clock.now


class NeverWaiting(selectors.SelectSelector):
    def select(self, timeout: float | None = None) -> Any:
        return super().select(0)


class SimpleMatch(NamedTuple):
    cause: Cause
    allowed: bool


class SimpleFilter:
    """Blocks and allows names and all below them; line numbers are positions in the lists."""

    def __init__(self, block: Sequence[str] = (), allow: Sequence[str] = ()) -> None:
        self._block = {from_text(name): i + 1 for i, name in enumerate(block)}
        self._allow = {from_text(name): i + 1 for i, name in enumerate(allow)}

    def match(self, name: bytes, qtype: int) -> SimpleMatch | None:
        for rules, list_name, allowed in (
            (self._allow, "Allowed", True),
            (self._block, "Starter", False),
        ):
            for above in ancestors(name):
                if above in rules:
                    return SimpleMatch(Cause(list_name, rules[above]), allowed)
        return None


class Said(NamedTuple):
    reply: Reply
    server: str = "192.0.2.53"


class Script:
    """Upstreams that answer from zone-file text, and remember what was asked.

    A question is written "name type", with " do" and " cd" behind it where they are set. What is
    said about a question without them is said whatever they are.
    """

    def __init__(self) -> None:
        self.zones: dict[str, tuple[int, str, str, str]] = {}
        self.asked: list[str] = []
        self.dead = False
        self.gate: asyncio.Event | None = None
        self._waiting: list[asyncio.Task[None]] = []

    def says(
        self,
        name: str,
        qtype: str,
        answer: str = "",
        authority: str = "",
        rcode: int = 0,
        *,
        additional: str = "",
        flags: str = "",
    ) -> None:
        self.zones[f"{name} {qtype}{flags}"] = (rcode, answer, authority, additional)

    def ask(self, question: Question, tell: Callable[[Said | UpstreamError], None]) -> None:
        self.asked.append(_written(question) + " do" * question.do + " cd" * question.cd)
        if self.gate is None:
            tell(self._outcome(question))
        else:
            waiting = asyncio.get_running_loop().create_task(self._tell(question, tell, self.gate))
            self._waiting.append(waiting)

    async def _tell(
        self, question: Question, tell: Callable[[Said | UpstreamError], None], gate: asyncio.Event
    ) -> None:
        await gate.wait()
        tell(self._outcome(question))

    def _outcome(self, question: Question) -> Said | UpstreamError:
        plain = _written(question)
        said = self.zones.get(plain + " do" * question.do + " cd" * question.cd)
        said = said or self.zones.get(plain)
        if self.dead or said is None:
            return UpstreamError("", "no answer")
        rcode, answer, authority, additional = said
        record = dnslib.DNSRecord.question(*plain.split()).reply()
        record.header.rcode = rcode
        record.rr.extend(zone_records(answer))
        record.auth.extend(zone_records(authority))
        record.ar.extend(zone_records(additional))
        return Said(read_reply(bytes(record.pack())))

    def is_loop_probe(self, question: Question) -> bool:
        return False


def _written(question: Question) -> str:
    return f"{to_text(question.name)} {type_name(question.qtype)}"


class World:
    """A pipeline with everything around it."""

    def __init__(
        self,
        *,
        block: Sequence[str] = (),
        allow: Sequence[str] = (),
        records: Mapping[str, Sequence[str]] | None = None,
        blocking: Blocking | None = None,
        rate_limit: int = 0,
        cache_bytes: int = 1 << 20,
        serve_stale_s: float = 86_400,
        limits: TtlLimits | None = None,
        clock: Clock | None = None,
        upstreams: Script | None = None,
    ) -> None:
        self.clock = clock or Clock()
        self.upstreams = upstreams or Script()
        self.buffer = RecordBuffer()
        self.table = Table(cache_bytes)
        group = GroupPolicy(filter=SimpleFilter(block, allow), blocking=blocking or Blocking())
        self.pipeline = Pipeline(
            policy=Policy(group=group, local=LocalNames(records or {})),
            clients=Clients([ip_network(net) for net in AT_HOME], rate_limit),
            table=self.table,
            upstreams=self.upstreams,
            buffer=self.buffer,
            limits=limits or TtlLimits(),
            serve_stale_s=serve_stale_s,
            clock=self.clock,
            wall_clock=self.clock,
        )
        self.client = self.client_at("192.0.2.7")

    def client_at(self, address: str) -> Client:
        return self.pipeline.clients.of(ip_address(address).packed)

    def change_rules(self, block: Sequence[str] = (), allow: Sequence[str] = ()) -> None:
        """Publish a new Policy with other rules."""
        self.publish(filter=SimpleFilter(block, allow))

    def publish(
        self,
        *,
        filter: Filter | None = None,
        blocking: Blocking | None = None,
        local: LocalNames | None = None,
        reserved_names: bool | None = None,
    ) -> None:
        """Publish a new Policy, with these parts in place of those of the old one."""
        old = self.pipeline.policy
        self.pipeline.policy = Policy(
            old.generation + 1,
            GroupPolicy(filter=filter or old.group.filter, blocking=blocking or old.group.blocking),
            old.local if local is None else local,
            old.reserved_names if reserved_names is None else reserved_names,
        )

    def now(self, wire: bytes, transport: Transport = UDP) -> Reaction:
        """What the pipeline says at once."""
        reaction = self.pipeline.answer_now(wire, self.client, transport, self.clock.now)
        self.pipeline.close_batch(self.clock.now)
        return reaction

    async def ask(
        self, name: str, qtype: str = "A", *, edns: bool = False, transport: Transport = UDP
    ) -> dnslib.DNSRecord:
        """Ask as a client would and wait for the reply."""
        query = question(name, qtype, edns=edns)
        reaction = self.now(query, transport)
        if isinstance(reaction, Waiting):
            reply: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
            self.pipeline.answer_then(reaction, reply.set_result)
            reaction = await reply
        assert isinstance(reaction, bytes)
        read = dnslib.DNSRecord.parse(reaction)
        assert read.header.id == int.from_bytes(query[:2], "big")
        return read

    def reports(self) -> list[Report]:
        """The reports of everything answered since the last call."""
        batches = self.buffer.drain(1_000_000)
        return [report for batch in batches for report, _ in batch.records]


def question(name: str, qtype: str = "A", *, edns: bool = False) -> bytes:
    """A query as dnslib writes it."""
    record = dnslib.DNSRecord.question(name, qtype)
    if edns:
        record.add_ar(dnslib.EDNS0(udp_len=4096))
    return bytes(record.pack())


def zone_records(text: str) -> list[dnslib.RR]:
    """Records from lines of zone-file text; any byte can be in an owner, by escapes."""
    records: list[dnslib.RR] = dnslib.RR.fromZone(text)
    for record, line in zip(records, text.splitlines(), strict=True):
        owner = spelled(line.split()[0])  # as dnslib takes an escaped dot for the end of a label
        record.rname = dnslib.DNSLabel(list(labels(owner)))
    return records


def spelled(name: str) -> bytes:
    """The wire name of a text, in the letter case of the text where that has no escapes."""
    wire_name = from_text(name)
    if "\\" in name or not name.isascii() or name == ".":
        return wire_name
    parts = [label.encode() for label in name.removesuffix(".").split(".")]
    return b"".join(bytes((len(part),)) + part for part in parts) + b"\0"


def addresses(record: dnslib.DNSRecord) -> list[str]:
    """The rdata of the answers as text."""
    return [str(rr.rdata) for rr in record.rr]


def ede_of(record: dnslib.DNSRecord) -> tuple[int, str] | None:
    """Code and text of the extended error in a reply."""
    for extra in record.ar:
        for option in extra.rdata:
            if option.code == 15:
                data = bytes(option.data)
                return int.from_bytes(data[:2], "big"), data[2:].decode()
    return None
