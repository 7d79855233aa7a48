"""Who asks: an address, whether it may, whose budget it spends, and what applies to it.

A Client is what one Policy says of one address, and is never changed. Under another Policy clients
are made anew, each when it is next seen. What lasts longer are the budgets.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Final, NamedTuple

from sinkhole.dns.cache.lane import Lane, Lanes
from sinkhole.dns.cache.table import NO_TAG
from sinkhole.dns.clients.budgets import Budgets
from sinkhole.dns.clients.tags import Tags
from sinkhole.dns.filter.language.line import Network
from sinkhole.dns.filter.networks import Networks
from sinkhole.dns.filter.traits import NO_TRAITS
from sinkhole.dns.policy.access import Standing
from sinkhole.dns.policy.address_gate import Gate
from sinkhole.dns.policy.group import GroupPolicy
from sinkhole.dns.policy.snapshot import Policy
from sinkhole.dns.wire.options import device_in
from sinkhole.dns.wire.question import OPT_FIXED_SIZE
from sinkhole.model.record import Who

MAX_CLIENTS: Final = 10_000
"""Addresses that may ask and are remembered; the oldest is forgotten."""

MAX_STRANGERS: Final = 1000
"""The same of those that may not, so that they push out nobody else."""

MAX_RATES: Final = 100
"""Different rates that budgets are kept for; when full all but the usual one start anew."""


class Behind(NamedTuple):
    """A device behind a forwarder: the forwarder's address, and what that says of the device, its
    address (packed, b"" for none) and its MAC ("" for none)."""

    forwarder: bytes
    address: bytes
    mac: str

    @property
    def where(self) -> bytes:
        """The address that says who it is, as far as one does."""
        return self.address or self.forwarder


Key = bytes | int | tuple[bytes, str] | Behind
"""An address as `Clients.of` takes it, a packed one with a client's id, or a device behind one."""


class Client:
    """One address that asks, of 4 or 16 bytes, or who calls himself something there.

    `policy` is what applies, and `who` what records say.

    `gated` is True when the client may not ask at all, or its rate is limited: the hot path asks
    for this one attribute only. `tag` stands for its class, its `traits`, and what upstreams are
    told of where it is, in keys of the table; all who have the same have one `lane`, and those who
    may not ask an empty one. `shared_tags` are others under which there may be
    answers for it, the first of them that for all clients of its upstreams. `udp` and `tcp` are
    where its budgets are, under `network`: the network in which all of one rate share them, and a
    share of the connections, as packed bytes. `forwards` is whether it is believed for whom it
    asks. `key` is how `Clients` find it. `sought` is whether it is still being found out who that
    is; its queries wait for it, so it is gated.
    """

    __slots__ = (
        "allowed",
        "forwards",
        "gated",
        "key",
        "lane",
        "network",
        "packed",
        "policy",
        "shared_tags",
        "sought",
        "tag",
        "tcp",
        "traits",
        "udp",
        "who",
    )

    def __init__(
        self, packed: bytes, who: Who, network: bytes, policy: GroupPolicy, key: Key | None = None
    ) -> None:
        self.packed = packed
        self.who = who
        self.network = network
        self.policy = policy
        self.key = packed if key is None else key
        self.allowed = False
        self.gated = True
        self.forwards = self.sought = False
        self.traits = NO_TRAITS
        self.tag, self.lane = NO_TAG, _NO_LANE
        self.shared_tags: tuple[bytes, ...] = ()
        self.udp = self.tcp = _UNLIMITED

    @property
    def text(self) -> str:
        """What records call it: the id where there is one, else the address as people write it."""
        return self.who.text


_UNLIMITED: Final = Budgets(0)

_NO_LANE: Final = Lane()
"""Of who may not ask: nothing is ever put there."""

_NOWHERE: Final = bytes(16)
"""Where a device is of which only the MAC is told: at an address that nobody has."""


