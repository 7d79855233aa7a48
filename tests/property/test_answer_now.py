"""For any query, `answer_now` needs to wait, or means what a slow reference says.

The reference is written independently of the fast lane: it reads the query with dnslib, decides
with text comparisons, and builds its reply with dnslib.
"""

from __future__ import annotations

import asyncio
from ipaddress import ip_address

import dnslib
from hypothesis import given, settings
from hypothesis import strategies as st
from world import World

from sinkhole.dns.pipeline.channel import H3, HTTPS, QUIC, TCP, TLS, UDP, Channel
from sinkhole.dns.pipeline.reaction import DROP, Waiting
from sinkhole.dns.wire.reply import read_reply

BLOCKED = ["ads.example.org", "tracker.example.net"]
LOCAL = {"nas.home": ["192.0.2.10"], "*.nas.home": ["192.0.2.11", "2001:db8::11"]}
CACHED = {("example.org", 1): (["192.0.2.1", "192.0.2.2"], 300)}
NAMES = [
    "example.org",
    "ads.example.org",
    "x.ads.example.org",
    "xads.example.org",
    "tracker.example.net",
    "nas.home",
    "a.b.nas.home",
    "printer.local",
    "localhost",
    "other.example.com",
    "1.0.0.10.in-addr.arpa",
    "10.2.0.192.in-addr.arpa",
]
TYPES = [1, 28, 65, 16, 12, 255, 252, 5, 4711]


@st.composite
def queries(draw: st.DrawFn) -> bytes:
    name = draw(st.sampled_from(NAMES))
    flips = draw(st.lists(st.booleans(), min_size=len(name), max_size=len(name)))
    spelled = "".join(c.upper() if flip else c for c, flip in zip(name, flips, strict=True))
    record = dnslib.DNSRecord(
        dnslib.DNSHeader(id=draw(st.integers(0, 0xFFFF)), rd=draw(st.booleans())),
        q=dnslib.DNSQuestion(
            spelled, draw(st.sampled_from(TYPES)), draw(st.sampled_from([1, 1, 1, 3]))
        ),
    )
    record.header.cd = draw(st.booleans())
    record.header.ad = draw(st.booleans())
    if draw(st.booleans()):
        options = draw(
            st.lists(
                st.one_of(
                    st.tuples(st.sampled_from([3, 12, 65_001]), st.binary(max_size=9)),
                    st.tuples(st.just(8), st.sampled_from([bytes(4), b"\0\1\x18\0\xc0\0\2"])),
                    st.tuples(st.just(10), st.binary(min_size=8, max_size=8)),
                ),
                max_size=3,
            )
        )
        record.add_ar(
            dnslib.EDNS0(
                udp_len=draw(st.sampled_from([0, 512, 1232, 4096])),
                flags="do" if draw(st.booleans()) else "",
                opts=[dnslib.EDNSOption(code, data) for code, data in options],
            )
        )
    return bytes(record.pack())


class Expected:
    """What the reference says: rcode and answers, or that it has to wait."""

    def __init__(self, query: dnslib.DNSRecord) -> None:
        self.waits = False
        self.rcode = 0
        self.answers: list[tuple[int, int, str]] = []
        self._decide(str(query.q.qname).lower().rstrip("."), query.q.qtype, query.q.qclass, query)

    def _decide(self, name: str, qtype: int, qclass: int, query: dnslib.DNSRecord) -> None:
        if qclass != 1 or qtype == 252:
            self.rcode = 5
        elif qtype == 255:
            self.answers = [(13, 3600, "")]
        elif name == "10.2.0.192.in-addr.arpa":
            self.answers = [(12, 60, "nas.home")] if qtype == 12 else []
        elif name in LOCAL or name.endswith(".nas.home"):
            values = LOCAL[name] if name in LOCAL else LOCAL["*.nas.home"]
            version = {1: 4, 28: 6}.get(qtype)
            self.answers = [(qtype, 60, v) for v in values if ip_address(v).version == version]
        elif name == "localhost":
            self.answers = {1: [(1, 3600, "127.0.0.1")], 28: [(28, 3600, "::1")]}.get(qtype, [])
        elif name.endswith((".local", ".10.in-addr.arpa")):
            self.rcode = 3
        elif any(name == b or name.endswith("." + b) for b in BLOCKED):
            self.answers = {1: [(1, 10, "0.0.0.0")], 28: [(28, 10, "::")]}.get(qtype, [])
        elif (name, qtype) in CACHED and not query.header.cd and not _do(query):
            values, ttl = CACHED[name, qtype]
            self.answers = [(qtype, ttl, value) for value in values]
        elif query.header.rd:
            self.waits = True
        else:
            self.rcode = 5


def _do(query: dnslib.DNSRecord) -> bool:
    return any(extra.edns_do for extra in query.ar)


def make_world() -> World:
    world = World(block=BLOCKED, records=LOCAL)
    world.client = world.client_at("127.0.0.1")
    for (name, _), (values, ttl) in CACHED.items():
        world.upstreams.says(name, "A", "\n".join(f"{name}. {ttl} A {value}" for value in values))
        asyncio.run(world.ask(name))
    return world


WORLD = make_world()


@settings(max_examples=400, deadline=None)
@given(query=queries(), channel=st.sampled_from([UDP, TCP, TLS, HTTPS, H3, QUIC]))
def test_answer_now_waits_or_means_what_the_reference_says(query: bytes, channel: Channel) -> None:
    asked = dnslib.DNSRecord.parse(query)
    expected = Expected(asked)
    reaction = WORLD.now(query, channel)
    assert isinstance(reaction, Waiting) == expected.waits
    if expected.waits:
        return
    assert isinstance(reaction, bytes)
    reply = dnslib.DNSRecord.parse(reaction)
    header = reply.header
    assert (header.id, header.qr, header.opcode, header.ra) == (asked.header.id, 1, 0, 1)
    assert (header.rd, header.cd, header.ad, header.tc) == (asked.header.rd, asked.header.cd, 0, 0)
    assert header.rcode == expected.rcode
    assert str(reply.q.qname) == str(asked.q.qname)
    assert (reply.q.qtype, reply.q.qclass) == (asked.q.qtype, asked.q.qclass)
    assert all(str(rr.rname) == str(asked.q.qname) for rr in reply.rr)
    got = [
        (rr.rtype, rr.ttl, "" if rr.rtype == 13 else str(rr.rdata).rstrip(".")) for rr in reply.rr
    ]
    assert got == expected.answers
    if expected.rcode in (0, 3) and not expected.answers:
        assert [rr.rtype for rr in reply.auth] == [6]
    else:
        assert reply.auth == []
    assert len(reply.ar) == len(asked.ar)
    assert [extra.edns_do for extra in reply.ar] == [extra.edns_do for extra in asked.ar]


@settings(max_examples=300, deadline=None)
@given(
    wire=st.one_of(
        st.binary(max_size=80),
        queries().flatmap(
            lambda good: st.builds(
                lambda at, value: good[:at] + bytes((value,)) + good[at + 1 :],
                st.integers(0, len(good) - 1),
                st.integers(0, 255),
            )
        ),
    )
)
def test_any_bytes_are_dropped_answered_or_wait_but_never_raise(wire: bytes) -> None:
    reaction = WORLD.now(wire)
    if isinstance(reaction, bytes):
        assert reaction[:2] == wire[:2]
        assert reaction[2] & 0x80
        assert len(reaction) <= 1232
        assert len(read_reply(reaction).answer) <= 2
    else:
        assert reaction is DROP or isinstance(reaction, Waiting)
    WORLD.clock.now += 1
