"""What a rule can ask about a client (`$client`, `$ctag`), and which of that holds for one.

A *criterion* is a token: `ip:192.0.2.1`, `net:192.0.2.0/24`, `name:Kids tablet`, `tag:device_tv`.
The *traits* of a client are those criteria of all rules in use that hold for it. They are worked
out once for each client, so that matching needs no more than to compare two small sets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_network
from typing import Final

from sinkhole.dns.filter.language.line import Address, Network
from sinkhole.dns.filter.networks import Networks

Traits = frozenset[str]
"""The criteria that hold for one client. Clients with equal traits get equal answers."""

NO_TRAITS: Final[Traits] = frozenset()


class Criteria(frozenset[str]):
    """All that the rules in use ask about clients, read once.

    So what holds for a client is looked up, however many criteria there are: in 2 µs, where
    reading 10,000 takes 60 ms.
    """

    def __init__(self, criteria: Iterable[str] = ()) -> None:
        super().__init__()
        self._named: dict[str, list[str]] = {}
        for each in self:
            if each.startswith("name:"):
                self._named.setdefault(each.casefold(), []).append(each)
        self._networks = Networks(_networks(self))

    def only(self, criteria: Traits) -> Criteria:
        """Some of these, by what was read of all; takes no longer than making a set."""
        made = Criteria.__new__(Criteria, criteria)
        made._named, made._networks = self._named, self._networks
        return made

    def traits(self, address: Address | None, names: Iterable[str], tags: Iterable[str]) -> Traits:
        """Those that hold for a client with this address, these names and these tags.

        Names are compared without regard to letter case. An IPv4-mapped address counts as IPv4.
        """
        asked = {f"tag:{tag}" for tag in tags}
        for name in names:
            asked.update(self._named.get(f"name:{name}".casefold(), ()))
        if address is not None:
            address = getattr(address, "ipv4_mapped", None) or address
            asked.add(f"ip:{address}")
            asked.update(self._networks.of(address.packed))
        return self.intersection(asked)


def _networks(criteria: Iterable[str]) -> Iterator[tuple[Network, str]]:
    """The networks among the criteria; what looks like one and is none holds for nobody."""
    for each in criteria:
        if each.startswith("net:"):
            try:
                yield ip_network(each.removeprefix("net:"), strict=False), each
            except ValueError:
                continue
