"""Parts of the DNS plane as the settings want them; `app` and the command line share these."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from ipaddress import ip_address

from sinkhole.cache.answer import TtlLimits
from sinkhole.errors import SinkholeError
from sinkhole.policy.blocking import Blocking, Mode
from sinkhole.policy.clients import Clients
from sinkhole.policy.local import LocalNames
from sinkhole.policy.snapshot import Filter, GroupPolicy, Policy
from sinkhole.settings import Settings
from sinkhole.upstream.forwarder import Forwarder
from sinkhole.wire.name import from_text
from sinkhole.wire.numbers import Type
from sinkhole.wire.question import Question
from sinkhole.wire.reply import chain_of


def make_policy(settings: Settings, rules: Filter, generation: int) -> Policy:
    """The Policy of these settings with the given filter."""
    wanted, local = settings.filtering.blocking, settings.local
    mode, ttl_s = Mode(wanted.mode), int(wanted.ttl_in_force)
    blocking = Blocking(mode, ttl_s)
    if mode is Mode.CUSTOM_IP:  # where one family is not set, that family gets the null address
        ipv4, ipv6 = wanted.custom_ipv4 or blocking.ipv4, wanted.custom_ipv6 or blocking.ipv6
        blocking = Blocking(mode, ttl_s, ipv4, ipv6)
    return Policy(
        generation,
        GroupPolicy(filter=rules, blocking=blocking),
        LocalNames(
            {name: [str(each) for each in records] for name, records in local.records.items()},
            int(local.ttl),
        ),
        settings.dns.reserved_names,
    )


def make_clients(settings: Settings) -> Clients:
    """Who may ask, and how often."""
    return Clients(settings.dns.allow, settings.dns.rate_limit)


def make_forwarder(settings: Settings) -> Forwarder:
    """The upstreams."""
    return Forwarder(
        [(each.host, each.port) for each in settings.upstream.servers],
        timeout_s=settings.upstream.timeout,
        randomize_case=settings.upstream.randomize_case,
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
