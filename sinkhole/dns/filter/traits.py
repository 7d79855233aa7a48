"""What a rule can ask about a client (`$client`, `$ctag`), and which of that holds for one.

A *criterion* is a token: `ip:192.0.2.1`, `net:192.0.2.0/24`, `name:Kids tablet`, `tag:device_tv`.
The *traits* of a client are those criteria of all rules in use that hold for it. They are worked
out once for each client, so that matching needs no more than to compare two small sets.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_network
from typing import Final

from sinkhole.dns.filter.language.line import Address

Traits = frozenset[str]
"""The criteria that hold for one client. Clients with equal traits get equal answers."""

NO_TRAITS: Final[Traits] = frozenset()


def traits_of(
    criteria: frozenset[str], address: Address | None, names: Iterable[str], tags: Iterable[str]
) -> Traits:
    """The criteria that hold for a client with this address, these names and these tags.

    Names are compared without regard to letter case. An IPv4-mapped address counts as IPv4.
    """
    own = {f"name:{name.casefold()}" for name in names} | {f"tag:{tag}" for tag in tags}
    if address is not None:
        address = getattr(address, "ipv4_mapped", None) or address
        own.add(f"ip:{address}")
    return frozenset(
        each for each in criteria if _folded(each) in own or (address and _holds(each, address))
    )


def _folded(criterion: str) -> str:
    return criterion.casefold() if criterion.startswith("name:") else criterion


def _holds(criterion: str, address: Address) -> bool:
    """Whether a criterion is a network with that address in it; what is none holds for nobody."""
    if not criterion.startswith("net:"):
        return False
    try:
        network = ip_network(criterion.removeprefix("net:"), strict=False)
    except ValueError:
        return False
    return network.version == address.version and address in network
