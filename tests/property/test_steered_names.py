"""Whatever the name: neither its spelling nor what is asked about it leads to another socket."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shared_sockets import SharedSockets, shared_sockets

from sinkhole.dns.server.steering import attach

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux steers by programs")

COUNT = 4

letter = st.sampled_from(b"abcxyzABCXYZ019-_\0\xff")
label = st.lists(letter, min_size=1, max_size=20).map(lambda each: bytes((len(each), *each)))
name = st.lists(label, max_size=5).map(lambda labels: b"".join(labels) + b"\0")
behind = st.binary(min_size=4, max_size=40)


@pytest.fixture(scope="module")
def sockets() -> object:
    with shared_sockets(COUNT) as made:
        assert attach(made.socks[0], COUNT)
        yield made


@settings(max_examples=200, deadline=None)
@given(name, st.binary(min_size=12, max_size=12), st.lists(behind, min_size=2, max_size=4))
def test_only_the_name_counts(
    sockets: SharedSockets, qname: bytes, head: bytes, ends: list[bytes]
) -> None:
    spelled = (qname, qname.lower(), qname.upper())
    assert len({sockets.taker(head + each + end) for each in spelled for end in ends}) == 1


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_arrive_at_one_of_them(sockets: SharedSockets, datagram: bytes) -> None:
    assert sockets.taker(datagram) == sockets.taker(datagram)
