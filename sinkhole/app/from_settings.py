"""Parts of the DNS plane as the settings want them; `app` and the command line share these."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import IPv6Network
from typing import Any, Final, TypeVar

from sinkhole.app.upstreams import route_sets
from sinkhole.control.explain.audience import known_clients
from sinkhole.control.groups.effective import EffectivePolicy, RulesOf
from sinkhole.control.groups.household import Household
from sinkhole.control.lists.builtin import BuiltinList, BuiltinWanted, builtin_lists, compiled
from sinkhole.control.lists.categories import category_lists
from sinkhole.control.lists.own_rules import compile_own
from sinkhole.control.settings import (
    BlockingSettings,
    BuiltinSettings,
    Settings,
)
from sinkhole.control.settings.hosts_file import read_hosts_file
from sinkhole.control.settings.upstream_values import SubnetTold
from sinkhole.dns.cache.answer import TtlLimits
from sinkhole.dns.filter.language.line import Address
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.policy.blocking import Blocking, Mode
from sinkhole.dns.policy.client_subnet import ClientSubnet, ClientSubnets
from sinkhole.dns.policy.designated import Designated
from sinkhole.dns.policy.dns64 import Dns64
from sinkhole.dns.policy.local import LocalNames
from sinkhole.dns.policy.routes import Routes
from sinkhole.dns.policy.special_use import Reserved
from sinkhole.dns.upstream.sets import DEFAULT
from sinkhole.dns.wire.numbers import Type
from sinkhole.model.errors import SettingsError
from sinkhole.model.files import signature_of

MOST_CHOICES: Final = 64
"""Different choices of services and safe search that are kept compiled; then it starts anew."""

Made = TypeVar("Made")


class PolicyMaker:
    """What of a Policy comes from the settings, made once; `app/classes` puts a Policy together.

    `household` knows who has what when; `rule_lists` are the rules that groups and clients have of
    their own, in the order in which they count, and `categories` the names of the lists of each.
    `client_name` is `KnownClients.called`. `problems` is what the person running sinkhole should
    know, and so is `odd_rules`: rules of groups and clients that the filter can't use, in words.

    Reads the hosts file, and the data of services and the catalogue if they are wanted. What
    `before` was made of the same settings is taken over, so a change costs no more than what it is
    about. Raises SettingsError for local records that cannot be answered.
    """

    def __init__(self, settings: Settings, before: PolicyMaker | None = None) -> None:
        upstream, owners = settings.upstream, (settings.clients, settings.groups)
        self.settings = settings
        self._parts: dict[str, tuple[Any, Any]] = {}
        self._before = before._parts if before is not None else {}
        self._builtin: dict[BuiltinWanted, tuple[CompiledList, ...]] = {}
        self._compiled: dict[BuiltinList, CompiledList] = {}
        if before is not None:
            self._builtin |= before._builtin
            self._compiled |= before._compiled
        self.household = self._part(
            "household", _what_differs(settings), lambda: Household(settings)
        )
        rules = self._part("rules", self.household.rules, self._compile_rules)
        self.rule_lists = {key: compiled for key, (compiled, _) in rules.items()}
        self.odd_rules = [text for _, told in rules.values() for text in told]
        self.categories = self._part(
            "categories",
            (*owners, settings.filtering.lists, settings.filtering.categories),
            lambda: category_names(settings),
        )
        hosts_file = settings.local.hosts_file
        as_it_is = signature_of(hosts_file) if hosts_file else None
        self.local, self.problems = self._part(
            "local", (settings.local, as_it_is), lambda: make_local(settings)
        )
        self.routes = self._part("routes", upstream.routes, lambda: Routes(route_sets(settings)))
        self.dns64 = self._part("dns64", upstream.dns64, lambda: make_dns64(settings))
        self.known = self._part("known", settings.clients, lambda: known_clients(settings))
        self.client_name = self.known.called
        self._before = {}  # or every version of the settings would keep the one before it

    def builtin_of(self, policy: EffectivePolicy) -> tuple[CompiledList, ...]:
        """The lists that a policy asks for by name: services, safe search, canaries.

        Each is compiled once, which takes a hundredth of a second with many services.
        """
        wanted = BuiltinWanted(policy.services, policy.safe_search, policy.builtin)
        found = self._builtin.get(wanted)
        if found is None:
            if len(self._builtin) >= MOST_CHOICES:
                self._builtin.clear()
                self._compiled.clear()
            found = self._builtin[wanted] = tuple(map(self._once, builtin_lists(wanted)))
        return found

    def _compile_rules(self) -> dict[RulesOf, tuple[CompiledList, list[str]]]:
        """Rules that somebody had before are the same list, so that nothing changes for them; with
        what of them is not in use, in words."""
        _, known = self._before.get("rules", ((), {}))
        return {
            rules: known.get(rules) or compile_own(rules.texts, rules.name, rules.name)
            for rules in self.household.rules
        }

    def _once(self, each: BuiltinList) -> CompiledList:
        return self._compiled.get(each) or self._compiled.setdefault(each, compiled(each))

    def _part(self, name: str, key: Any, make: Callable[[], Made]) -> Made:
        """What `make` makes of settings, that of before where they are equal."""
        known = self._before.get(name)
        made: Made = known[1] if known is not None and known[0] == key else make()
        self._parts[name] = key, made
        return made


def category_names(settings: Settings) -> dict[str, frozenset[str]]:
    """The names of the lists of each category that anybody has."""
    lists = category_lists(settings)
    return {word: frozenset(each.name for each in some) for word, some in lists.items()}


def _what_differs(settings: Settings) -> tuple[Any, ...]:
    """All that the policies of clients are made of."""
    return (
        *(settings.groups, settings.clients, settings.schedules, settings.time_zone),
        *(settings.filtering, settings.dns.rate_limit, settings.query_log.privacy),
    )


def make_local(settings: Settings) -> tuple[LocalNames, list[str]]:
    """The names of the house, with the machine's own as weaker ones, and what is wrong with those.

    Raises SettingsError for local records that cannot be answered.
    """
    local = settings.local
    weaker, problems = {}, []
    if local.hosts_file:
        found = read_hosts_file(local.hosts_file)
        problems += [found.problem] if found.problem else []
        weaker = {name: address_records(each) for name, each in found.addresses.items()}
    try:
        records = local.wire_records if local.enabled else {}
        return LocalNames(records, int(local.ttl), weaker), problems
    except ValueError as error:
        raise SettingsError([str(error)]) from None


def make_reserved(
    settings: Settings, builtin: BuiltinSettings, designated: Designated | None = None
) -> Reserved:
    """The names that never leave the house, and what clients are told of encrypted services."""
    names, discovery = settings.dns.reserved_names, builtin.discovery
    return Reserved(names=names, discovery=discovery, designated=designated)


def make_subnets(settings: Settings, told: SubnetTold | None = None) -> ClientSubnets:
    """What each upstream set is told of where a client is, or all of them what is `told`; nothing
    those of routes, which know."""
    upstream = settings.upstream
    wanted = {DEFAULT: told or upstream.client_subnet} | {
        name: told or each.client_subnet or upstream.client_subnet
        for name, each in upstream.sets.items()
    }
    return ClientSubnets(
        {
            name: ClientSubnet(each.network, ipv4_bits=each.ipv4_bits, ipv6_bits=each.ipv6_bits)
            for name, each in wanted.items()
            if each.mode != "off"
        }
    )


def make_dns64(settings: Settings) -> Dns64 | None:
    """What makes IPv6 addresses of IPv4 ones, where that is wanted."""
    dns64 = settings.upstream.dns64
    if not dns64.enabled:
        return None
    excluded = (each for each in dns64.exclude if isinstance(each, IPv6Network))
    return Dns64((dns64.prefix,), excluded)


def make_blocking(blocking: BlockingSettings) -> Blocking:
    """How refused names are answered."""
    mode, ttl_s, usual = Mode(blocking.mode), int(blocking.ttl_in_force), Blocking()
    if mode is not Mode.CUSTOM_IP:
        return Blocking(mode, ttl_s)
    # Where one family is not set, that family gets the null address.
    ipv4, ipv6 = blocking.custom_ipv4 or usual.ipv4, blocking.custom_ipv6 or usual.ipv6
    return Blocking(mode, ttl_s, ipv4, ipv6)


def address_records(addresses: Iterable[Address]) -> list[tuple[int, bytes]]:
    """Addresses as local records."""
    types = {4: Type.A, 6: Type.AAAA}
    return [(types[address.version], address.packed) for address in addresses]


def ttl_limits(settings: Settings) -> TtlLimits:
    """How long answers are kept."""
    cache = settings.cache
    return TtlLimits(int(cache.min_ttl), int(cache.max_ttl), int(cache.max_negative_ttl))
