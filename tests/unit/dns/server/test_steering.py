"""Queries find the socket of their name: real sockets, and the kernel decides."""

from __future__ import annotations

import socket
import struct
import sys
from collections import Counter
from collections.abc import Iterator

import dnslib
import pytest
from shared_sockets import SharedSockets, shared_sockets

from sinkhole.dns.server.steering import attach, steer

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux steers by programs")

NAMES = [f"{word}.{zone}" for word in map(str, range(300)) for zone in ("example.org", "a.test")]
SHORT = [".", "a.io", "b.io", "ab.net", "abc.org", "x.y.z", "a.b.c.d.e.f", "abcdefg.de"]


def query(name: str, qtype: str = "A", *, edns: bool = False) -> bytes:
    made = dnslib.DNSRecord.question(name, qtype)
    if edns:
        made.add_ar(dnslib.EDNS0(flags="do", udp_len=1232))
    return bytes(made.pack())


@pytest.fixture(params=[False, True], ids=["IPv4", "IPv6"])
def two(request: pytest.FixtureRequest) -> Iterator[SharedSockets]:
    if request.param and not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    with shared_sockets(2, ipv6=request.param) as sockets:
        yield sockets


def test_a_name_always_finds_the_same_socket(two: SharedSockets) -> None:
    assert attach(two.socks[0], 2)
    for name in [*SHORT, *NAMES[:50], "www.an-example-of-a-long-name.example.org"]:
        spelled = (name, name.upper(), name.title())
        queries = (query(each, qtype) for each in spelled for qtype in ("A", "AAAA", "HTTPS"))
        takers = {two.taker(each) for each in queries}
        assert len(takers | {two.taker(query(name, edns=True))}) == 1, name


@pytest.mark.parametrize("count", [2, 3, 4])
def test_every_socket_gets_its_share_of_names(count: int) -> None:
    with shared_sockets(count) as sockets:
        assert attach(sockets.socks[-1], count), "by any of them"
        taken = Counter(sockets.taker(query(name)) for name in NAMES)
        assert all(0.8 < taken[each] * count / len(NAMES) < 1.2 for each in range(count)), taken


def test_the_queries_of_one_port_spread_and_who_asks_is_of_no_matter(two: SharedSockets) -> None:
    assert attach(two.socks[0], 2)
    first = [two.taker(query(name)) for name in NAMES[:40]]
    assert set(first) == {0, 1}
    with socket.socket(two.client.family, socket.SOCK_DGRAM) as other:
        assert [two.taker(query(name), other) for name in NAMES[:40]] == first


@pytest.mark.parametrize(
    "datagram", [b"", b"\0", bytes(12), bytes(15), bytes(12) + query("a.io")[12:17]]
)
def test_what_is_no_query_goes_to_the_first(datagram: bytes) -> None:
    with shared_sockets(3) as sockets:
        assert attach(sockets.socks[0], 3)
        assert {sockets.taker(datagram) for _ in range(5)} == {0}


def test_behind_a_proxy_header_it_goes_by_the_address_that_is_told() -> None:
    def told(client: int, name: str) -> bytes:
        addresses = struct.pack("!4B4BHH", 192, 0, 2, client, 198, 51, 100, 1, 4096 + client, 53)
        return b"\r\n\r\n\0\r\nQUIT\n\x21\x12\0\x0c" + addresses + query(name)

    with shared_sockets(2) as sockets:
        assert attach(sockets.socks[0], 2)
        taken = Counter()
        for client in range(200):
            takers = {sockets.taker(told(client, name)) for name in ("example.org", "a.test")}
            assert len(takers) == 1
            taken.update(takers)
        assert min(taken[0], taken[1]) > 60, taken


def test_when_one_is_closed_the_last_one_gets_its_place() -> None:
    with shared_sockets(3) as sockets:
        assert attach(sockets.socks[0], 3)
        before = {name: sockets.taker(query(name)) for name in NAMES[:60]}
        sockets.close(0)
        after = {name: sockets.taker(query(name)) for name in before}
        for name, place in before.items():
            if place < 2:  # nobody has the third place, and the kernel does as without a program
                assert after[name] == place


def test_it_can_be_attached_again_for_another_count() -> None:
    with shared_sockets(3) as sockets:
        assert attach(sockets.socks[0], 3)
        sockets.close(1)
        assert attach(sockets.socks[1], 2)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            for name in NAMES[:60]:
                assert sockets.taker(query(name)) == sockets.taker(query(name), other)


def test_a_socket_that_shares_no_port_cannot_be_steered() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as alone:
        alone.bind(("127.0.0.1", 0))
        assert not attach(alone, 2)


def test_the_program_is_whole_instructions_with_jumps_inside_of_it() -> None:
    program = steer(2)
    steps = list(struct.iter_unpack("=HBBI", program))
    for at, (code, yes, no, _) in enumerate(steps):
        if code & 7 == 5:
            assert max(at + 1 + yes, at + 1 + no) < len(steps)
    assert steps[-1][0] == 0x16
