"""Whatever happens in whatever order: no answer is given beyond its TTL, and none that is blocked.

Every answer of the upstreams differs from all others, so that one look at a reply tells when it
was fetched; the rules that are then checked fit in one function, `complaint`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from ipaddress import IPv4Address
from math import floor
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st
from world import Clock, Said, Script, StillLoop, World, question

from sinkhole.dns.pipeline.reaction import Waiting
from sinkhole.dns.wire.name import ancestors, from_text, to_text
from sinkhole.dns.wire.question import Question
from sinkhole.dns.wire.reply import Record, Reply, read_reply
from sinkhole.model.errors import UpstreamError

BLOCK_TTL, STALE_TTL, STALE_FOR, FAILURE_MOST = 10, 30, 3600, 60
SOA_TTL = 900
FIRST = IPv4Address("198.18.0.0")
"""The address before that of the first answer; each further one has the next."""


class Zone(NamedTuple):
    """What upstreams know about a name: the TTL of its address, and a CNAME before that."""

    ttl: int
    target: str = ""
    target_ttl: int = 0


NAMES = {
    "a.example.org": Zone(60),
    "short.example.org": Zone(1),
    "never.example.org": Zone(0),
    "long.example.org": Zone(100_000),
    "www.example.org": Zone(300, "edge.example.net", 20),
    "far.example.org": Zone(5, "x.edge.example.net", 600),
    "no.example.org": Zone(-1),
}
RULES = ["a.example.org", "www.example.org", "example.org", "edge.example.net", "example.com"]


class Fetched(NamedTuple):
    """One answer of the upstreams: to which name, when, and its TTLs as they may be given."""

    name: str
    at: float
    ttls: tuple[int, ...]


class Numbered(Script):
    """Upstreams whose every answer has a number of its own."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.fetched: dict[int, Fetched] = {}
        self.failed_at = float("-inf")
        self.slow = False
        self.held: list[Callable[[], None]] = []

    def ask(
        self, question: Question, tell: Callable[[Said | UpstreamError], None], *whose: bytes
    ) -> None:
        if self.slow:
            self.held.append(lambda: tell(self._outcome(question)))
        else:
            tell(self._outcome(question))

    def release(self) -> None:
        held, self.held = self.held, []
        for each in held:
            each()

    def _outcome(self, question: Question) -> Said | UpstreamError:
        if self.dead:
            self.failed_at = self.clock.now
            return UpstreamError("", "no answer")
        number = len(self.fetched) + 1
        name, zone = to_text(question.name), NAMES[to_text(question.name)]
        rdata = (FIRST + number).packed
        if zone.ttl < 0:
            rdata = b"\0\0" + rdata + bytes(12) + SOA_TTL.to_bytes(4, "big")
            soa = Record(from_text("example.org"), 6, 86_400, rdata)
            self.fetched[number] = Fetched(name, self.clock.now, (SOA_TTL,))
            return Said(Reply(3, False, False, (), (soa,)))
        records = [Record(question.name, 1, zone.ttl, rdata)]
        if zone.target:
            target = from_text(zone.target)
            records = [
                Record(question.name, 5, zone.target_ttl, target),
                Record(target, 1, zone.ttl, rdata),
            ]
        ttls = tuple(min(record.ttl, 86_400) for record in records)
        self.fetched[number] = Fetched(name, self.clock.now, ttls)
        return Said(Reply(0, False, False, tuple(records), ()))


class House:
    """A world with such upstreams, its rules, and a client that checks every reply."""

    def __init__(self, clock: Clock) -> None:
        self.upstreams = Numbered(clock)
        self.world = World(clock=clock, upstreams=self.upstreams, serve_stale_s=STALE_FOR)
        self.clock = clock
        self.block: set[str] = set()
        self.allow: set[str] = set()

    def ask(self, name: str, times: int) -> None:
        for _ in range(times):
            reaction = self.world.now(question(name, edns=True))
            if isinstance(reaction, Waiting):
                self.world.pipeline.answer_then(reaction, partial(self._check, name))
            else:
                assert isinstance(reaction, bytes)
                self._check(name, reaction)

    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    def rules(self, block: set[str], allow: set[str]) -> None:
        self.block, self.allow = block, allow
        self.world.change_rules(sorted(block), sorted(allow))

    def upstreams_are(self, state: str) -> None:
        self.upstreams.dead = state == "down"
        self.upstreams.slow = state == "slow"
        if state != "slow":
            self.upstreams.release()

    def _check(self, name: str, wire: bytes) -> None:
        said = complaint(self, name, read_reply(wire))
        assert not said, f"{name} at {self.clock.now}: {said}"


