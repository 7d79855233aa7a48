"""What a rule can ask about a client (`$client`, `$ctag`), and which of that holds for one."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_network


def traits_of(
    criteria: frozenset[str],
    address: IPv4Address | IPv6Address | None,
    names: Iterable[str],
    tags: Iterable[str],
) -> frozenset[str]:
    """The criteria that hold for a client with this address, these names and these tags."""
    own = {f"name:{name}" for name in names} | {f"tag:{tag}" for tag in tags} | {f"ip:{address}"}
    networks = {each for each in criteria if each.startswith("net:")}
    inside = {each for each in networks if address in ip_network(each.removeprefix("net:"))}
    return frozenset(criteria & own | inside)
