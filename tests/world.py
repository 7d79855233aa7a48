"""A small world for tests of the pipeline: a clock, rules, and upstreams that follow a script."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from functools import partial
from ipaddress import ip_address, ip_network
from typing import Any, NamedTuple

import dnslib

from sinkhole.dns.cache.answer import TtlLimits
from sinkhole.dns.cache.table import Table
from sinkhole.dns.clients.clients import Client
from sinkhole.dns.filter.match import Match, Rewritten
from sinkhole.dns.filter.traits import Criteria
from sinkhole.dns.pipeline.channel import UDP, Channel
from sinkhole.dns.pipeline.pipeline import Pipeline
from sinkhole.dns.pipeline.reaction import Reaction, Waiting
from sinkhole.dns.policy.access import Access, Standing
from sinkhole.dns.policy.blocking import Blocking
from sinkhole.dns.policy.group import GroupPolicy
from sinkhole.dns.policy.local import LocalNames
from sinkhole.dns.policy.snapshot import Policy
from sinkhole.dns.upstream.flight import CrowdedError
from sinkhole.dns.wire.name import ancestors, from_text, labels, to_text
from sinkhole.dns.wire.numbers import type_name
from sinkhole.dns.wire.options import subnet_text
from sinkhole.dns.wire.question import Question
from sinkhole.dns.wire.reply import Reply, read_reply
from sinkhole.model.errors import UpstreamError
from sinkhole.model.record import RecordBuffer, Report, Who
from sinkhole.model.verdict import Cause

AT_HOME = ("127.0.0.0/8", "192.0.2.0/24", "2001:db8::/64")
"""The networks that may ask."""

TraitsOf = Callable[[bytes], frozenset[str]]
GROUP_PARTS = {each.name for each in fields(GroupPolicy)}
"""What of a Policy can differ between two clients."""


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


class NeverWaiting(selectors.DefaultSelector):
    def select(self, timeout: float | None = None) -> Any:
        return super().select(0)


class SimpleFilter:
    """Blocks, allows and rewrites names and all below them, and blocks addresses in answers.

    Line numbers are positions in the lists. `only_for` is a trait: names are blocked for clients
    that have it. `hosts` are the addresses that hosts lines say of blocked names.
    """

    def __init__(
        self,
        block: Sequence[str] = (),
        allow: Sequence[str] = (),
        *,
        rewrite: Mapping[str, Rewritten] | None = None,
        addresses: Sequence[str] = (),
        hosts: Sequence[str] = (),
        only_for: str = "",
        builtin: bool = False,
    ) -> None:
        self.criteria = Criteria({only_for} if only_for else ())
        self.checks_addresses = bool(addresses)
        self._block = {from_text(name): i + 1 for i, name in enumerate(block)}
        self._allow = {from_text(name): i + 1 for i, name in enumerate(allow)}
        self._rewrite = {from_text(name): new for name, new in (rewrite or {}).items()}
        self._addresses = [ip_network(each) for each in addresses]
        self._hosts = tuple(ip_address(each) for each in hosts)
        self._builtin = builtin

    def match(self, name: bytes, qtype: int, traits: frozenset[str] = frozenset()) -> Match | None:
        for above in ancestors(name):
            if above in self._allow:
                return Match(Cause("Allowed", self._allow[above]), allowed=True)
            if above in self._rewrite:
                return Match(Cause("Starter", 7), rewrite=self._rewrite[above])
        for above in ancestors(name) if self.criteria <= traits else ():
            if above in self._block:
                cause = Cause("Starter", self._block[above])
                return Match(cause, addresses=self._hosts, builtin=self._builtin)
        return None

    def match_address(
        self, packed: bytes, rtype: int, traits: frozenset[str] = frozenset()
    ) -> Match | None:
        address = ip_address(packed)
        for line, network in enumerate(self._addresses, start=1):
            if address.version == network.version and address in network:
                return Match(Cause("Addresses", line))
        return None


class BrokenFilter(SimpleFilter):
    """The same with a bug: it raises for names below `name`, and for every address if told so."""

    def __init__(self, name: str, block: Sequence[str] = (), *, addresses: bool = False) -> None:
        super().__init__(block)
        self.checks_addresses = addresses
        self._broken = from_text(name)

    def match(self, name: bytes, qtype: int, traits: frozenset[str] = frozenset()) -> Match | None:
        if self._broken in ancestors(name):
            raise LookupError(f"no idea about {to_text(name)}")
        return super().match(name, qtype, traits)

    def match_address(
        self, packed: bytes, rtype: int, traits: frozenset[str] = frozenset()
    ) -> Match | None:
        raise LookupError("no idea about addresses")


class Said(NamedTuple):
    reply: Reply
    server: str = "192.0.2.53"


class Script:
    """Upstreams that answer from zone-file text, and remember what was asked.

    A question is written "name type", with " do" and " cd" behind it where they are set,
    " subnet NETWORK" where that is told of the client, and " via SET" where not the usual upstreams
    are asked. What is said about a question without them is said whatever they are.
    """

    def __init__(self) -> None:
        self.zones: dict[str, tuple[int, str, str, str]] = {}
        self.scopes: dict[str, int] = {}
        """By question, for how many bits of the client's subnet the answer holds."""
        self.refuses_subnets = False
        self.errors: dict[str, list[tuple[int, str]]] = {}
        """By name and type, what extended errors come with it; SERVFAIL with some is of no use."""
        self.asked: list[str] = []
        self.dead = False
        self.crowded = False
        self.recovered_at = float("-inf")
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

    def ask(
        self,
        question: Question,
        tell: Callable[[Said | UpstreamError], None],
        client: bytes = b"",
        network: bytes = b"",
        via: str = "",
    ) -> None:
        self.asked.append(_with_flags(question, via))
        if self.gate is None:
            tell(self._outcome(question, via))
        else:
            telling = self._tell(question, via, tell, self.gate)
            self._waiting.append(asyncio.get_running_loop().create_task(telling))

    async def _tell(
        self,
        question: Question,
        via: str,
        tell: Callable[[Said | UpstreamError], None],
        gate: asyncio.Event,
    ) -> None:
        await gate.wait()
        tell(self._outcome(question, via))

    def _outcome(self, question: Question, via: str) -> Said | UpstreamError:
        plain = _written(question)
        written = next((w for w in (_with_flags(question, via), plain) if w in self.zones), "")
        said = self.zones.get(written)
        if question.subnet and self.refuses_subnets:
            return UpstreamError("", "answered REFUSED")
        if self.crowded:
            return CrowdedError("", "too many questions are waiting")
        if self.dead or said is None:
            return UpstreamError("", "no answer")
        rcode, answer, authority, additional = said
        record = dnslib.DNSRecord.question(*plain.split()).reply()
        record.header.rcode = rcode
        record.rr.extend(zone_records(answer))
        record.auth.extend(zone_records(authority))
        record.ar.extend(zone_records(additional))
        data = [
            code.to_bytes(2, "big") + text.encode() for code, text in self.errors.get(plain, [])
        ]
        options = [dnslib.EDNSOption(15, each) for each in data]
        if question.subnet and written in self.scopes:
            scope = bytes((self.scopes[written],))
            told = question.subnet[:3] + scope + question.subnet[4:]
            options.append(dnslib.EDNSOption(8, told))
        record.add_ar(dnslib.EDNS0(opts=options))
        reply = read_reply(bytes(record.pack()))
        if data and rcode == dnslib.RCODE.SERVFAIL:
            return UpstreamError("", "answered SERVFAIL", reply.errors)
        return Said(reply)

    def loop_proof(self, question: Question) -> bytes:
        return b""


