"""Invariant: whatever a datagram of netlink has in it, it is read to its end and raises nothing;
what was written is read back; a neighbour that is told of has an address and a MAC."""

from __future__ import annotations

from struct import pack

from hypothesis import given
from hypothesis import strategies as st

from sinkhole.control.devices.house_addresses import gateway_in
from sinkhole.control.devices.neighbours import Neighbour, Neighbours, neighbour_in
from sinkhole.model import netlink

ATTRIBUTES = st.dictionaries(st.integers(0, 0x3FFF), st.binary(max_size=20), max_size=6)
HEAD = st.builds(
    lambda family, interface, state, flags: pack(
        "=BBHiHBB", family, 0, 0, interface, state, flags, 0
    ),
    st.sampled_from([0, 2, 7, 10]),
    st.integers(-(1 << 31), (1 << 31) - 1),
    st.integers(0, 0xFFFF),
    st.integers(0, 0xFF),
)
SHAPED = st.builds(
    lambda kind, flags, head, said: netlink.message(
        kind, flags, head + b"".join(netlink.attribute(each, said[each]) for each in said)
    ),
    st.integers(0, 40),
    st.integers(0, 0xFFFF),
    HEAD,
    ATTRIBUTES,
)


@given(ATTRIBUTES)
def test_attributes_are_read_as_they_were_written(said: dict[int, bytes]) -> None:
    data = b"".join(netlink.attribute(kind, value) for kind, value in said.items())
    assert netlink.attributes(data) == said


@given(st.lists(st.binary(max_size=80) | SHAPED, max_size=20))
def test_any_datagram(pieces: list[bytes]) -> None:
    met: list[Neighbour] = []
    datagram = b"".join(pieces)
    neighbours = Neighbours(met.append)
    neighbours._ask_later = lambda: None  # type: ignore[method-assign]  # there is no loop here
    neighbours.take(datagram)
    for address, mac, _ in met:
        assert len(address) in (4, 16)
        assert len(mac) == 6
    for message in netlink.messages(datagram):
        assert neighbour_in(message) is None or neighbour_in(message) in met
        gateway_in(message)
