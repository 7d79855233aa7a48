"""Clients of several classes in a World: which class has what, and who is of which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import Any

import dnslib
from world import AT_HOME, World

from sinkhole.dns.clients.identity import KnownClient, KnownClients
from sinkhole.dns.clients.standing import Facts, Membership, StandingBy
from sinkhole.dns.policy.group import GroupPolicy
from sinkhole.dns.policy.snapshot import Policy

Parts = Mapping[str, Any]
"""What a class has of its own, as GroupPolicy calls it."""


class Classes:
    """Publishes policies as the control plane does: a class has a number for good, and another
    generation only when it says something else. The class "" is that of everybody else."""

    def __init__(self, world: World, **more: Any) -> None:
        self.world = world
        self._more = more
        self._numbers: dict[str, int] = {"": 0}
        self._made: dict[str, tuple[Parts, GroupPolicy]] = {}
        self._generation = 1000

    def publish(
        self, classes: Mapping[str, Parts], of: Mapping[str, str], facts: Facts | None = None
    ) -> Policy:
        """Let these classes say these things, and each client, by address, be `of` one of them."""
        groups = {name: self._group(name, parts) for name, parts in classes.items()}
        known = KnownClients(KnownClient(who, (ip_network(who),)) for who in of)
        members = {who: Membership(groups[name], f"group {name}") for who, name in of.items()}
        everybody = Membership(groups.get("") or self._group("", {}))
        standing = StandingBy(everybody, known, members, facts or Facts())
        old = self.world.pipeline.policy
        access = replace(old.access, standing=standing, **self._more)
        policy = replace(old, group=everybody.policy, access=access)
        self.world.pipeline.policy = policy
        return policy

    def _group(self, name: str, parts: Parts) -> GroupPolicy:
        known = self._made.get(name)
        if known is None or known[0] != parts:
            self._generation += 1
            number = self._numbers.setdefault(name, len(self._numbers))
            known = parts, GroupPolicy(self._generation, number, **parts)
            self._made[name] = known
        return known[1]

    def now_by(self, address: str) -> None:
        """Let the next query come from an address."""
        self.world.client = self.world.client_at(address)

    async def ask(self, address: str, name: str, qtype: str = "A") -> dnslib.DNSRecord:
        """The reply to a question of the client at an address."""
        self.now_by(address)
        return await self.world.ask(name, qtype, edns=True)


def address_at_home(number: int) -> str:
    """One of many addresses that may ask."""
    return str(ip_network(AT_HOME[1])[number])


def packed(address: str) -> bytes:
    """The bytes of an address."""
    return ip_address(address).packed