def _with_flags(question: Question, via: str) -> str:
    flags = " do" * question.do + " cd" * question.cd
    flags += f" subnet {subnet_text(question.subnet)}" if question.subnet else ""
    return _written(question) + flags + (f" via {via}" if via else "")


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
        group = GroupPolicy(
            filter=SimpleFilter(block, allow),
            blocking=blocking or Blocking(),
            rate_limit=rate_limit,
        )
        access = Access(tuple(ip_network(net) for net in AT_HOME))
        local = LocalNames(local_records(records or {}))
        self.pipeline = Pipeline(
            policy=Policy(group=group, local=local, access=access),
            table=self.table,
            upstreams=self.upstreams,
            buffer=self.buffer,
            limits=limits or TtlLimits(),
            serve_stale_s=serve_stale_s,
            clock=self.clock,
            wall_clock=self.clock,
        )
        self.client = self.client_at("192.0.2.7")
        self.traits: TraitsOf | None = None

    def client_at(self, address: str) -> Client:
        return self.pipeline.clients.of(ip_address(address).packed)

    def change_rules(self, block: Sequence[str] = (), allow: Sequence[str] = ()) -> None:
        """Publish a new Policy with other rules."""
        self.publish(filter=SimpleFilter(block, allow))

    def publish(self, *, traits: TraitsOf | None = None, **parts: Any) -> None:
        """Publish a new Policy, with these parts in place of those of the old one; `traits` are
        those of each address, of which there are none before they are given."""
        old = self.pipeline.policy
        own = {name: parts.pop(name) for name in GROUP_PARTS & parts.keys()}
        group = replace(old.group, generation=old.group.generation + 1, **own)
        self.traits = traits or self.traits
        if self.traits is not None:
            access = parts.get("access", old.access)
            parts["access"] = replace(access, standing=partial(_standing, group, self.traits))
        self.pipeline.policy = replace(old, group=group, **parts)

    def now(self, wire: bytes, channel: Channel = UDP) -> Reaction:
        """What the pipeline says at once."""
        client = self.pipeline.clients.again(self.client)
        reaction = self.pipeline.answer_now(wire, client, channel, self.clock.now)
        self.pipeline.close_batch(channel, self.clock.now)
        return reaction

    async def ask(
        self, name: str, qtype: str = "A", *, edns: bool = False, channel: Channel = UDP
    ) -> dnslib.DNSRecord:
        """Ask as a client would and wait for the reply."""
        query = question(name, qtype, edns=edns)
        reaction = self.now(query, channel)
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


