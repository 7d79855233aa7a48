"""Whose rules are whose: every client of the log, judged as the household has it now.

The log says of each client an address or id, its device and its group. Who that is now, and by
which rules it goes, is found as for somebody who asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, NamedTuple

from sinkhole.control.querylog.recent_names import AskedBy
from sinkhole.control.settings import Settings
from sinkhole.control.settings.groups_schema import DEFAULT_GROUP
from sinkhole.dns.clients.identity import KnownClient, KnownClients
from sinkhole.dns.clients.standing import Facts
from sinkhole.dns.filter.match import Matcher
from sinkhole.dns.filter.selection import Selection
from sinkhole.dns.filter.traits import Criteria, Traits


@dataclass(frozen=True, slots=True)
class RulesFor:
    """The rules that are asked for some clients, also while the filter is paused for them.

    Where nothing is refused to them (`is_on` False), no rule is asked, whichever there are. `lists`
    are the folded names of the lists that they chose, None for all there are.
    """

    rules: Selection
    is_on: bool = True
    lists: frozenset[str] | None = None

    @property
    def contents(self) -> tuple[Any, ...]:
        """What tells it from others: those alike need no judging of their own."""
        rules = self.rules
        return type(rules), rules.lists, rules.builtin, self.is_on, self.lists

    def asks(self, list_name: str) -> bool:
        """Whether they would be asked a list that is not in use yet."""
        return self.is_on and (self.lists is None or list_name.casefold() in self.lists)


class Asker(NamedTuple):
    """Somebody of the log, as the household has it now; `owner` is None for nobody's client."""

    logged: AskedBy
    owner: KnownClient | None
    group: str
    asked: RulesFor

    @property
    def name(self) -> str:
        """What the settings call it, else what the log does."""
        return self.owner.name if self.owner else self.logged.text

    def traits(self, criteria: Criteria) -> Traits:
        """The criteria that hold for it."""
        text, client_id = self.logged.text, ""
        try:
            address = ip_address(text)
        except ValueError:  # an id, or nothing that the log may say
            address, client_id = None, text
        if self.owner is None:
            return criteria.traits(address, (), ())
        return criteria.traits(address, (self.owner.name, client_id), self.owner.tags)


Whose = Callable[[AskedBy], bool]
"""Whether somebody of the log is meant."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Everybody, with the rules for each: those of `clients` and `groups` by name, all others as
    `everybody`.

    `matcher` has the lists of them all, `group_of` the groups of the clients, `facts` what is known
    of addresses.
    """

    everybody: RulesFor
    matcher: Matcher
    known: KnownClients = field(default_factory=KnownClients)
    clients: Mapping[str, RulesFor] = field(default_factory=dict)
    groups: Mapping[str, RulesFor] = field(default_factory=dict)
    group_of: Mapping[str, str] = field(default_factory=dict)
    facts: Facts = field(default_factory=Facts)

    @property
    def kinds(self) -> list[RulesFor]:
        """All rules that somebody goes by, each once."""
        return list(dict.fromkeys((self.everybody, *self.groups.values(), *self.clients.values())))

    def asker(self, logged: AskedBy) -> Asker:
        """Who somebody of the log is now."""
        text, device, group = logged
        hosts = self.facts.hosts_of(text, device) if self.known.asks_facts else ()
        owner = self.known.owner_called(text, device, hosts)
        if owner is None and self._is_called_by_host(group):
            return Asker(logged, None, group, self.groups[group])
        return self.asker_of(owner, logged)

    def at(self, packed: bytes) -> Asker:
        """Who is at an address of 4 or 16 bytes now."""
        mac, hosts = self.facts.mac(packed), self.facts.hosts(packed)
        owner = self.known.identify(packed, "", mac, hosts).owner
        return self.asker_of(owner, AskedBy(str(ip_address(packed)), mac))

    def asker_of(self, owner: KnownClient | None, logged: AskedBy) -> Asker:
        """Somebody whose client is known already, or known to be nobody's."""
        if owner is None:
            return Asker(logged, None, DEFAULT_GROUP, self.everybody)
        asked = self.clients.get(owner.name, self.everybody)
        return Asker(logged, owner, self.group_of.get(owner.name, DEFAULT_GROUP), asked)

    def member_of(self, group: str) -> Asker:
        """Whoever is in a group, and says nothing itself; KeyError for a group there is not."""
        name = next((each for each in self.groups if each.casefold() == group.casefold()), group)
        return Asker(AskedBy(group=name), None, name, self.groups[name])

    def of_client(self, name: str) -> Whose:
        """Whether somebody is what the settings call so, else what the log does."""
        return lambda logged: self.asker(logged).name == name

    def of_group(self, group: str) -> Whose:
        """Whether somebody is in a group now."""
        folded = self.member_of(group).group.casefold()
        return lambda logged: self.asker(logged).group.casefold() == folded

    def _is_called_by_host(self, group: str) -> bool:
        """Whether a group has clients that are known by names on the network, which the log does
        not tell: then its word for the group counts."""
        members = (each for each in self.known.all if each.hosts)
        return group in self.groups and any(
            self.group_of.get(each.name) == group for each in members
        )


def known_clients(settings: Settings) -> KnownClients:
    """The clients of the settings."""
    return KnownClients(
        KnownClient(each.name, each.addresses, each.tags, each.ids, each.macs, each.hosts)
        for each in settings.clients
    )
