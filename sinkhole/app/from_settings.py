"""Parts of the DNS plane as the settings want them; `app` and the command line share these."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import IPv6Network
from typing import Any, TypeVar

from sinkhole.app.upstreams import route_sets
from sinkhole.control.explain.trial import known_clients
from sinkhole.control.lists.builtin import BUILT_IN, compiled_builtin
from sinkhole.control.settings import Settings
from sinkhole.control.settings.hosts_file import read_hosts_file
from sinkhole.dns.cache.answer import TtlLimits
from sinkhole.dns.clients.access import Access
from sinkhole.dns.clients.identity import TraitsBy
from sinkhole.dns.filter.language.line import Address
from sinkhole.dns.filter.match import Matcher
from sinkhole.dns.filter.traits import Criteria
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.policy.blocking import Blocking, Mode
from sinkhole.dns.policy.client_subnet import ClientSubnet, ClientSubnets
from sinkhole.dns.policy.designated import Designated
from sinkhole.dns.policy.dns64 import Dns64
from sinkhole.dns.policy.local import LocalNames
from sinkhole.dns.policy.refused_addresses import BogusAddresses, Rebinding
from sinkhole.dns.policy.routes import Routes
from sinkhole.dns.policy.snapshot import Filter, GroupPolicy, Policy
from sinkhole.dns.policy.special_use import Reserved
from sinkhole.dns.upstream.sets import DEFAULT
from sinkhole.dns.wire.numbers import Type
from sinkhole.model.errors import SettingsError
from sinkhole.model.files import signature_of

Made = TypeVar("Made")


class PolicyMaker:
    """What of a Policy comes from the settings, made once; `policy` adds the filter.

    `builtin` are the lists that the settings ask for by name, for the Matcher; `client_name` is
    `KnownClients.called`; `problems` is what the person running sinkhole should know. Reads the
    hosts file and the data of services if they are wanted. What `before` was made of the same
    settings is taken over, so a change costs no more than what it is about. Raises SettingsError
    for local records that cannot be answered.
    """

    def __init__(self, settings: Settings, before: PolicyMaker | None = None) -> None:
        filtering, upstream = settings.filtering, settings.upstream
        self.settings = settings
        self._parts: dict[str, tuple[Any, Any]] = {}
        self._before = before._parts if before is not None else {}
        self.builtin = self._part(
            "builtin",
            (filtering.services, filtering.safe_search, filtering.builtin),
            lambda: compiled_builtin(settings),
        )
        self.paused = self._part("paused", self.builtin, lambda: paused_filter(self.builtin))
        self._blocking = make_blocking(settings)
        hosts_file = settings.local.hosts_file
        as_it_is = signature_of(hosts_file) if hosts_file else None
        self._local, self.problems = self._part(
            "local", (settings.local, as_it_is), lambda: make_local(settings)
        )
        builtin = filtering.builtin
        self._rebinding = Rebinding(builtin.rebinding_allow) if builtin.rebinding else None
        self._bogus = BogusAddresses(builtin.bogus_nxdomain) if builtin.bogus_nxdomain else None
        self._routes = self._part("routes", upstream.routes, lambda: Routes(route_sets(settings)))
        self._subnets = self._part(
            "subnets", (upstream.client_subnet, upstream.sets), lambda: make_subnets(settings)
        )
        self._dns64 = self._part("dns64", upstream.dns64, lambda: make_dns64(settings))
        self._known = self._part("known", settings.clients, lambda: known_clients(settings))
        self.client_name = self._known.called
        self._before = {}  # or every version of the settings would keep the one before it

    def decides_as(self, other: PolicyMaker) -> bool:
        """Whether its policies are the same as those of another one; other upstreams make it
        another one, so that failures to ask the old ones are not given any more."""
        parts = self._parts.keys()
        alike = all(self._parts[name][1] is other._parts[name][1] for name in parts)
        mine, theirs = self.settings, other.settings
        return alike and all(
            getattr(mine, name) == getattr(theirs, name)
            for name in ("dns", "filtering", "upstream")
        )

    def _part(self, name: str, key: Any, make: Callable[[], Made]) -> Made:
        """What `make` makes of settings, that of before where they are equal."""
        known = self._before.get(name)
        made: Made = known[1] if known is not None and known[0] == key else make()
        self._parts[name] = key, made
        return made

    def reserved(self, designated: Designated | None) -> Reserved:
        """The names that never leave the house, and what clients are told of encrypted services."""
        return make_reserved(self.settings, designated)

    def policy(
        self,
        rules: Filter,
        generation: int,
        designated: Designated | None = None,
        *,
        is_paused: bool = False,
    ) -> Policy:
        """The Policy with this filter; cheap, as lists change often.

        While the filter is paused, of rules only the canaries have a say, as devices that were told
        to use another resolver by them would not come back.
        """
        rules = self.paused if is_paused else rules
        return Policy(
            generation,
            GroupPolicy(filter=rules, blocking=self._blocking, is_paused=is_paused),
            self._local,
            self.reserved(designated),
            self._access(rules.criteria),
            self._rebinding,
            self._bogus,
            self._routes,
            self._dns64,
            self._subnets,
        )

    def _access(self, criteria: Criteria) -> Access:
        dns = self.settings.dns
        return Access(
            dns.allow,
            dns.rate_limit,
            TraitsBy(self._known, criteria) if criteria else None,
            dns.rate_limit_ipv4_prefix,
            dns.rate_limit_ipv6_prefix,
            self._known.ids,
            self._subnets.apart if self._subnets.differ else None,
        )


def paused_filter(builtin: Iterable[CompiledList]) -> Matcher:
    """What has a say while the filter is paused: of all rules, the canaries alone."""
    return Matcher((), [each for each in builtin if each.name == BUILT_IN])


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
        return LocalNames(local.wire_records, int(local.ttl), weaker), problems
    except ValueError as error:
        raise SettingsError([str(error)]) from None


def make_reserved(settings: Settings, designated: Designated | None = None) -> Reserved:
    """The names that never leave the house, and what clients are told of encrypted services."""
    discovery = settings.filtering.builtin.discovery
    return Reserved(names=settings.dns.reserved_names, discovery=discovery, designated=designated)


def make_subnets(settings: Settings) -> ClientSubnets:
    """What each upstream set is told of where a client is; nothing those of routes, which know."""
    upstream = settings.upstream
    wanted = {DEFAULT: upstream.client_subnet} | {
        name: each.client_subnet or upstream.client_subnet for name, each in upstream.sets.items()
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


def make_blocking(settings: Settings) -> Blocking:
    """How refused names are answered."""
    blocking = settings.filtering.blocking
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