def _standing(group: GroupPolicy, traits: TraitsOf, packed: bytes, *said: str) -> Standing:
    who = Who(said[0] or str(ip_address(packed)))
    return Standing(group, who, traits(packed) & group.filter.criteria)


def local_records(
    records: Mapping[str, Sequence[str]],
) -> dict[str, list[tuple[int, bytes]]]:
    """Local records from text: an address, or the type and the data as in a zone file."""
    read: dict[str, list[tuple[int, bytes]]] = {}
    for name, values in records.items():
        read[name] = []
        for value in values:
            if " " not in value:
                address = ip_address(value)
                value = f"{'A' if address.version == 4 else 'AAAA'} {value}"
            (record,) = dnslib.RR.fromZone(f"owner.invalid. 0 {value}")
            buffer = dnslib.DNSBuffer()
            record.rdata.pack(buffer)
            read[name].append((record.rtype, bytes(buffer.data)))
    return read


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
    """Code and text of the first extended error in a reply."""
    return next(iter(errors_of(record)), None)


def errors_of(record: dnslib.DNSRecord) -> list[tuple[int, str]]:
    """Code and text of each extended error in a reply (RFC 8914)."""
    options = [option for extra in record.ar for option in extra.rdata if option.code == 15]
    data = [bytes(option.data) for option in options]
    return [(int.from_bytes(each[:2], "big"), each[2:].decode()) for each in data]
