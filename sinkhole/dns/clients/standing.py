"""What applies to whom, where not the same applies to all: the clients of the settings, each with
its class, and what is known of addresses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final, NamedTuple

from sinkhole.dns.clients.identity import Identified, KnownClients, traits_of
from sinkhole.dns.filter.traits import NO_TRAITS
from sinkhole.dns.policy.access import Standing
from sinkhole.dns.policy.group import GroupPolicy
from sinkhole.model.record import EVERYTHING, Telling, Who

_SURELY: Final = ("id", "address")
"""Who is recognised by these is nobody else, whatever MAC there is."""


class Facts(NamedTuple):
    """What is known of a packed address: the MAC behind it ("" for none), what it is called on the
    network, and for how many devices it stands.

    `seek` has the MAC of an address looked for where none is known; whether that is worth a
    moment's waiting, which it is once.

    Each is asked once for each address and Policy; when one changes its mind, `Clients.forget` the
    address.
    """

    mac: Callable[[bytes], str] = lambda packed: ""
    hosts: Callable[[bytes], Iterable[str]] = lambda packed: ()
    devices: Callable[[bytes], int] = lambda packed: 1
    seek: Callable[[bytes], bool] = lambda packed: False

    def hosts_of(self, client: str, device: str) -> Iterable[str]:
        """What an address is called on the network, for the device that a record of it has."""
        try:
            packed = ip_address(client).packed
        except ValueError:
            return ()
        return self.hosts(packed) if self.mac(packed) == device else ()


class Membership(NamedTuple):
    """What applies to a client of the settings, its group's name, and what is told of it."""

    policy: GroupPolicy
    group: str = "default"
    telling: Telling = EVERYTHING


@dataclass(frozen=True, slots=True)
class StandingBy:
    """The standing of who asks: `members` by name of the `known` clients; of all others, and of
    clients that it has not, as `everybody`."""

    everybody: Membership
    known: KnownClients = field(default_factory=KnownClients)
    members: Mapping[str, Membership] = field(default_factory=dict)
    facts: Facts = field(default_factory=Facts)

    def identify(self, packed: bytes, client_id: str = "", mac: str = "") -> Identified:
        """Whose a question is, by all that is known; `mac` is what a forwarder says."""
        return self._identify(packed, client_id, mac or self.facts.mac(packed))

    def __call__(self, packed: bytes, client_id: str = "", mac: str = "") -> Standing:
        """See `access.StandingOf`; some 5 µs."""
        is_behind = bool(mac)
        mac = mac or self.facts.mac(packed)
        owner, by = self._identify(packed, client_id, mac)
        membership = self.members.get(owner.name, self.everybody) if owner else self.everybody
        criteria = membership.policy.filter.criteria
        text = client_id or str(ip_address(packed))
        return Standing(
            membership.policy,
            Who(text, mac, membership.group, membership.telling),
            traits_of(criteria, packed, client_id, owner) if criteria else NO_TRAITS,
            1 if is_behind else self.facts.devices(packed),
            not mac and by not in _SURELY and self.facts.seek(packed),
        )

    def _identify(self, packed: bytes, client_id: str, mac: str) -> Identified:
        hosts = self.facts.hosts(packed) if self.known.asks_facts else ()
        return self.known.identify(packed, client_id, mac, hosts)
