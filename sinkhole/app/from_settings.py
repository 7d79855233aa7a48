"""Parts of the DNS plane as the settings want them; `app` and the command line share these."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from ipaddress import ip_address

from sinkhole.control.lists.builtin import builtin_lists
from sinkhole.control.settings import Settings
from sinkhole.control.settings.hosts_file import read_hosts_file
from sinkhole.dns.cache.answer import TtlLimits
from sinkhole.dns.clients.access import Access
from sinkhole.dns.clients.identity import KnownClient, KnownClients
from sinkhole.dns.filter.language.line import Address
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.policy.blocking import Blocking, Mode
from sinkhole.dns.policy.local import LocalNames
from sinkhole.dns.policy.refused_addresses import BogusAddresses, Rebinding
from sinkhole.dns.policy.snapshot import Filter, GroupPolicy, Policy
from sinkhole.dns.policy.special_use import Reserved
from sinkhole.dns.upstream.forwarder import MOST_PER_SERVER, Forwarder
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.numbers import Type
from sinkhole.dns.wire.question import Question
from sinkhole.dns.wire.reply import chain_of
from sinkhole.model.errors import SettingsError, SinkholeError


class PolicyMaker:
    """What of a Policy comes from the settings, made once; `policy` adds the filter.

    `builtin` are the lists that the settings ask for by name, for the Matcher; `problems` is what
    the person running sinkhole should know. Reads the hosts file and the data of services if they
    are wanted. Raises SettingsError for local records that cannot be answered.
    """

    def __init__(self, settings: Settings) -> None:
        builtin = settings.filtering.builtin
        self.problems: list[str] = []
        self.builtin = make_builtin(settings)
        self._dns = settings.dns
        self._blocking = make_blocking(settings)
        self._local = self._make_local(settings)
        self._reserved = Reserved(names=settings.dns.reserved_names, discovery=builtin.discovery)
        self._rebinding = Rebinding(builtin.rebinding_allow) if builtin.rebinding else None
        self._bogus = BogusAddresses(builtin.bogus_nxdomain) if builtin.bogus_nxdomain else None
        self._known = KnownClients(
            KnownClient(each.name, each.addresses, each.tags) for each in settings.clients
        )

    def policy(self, rules: Filter, generation: int) -> Policy:
        """The Policy with this filter; cheap, as lists change often."""
        dns, criteria = self._dns, rules.criteria
        traits = partial(self._known.traits, criteria) if criteria else None
        return Policy(
            generation,
            GroupPolicy(filter=rules, blocking=self._blocking),
            self._local,
            self._reserved,
            Access(
                dns.allow,
                dns.rate_limit,
                traits,
                dns.rate_limit_ipv4_prefix,
                dns.rate_limit_ipv6_prefix,
            ),
            self._rebinding,
            self._bogus,
        )

    def client_name(self, address: str) -> str:
        """What the settings call the client with an address; empty for what they do not know."""
        try:
            client = self._known.owner_of(ip_address(address).packed)
        except ValueError:  # the log has lost whose it was
            return ""
        return client.name if client else ""

    def _make_local(self, settings: Settings) -> LocalNames:
        """The names of the house, and weaker than these the machine's own."""
        local = settings.local
        weaker = {}
        if local.hosts_file:
            found = read_hosts_file(local.hosts_file)
            self.problems += [found.problem] if found.problem else []
            weaker = {name: address_records(each) for name, each in found.addresses.items()}
        try:
            return LocalNames(local.wire_records, int(local.ttl), weaker)
        except ValueError as error:
            raise SettingsError([str(error)]) from None


def make_builtin(settings: Settings) -> tuple[CompiledList, ...]:
    """Services, safe search and canaries as lists; the log shows whom each rule is for."""
    return tuple(
        CompiledList.from_rules(
            each.name,
            "block",
            [rule.text for rule in each.rules],
            [rule.explanation for rule in each.rules],
        )
        for each in builtin_lists(settings)
    )


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


def make_forwarder(settings: Settings, sockets: int) -> Forwarder:
    """The upstreams, which share so many sockets."""
    servers = [(each.host, each.port) for each in settings.upstream.servers]
    return Forwarder(
        servers,
        timeout_s=settings.upstream.timeout,
        randomize_case=settings.upstream.randomize_case,
        most_per_server=min(MOST_PER_SERVER, max(1, sockets // max(1, len(servers)))),
    )


def ttl_limits(settings: Settings) -> TtlLimits:
    """How long answers are kept."""
    cache = settings.cache
    return TtlLimits(int(cache.min_ttl), int(cache.max_ttl), int(cache.max_negative_ttl))


def make_resolver(forwarder: Forwarder) -> Callable[[str], Awaitable[list[str]]]:
    """Finds addresses of hosts through our own upstreams.

    A machine whose only resolver is sinkhole itself can so update its lists; and the filter does
    not apply, so that no list can cut off the updates of another.
    """

    async def ask(name: bytes, qtype: int) -> list[str]:
        question = Question(name, qtype)
        exchanged = await forwarder.exchange_later(question)
        chain = chain_of(exchanged.reply, question)
        return [str(ip_address(record.rdata)) for record in chain if record.rtype == qtype]

    async def resolve(host: str) -> list[str]:
        """All addresses of a host; OSError when there are none."""
        name = from_text(host)
        found = await asyncio.gather(
            ask(name, Type.A), ask(name, Type.AAAA), return_exceptions=True
        )
        addresses = [address for each in found if isinstance(each, list) for address in each]
        if addresses:
            return addresses
        causes = {str(each) for each in found if isinstance(each, SinkholeError)}
        raise OSError("; ".join(sorted(causes)) or f"{host} has no address")

    return resolve