class Clients:
    """All clients by address, made when first seen.

    An address is its packed bytes (4 or 16), or, for IPv4, these bytes read as one int in the
    machine's byte order: what the batched listener finds in memory without making bytes of it.
    UDP and TCP have a budget each, so that a client told to come back over TCP finds room there.
    Loopback is exempt from the rate limit: it is the machine itself.
    """

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.access = policy.access
        self.are_alike = True
        """Whether nothing has told clients apart yet, so that each finds the answers of all."""
        self.lanes = Lanes()
        """Whoever takes something out of the table clears them."""
        self._tags = Tags()
        self._share = 1.0
        self._usual = policy.group.rate_limit
        self._budgets = {self._usual: self._new_budgets(self._usual)}
        self._gate = Gate(self.access.allow, self.access.deny)
        self._forwarders = _networks(self.access.forwarders)
        self._known: OrderedDict[Key, Client] = OrderedDict()
        self._behind: dict[bytes, set[Behind]] = {}
        """Those of them that are behind forwarders, by where they are."""
        self._strangers: OrderedDict[Key, Client] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known) + len(self._strangers)

    def of(self, address: bytes | int) -> Client:
        """The client at an address; 50 ns when known.

        Ask again for each query, as what it says holds under the Policy in force only.
        """
        return self._known.get(address) or self._make(address)

    def identified(self, packed: bytes, client_id: str) -> Client:
        """The client at an address (4 or 16 bytes) that calls itself so, where the settings know
        the id; `of` where they do not.

        Its text is the id, wherever it asks from. Whether it may ask, and whose budget it spends,
        goes by the address all the same: an id is no secret.
        """
        if client_id not in self.access.ids:
            return self.of(packed)
        key = packed, client_id
        return self._known.get(key) or self._make(key)

    def behind(self, forwarder: Client, opt: bytes) -> Client:
        """The device for which a forwarder asks, by the OPT record of its query, which was checked;
        the forwarder itself where that tells of none."""
        address, mac = device_in(opt[OPT_FIXED_SIZE:])
        if not (address or mac):
            return forwarder
        key = Behind(forwarder.packed, address, mac)
        return self._known.get(key) or self._make(key)

    def again(self, client: Client) -> Client:
        """The same client, as it is under the Policy in force."""
        return self._known.get(client.key) or self._make(client.key)

    def text_of(self, address: bytes | int) -> str:
        """An address as people write it."""
        return str(ip_address(_packed(address)))

    def renew(self, policy: Policy) -> None:
        """Apply another Policy from the next query on; budgets go on as they are."""
        access, usual = policy.access, policy.group.rate_limit
        if access.allow is not self.access.allow or access.deny is not self.access.deny:
            self._gate = Gate(access.allow, access.deny)
        if access.forwarders is not self.access.forwarders:
            self._forwarders = _networks(access.forwarders)
        if usual != self._usual:
            self._usual = self._use_rate(self._usual, usual)
        self.policy, self.access = policy, access
        self._known, self._strangers, self._behind = OrderedDict(), OrderedDict(), {}
        self.lanes.start_anew()

    def limit_to(self, share: float) -> None:
        """Let each send so much of its rate here by UDP: the rest comes to others that answer as
        well. A connection lives here or there, and so has all of it."""
        self._share = share
        for rate, (udp, _) in self._budgets.items():
            udp.set_rate(self._part_of(rate))

    def forget(self, packed: bytes) -> None:
        """Find out anew who is at an address (4 or 16 bytes), as something was learned about it."""
        keys: list[Key] = [packed, *((packed, each) for each in self.access.ids)]
        if len(packed) == 4:
            keys.append(int.from_bytes(packed, sys.byteorder))
        for key in (*keys, *self._behind.pop(packed, ())):
            self._known.pop(key, None)

    def _use_rate(self, old: int, new: int) -> int:
        """Let the budgets of everybody go on at another rate."""
        pair = self._budgets.pop(old)
        udp, tcp = pair
        udp.set_rate(self._part_of(new))
        tcp.set_rate(new)
        self._budgets[new] = pair
        return new

    def _make(self, key: Key) -> Client:
        """A client that is not known; whether it may ask comes first, as anybody can get here."""
        stranger = self._strangers.get(key)
        if stranger is not None:
            return stranger
        if isinstance(key, Behind):
            return self._make_behind(key)
        where, client_id = key if isinstance(key, tuple) else (key, "")
        packed = _packed(where)
        network = self.access.network(packed)
        if self._gate.turns_away_by(packed):
            who = Who(client_id or str(ip_address(packed)))
            client = Client(packed, who, network, self.policy.group, key)
            _remember(self._strangers, MAX_STRANGERS, key, client)
            return client
        client = self._let_in(key, packed, network, self._standing(packed, client_id))
        client.forwards = any(self._forwarders.of(packed))
        return client

    def _make_behind(self, key: Behind) -> Client:
        """A device behind a forwarder: it may ask, as that may, and has a budget of its own."""
        packed = key.where
        network = self.access.network(packed) if key.address else key.mac.encode()
        standing = self._standing(key.address or _NOWHERE, "", key.mac)
        if not key.address:  # else all devices would be taken for the forwarder
            who = standing.who
            standing = standing._replace(who=Who(key.mac, key.mac, who.group, who.telling))
        return self._let_in(key, packed, network, standing)

    def _standing(self, packed: bytes, client_id: str, mac: str = "") -> Standing:
        standing = self.access.standing
        if standing is not None:
            return standing(packed, client_id, mac)
        return Standing(self.policy.group, Who(client_id or str(ip_address(packed)), mac))

    def _let_in(self, key: Key, packed: bytes, network: bytes, standing: Standing) -> Client:
        policy, traits = standing.policy, standing.traits
        client = Client(packed, standing.who, network, policy, key)
        client.allowed = True
        client.traits = traits
        rate = policy.rate_limit * max(standing.devices, 1)
        client.sought = standing.is_sought and not isinstance(key, Behind)
        client.gated = client.sought or (rate > 0 and not ip_address(packed).is_loopback)
        client.udp, client.tcp = self._budgets.get(rate) or self._make_budgets(rate)
        subnet = policy.subnets.apart(packed) if policy.subnets.differ else b""
        client.tag = self._tags.of(policy.number, traits, subnet)
        client.lane = self.lanes.of(client.tag)
        self.are_alike = self.are_alike and client.tag == NO_TAG
        client.shared_tags = self._shared_tags(policy.via)
        if isinstance(key, Behind):
            self._behind.setdefault(key.where, set()).add(key)
        self._left(_remember(self._known, MAX_CLIENTS, key, client))
        return client

    def _left(self, key: Key | None) -> None:
        """One is not known any more."""
        if isinstance(key, Behind):
            there = self._behind[key.where]
            there.discard(key)
            if not there:
                del self._behind[key.where]

    def _shared_tags(self, via: str) -> tuple[bytes, ...]:
        """Where answers of an upstream set are for everybody: under nobody's tag, and that of
        clients whom nothing tells from others."""
        shared = self._tags.shared(via)
        usual = (NO_TAG,) if via == self.policy.group.via else ()
        return (shared, *usual) if shared else usual

    def _make_budgets(self, rate: int) -> tuple[Budgets, Budgets]:
        if len(self._budgets) >= MAX_RATES:
            self._budgets = {self._usual: self._budgets[self._usual]}
        return self._budgets.setdefault(rate, self._new_budgets(rate))

    def _new_budgets(self, rate: int) -> tuple[Budgets, Budgets]:
        return Budgets(self._part_of(rate)), Budgets(rate)

    def _part_of(self, rate: int) -> float:
        """What of a rate is for here; where there is a limit, one a second at least."""
        return max(1.0, rate * self._share) if rate else 0.0


def _remember(known: OrderedDict[Key, Client], most: int, key: Key, client: Client) -> Key | None:
    """Take one in; the key of who had to leave for it."""
    known[key] = client
    return known.popitem(last=False)[0] if len(known) > most else None


def _networks(networks: Iterable[Network]) -> Networks[bool]:
    return Networks((network, True) for network in networks)


def _packed(address: bytes | int) -> bytes:
    return address.to_bytes(4, sys.byteorder) if isinstance(address, int) else address