def matches(name: str, rules: set[str]) -> bool:
    return any(to_text(above) in rules for above in ancestors(from_text(name)))


def complaint(house: House, name: str, reply: Reply) -> str:
    """What is wrong with a reply, "" if nothing is."""
    now, zone = house.clock.now, NAMES[name]
    is_allowed = matches(name, house.allow)
    is_blocked = matches(name, house.block) and not is_allowed
    leads_to_blocked = bool(zone.target) and matches(zone.target, house.block)
    leads_to_blocked = leads_to_blocked and not matches(zone.target, house.allow)
    errors = {error.code for error in reply.errors}
    if 15 in errors:
        records = [(r.rtype, r.ttl, r.rdata) for r in reply.answer]
        if records != [(1, BLOCK_TTL, bytes(4))]:
            return "a refusal that is none"
        return "" if is_blocked or (leads_to_blocked and not is_allowed) else "refused by no rule"
    if is_blocked:
        return "a blocked name is not refused"
    if reply.rcode == 2:
        is_recent = now - house.upstreams.failed_at <= FAILURE_MOST
        return "" if is_recent else "a failure that is too old"
    if leads_to_blocked and not is_allowed:
        return "an answer that leads to a blocked name"
    return complaint_about_time(house, name, reply, now)


def complaint_about_time(house: House, name: str, reply: Reply, now: float) -> str:
    """Whether an answer of the upstreams is still good, and its TTLs say for how long."""
    records = reply.answer or reply.authority
    rdata = records[-1].rdata
    number = int.from_bytes(rdata if reply.answer else rdata[2:6], "big") - int(FIRST)
    fetched = house.upstreams.fetched[number]
    age = now - fetched.at
    if fetched.name != name:
        return f"the answer to {fetched.name}"
    if 3 in {error.code for error in reply.errors}:
        if any(record.ttl != STALE_TTL for record in records):
            return "an expired answer with a TTL of another length"
        if now - house.upstreams.failed_at > STALE_TTL and not house.upstreams.held:
            return "an expired answer though nothing failed"
        too_old = age >= min(fetched.ttls) + STALE_FOR + STALE_TTL
        return "an answer that expired long ago" if too_old else ""
    if age > 0 and age >= min(fetched.ttls):
        return f"{age} s old, kept beyond its TTL of {min(fetched.ttls)}"
    for record, ttl in zip(records, fetched.ttls, strict=True):
        if record.ttl > ttl - floor(age):
            return f"TTL {record.ttl} after {age} s, was {ttl}"
        if record.ttl < ttl - floor(age) - 1:
            return f"TTL {record.ttl} after {age} s only, was {ttl}"
    return ""


some_rules = st.sets(st.sampled_from(RULES), max_size=3)
asks = st.tuples(st.just(House.ask), st.sampled_from(sorted(NAMES)), st.integers(1, 4))
steps = st.one_of(
    asks,
    asks,
    st.tuples(
        st.just(House.wait),
        st.one_of(st.sampled_from([1.0, 1.8, 19.0, 20.0, 30.0, 60.0, 3600.0]), st.floats(0.01, 70)),
    ),
    st.tuples(st.just(House.rules), some_rules, some_rules),
    st.tuples(st.just(House.upstreams_are), st.sampled_from(["up", "down", "slow"])),
)


Story = list[tuple[Any, ...]]
"""What is done to a House, step by step: a method of it, and its arguments."""


@settings(max_examples=500, deadline=None)
@given(story=st.lists(steps, max_size=60))
def test_no_answer_outlives_its_ttl_or_its_permission(story: Story) -> None:
    clock = Clock()
    with asyncio.Runner(loop_factory=lambda: StillLoop(clock)) as runner:
        runner.run(tell(House(clock), story))


async def tell(house: House, story: Story) -> None:
    for act, *details in story:
        act(house, *details)
        for _ in range(3):  # timers that are due
            await asyncio.sleep(0)
    house.upstreams_are("up")
