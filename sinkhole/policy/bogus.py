"""Bogus addresses: what some providers answer in place of "there is no such name"."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address


class BogusAddresses:
    """The addresses of the settings, as networks; an answer that holds one means NXDOMAIN."""

    def __init__(self, networks: Iterable[IPv4Network | IPv6Network]) -> None:
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
