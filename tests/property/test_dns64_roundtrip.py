"""An IPv4 address can be read from every address that is made of it, with any prefix."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network

from hypothesis import given
from hypothesis import strategies as st

from sinkhole.dns.policy.dns64 import Dns64
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.numbers import Type

PREFIXES = st.builds(
    lambda bits, length: IPv6Network((bits & ~(0xFF << 56), length), strict=False),
    st.integers(0, 2**128 - 1),
    st.sampled_from((32, 40, 48, 56, 64, 96)),
)


@given(PREFIXES, st.ip_addresses(v=4))
def test_there_and_back(prefix: IPv6Network, ipv4: IPv4Address) -> None:
    dns64 = Dns64([prefix])
    for made in dns64.addresses_for(ipv4.packed, private=True):
        assert IPv6Address(made) in prefix
        assert made[8] == 0
        assert dns64.ipv4_in(made) == ipv4.packed
        reverse = from_text(IPv6Address(made).reverse_pointer)
        assert dns64.target(reverse, Type.PTR) == from_text(ipv4.reverse_pointer)


@given(PREFIXES, st.binary(min_size=16, max_size=16), st.binary(max_size=60))
def test_any_address_and_name_can_be_asked_about(
    prefix: IPv6Network, packed: bytes, label: bytes
) -> None:
    dns64 = Dns64([prefix])
    assert len(dns64.ipv4_in(packed)) in (0, 4)
    name = bytes((len(label),)) + label if label else b""
    assert isinstance(dns64.target(name + from_text("ip6.arpa"), Type.PTR), bytes)
