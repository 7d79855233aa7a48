"""Addresses that answers of upstreams may not hold.

DNS rebinding: a page from the internet may talk to its own name, so an attacker gives that name
an address of the victim's router. No public name needs an address that means something inside
only, so answers that hold one are refused, hints of HTTPS and SVCB records included. Names of
people who do publish addresses of their house are allowed by the settings.

Private are: loopback, RFC 1918, link-local (RFC 3927, 4291), unique local (RFC 4193), "this
network" (0.0.0.0/8, RFC 1122 §3.2.1.3), carrier NAT (RFC 6598): to a house those are its router's
outside, or the VPNs that use them for devices; and local-use translation (RFC 8215). So are IPv6
forms that carry such an IPv4 address: mapped, compatible, RFC 6052's prefix, 6to4 (RFC 3056) and
Teredo (RFC 4380 §4). Not among them are 0.0.0.0 and ::, with which other blockers answer, nor the
documentation networks.

Bogus addresses: what some providers answer in place of "there is no such name".
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from sinkhole.dns.filter.language.line import Address, Network
from sinkhole.dns.wire.name import from_text

_PRIVATE: Final = tuple(
    ip_network(text)
    for text in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        "100.64.0.0/10",
        "0.0.0.0/8",
        "fc00::/7",
        "fe80::/10",
        "::1/128",
        "64:ff9b:1::/48",
    )
)
_IPV4_INSIDE: Final = tuple(
    IPv6Address(text).packed[:12] for text in ("::ffff:0.0.0.0", "::0.0.0.0", "64:ff9b::")
)

_6TO4: Final = b"\x20\x02"
_TEREDO: Final = b"\x20\x01\0\0"
_UNSPECIFIED: Final = bytes(4)


def _beginnings(network: Network) -> Iterable[bytes]:
    """The first two bytes of all addresses of a network."""
    free_bits = max(16 - network.prefixlen, 0)
    first = int.from_bytes(network.network_address.packed[:2], "big")
    return (value.to_bytes(2, "big") for value in range(first, first + (1 << free_bits)))


SUSPICIOUS: Final = frozenset(
    beginning for network in _PRIVATE for beginning in _beginnings(network)
) | {prefix[:2] for prefix in (*_IPV4_INSIDE, _6TO4, _TEREDO)}
"""The first two bytes of all private addresses: one look-up tells nearly every other one."""


def is_private(packed: bytes) -> bool:
    """Whether an address of 4 or 16 bytes means something inside a house only."""
    if packed[:2] not in SUSPICIOUS or packed == _UNSPECIFIED:
        return False
    if any(map(is_private, _ipv4_inside(packed))):
        return True
    address: Address = ip_address(packed)
    return any(address.version == net.version and address in net for net in _PRIVATE)


def _ipv4_inside(packed: bytes) -> tuple[bytes, ...]:
    """The IPv4 addresses that an IPv6 address carries."""
    if packed[:12] in _IPV4_INSIDE:
        return (packed[12:],)
    if packed[:2] == _6TO4:
        return (packed[2:6],)
    if packed[:4] == _TEREDO:  # its server, and the client with every bit turned round
        return packed[4:8], bytes(byte ^ 0xFF for byte in packed[12:])
    return ()


class Rebinding:
    """The protection, with the names that may lead into the house (text; those below them too)."""

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        self._allowed = frozenset(from_text(name) for name in allowed)

    def allows(self, name: bytes) -> bool:
        """Whether a lower-cased wire name is, or lies below, one that may."""
        position = 0
        while size := name[position]:
            if name[position:] in self._allowed:
                return True
            position += size + 1
        return False


class BogusAddresses:
    """The addresses of the settings, as networks; an answer that holds one means NXDOMAIN."""

    def __init__(self, networks: Iterable[Network]) -> None:
        networks = tuple(networks)
        self._single = frozenset(
            net.network_address.packed for net in networks if net.prefixlen == net.max_prefixlen
        )
        self._wide = tuple(net for net in networks if net.prefixlen < net.max_prefixlen)

    def __len__(self) -> int:
        """The number of networks."""
        return len(self._single) + len(self._wide)

    def __contains__(self, packed: bytes) -> bool:
        """Whether an address of 4 or 16 bytes is among them."""
        if packed in self._single:
            return True
        if not self._wide:
            return False
        address = ip_address(packed)
        return any(address.version == net.version and address in net for net in self._wide)
