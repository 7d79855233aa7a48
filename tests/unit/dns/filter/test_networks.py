"""Which of many networks an address is in."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinkhole.dns.filter.language.line import Network
from sinkhole.dns.filter.networks import Networks

# Near each other, so that they meet.
V4 = st.builds(
    lambda number, bits: ip_network((number << 24, bits), strict=False),
    st.integers(0, 3),
    st.sampled_from([0, 7, 8, 31, 32]),
)
V6 = st.builds(
    lambda number, bits: ip_network((IPv6Address(number << 64), bits), strict=False),
    st.integers(0, 3),
    st.sampled_from([0, 63, 64, 127, 128]),
)
ADDRESSES = st.one_of(
    st.builds(lambda number: IPv4Address(number << 24), st.integers(0, 3)),
    st.builds(lambda number: IPv6Address(number << 64), st.integers(0, 3)),
)


@given(networks=st.lists(st.one_of(V4, V6), max_size=12), address=ADDRESSES)
def test_it_tells_what_asking_each_network_tells(
    networks: list[Network], address: IPv4Address | IPv6Address
) -> None:
    expected = [
        number
        for number, network in enumerate(networks)
        if network.version == address.version and address in network
    ]
    expected.sort(key=lambda number: -networks[number].prefixlen)
    made = Networks((network, number) for number, network in enumerate(networks))
    assert list(made.of(address.packed)) == expected


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
def test_there_may_be_none(address: str) -> None:
    assert not any(Networks[bool]().of(ip_address(address).packed))


def test_how_many_networks_there_are_makes_no_difference() -> None:
    """As many look-ups as there are lengths, whatever the number of networks."""

    class Counted(dict[int, list[int]]):
        asked = 0

        def get(self, key: int, default: object = None) -> object:  # type: ignore[override]  # counts
            Counted.asked += 1
            return super().get(key, default)  # type: ignore[arg-type]  # as above

    many = [ip_network((0x0A000000 + (i << 8), 24)) for i in range(10_000)]
    made = Networks((network, i) for i, network in enumerate([*many, ip_network("10.0.0.0/8")]))
    made._tables[4] = [(shift, Counted(table)) for shift, table in made._tables[4]]
    assert list(made.of(ip_address("10.0.7.1").packed)) == [7, 10_000]
    assert Counted.asked == 2
