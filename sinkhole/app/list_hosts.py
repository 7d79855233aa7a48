"""Finding the hosts that lists come from: names of the house, then what our upstreams say.

Server and commands do it alike, and never by the machine's resolver: that may be sinkhole itself,
whose filter would let one list cut off the updates of another; and where it is not, it knows
nothing of `local.records`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_address

from sinkhole.app.from_settings import make_local, make_reserved
from sinkhole.app.upstreams import upstream_terms
from sinkhole.control.lists.destinations import HostAddresses
from sinkhole.control.settings import Settings
from sinkhole.dns.policy.local import LocalNames
from sinkhole.dns.policy.special_use import Reserved
from sinkhole.dns.upstream.flight import Exchanged
from sinkhole.dns.upstream.upstreams import Upstreams
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.numbers import Type
from sinkhole.dns.wire.question import Question
from sinkhole.dns.wire.reply import Record, chain_of
from sinkhole.model.errors import SinkholeError

Ask = Callable[[Question], Awaitable[Exchanged]]


class ListHosts:
    """Call it with a host name: the stages of a query that come before and after the filter.

    `names` gives the names in force, local ones and those that never leave the house; `ask` asks
    an upstream.
    """

    def __init__(self, names: Callable[[], tuple[LocalNames, Reserved]], ask: Ask) -> None:
        self._names = names
        self._ask = ask

    async def __call__(self, host: str) -> HostAddresses:
        """All addresses of a host; OSError when there are none, ValueError for what is no name."""
        name = from_text(host).lower()
        found = await asyncio.gather(
            *(self._find(name, qtype) for qtype in (Type.A, Type.AAAA)), return_exceptions=True
        )
        whole = [each for each in found if isinstance(each, HostAddresses)]
        addresses = [address for each in whole for address in each.addresses]
        if addresses:
            return HostAddresses(addresses, all(each.by_household for each in whole))
        for each in found:
            if isinstance(each, BaseException) and not isinstance(each, SinkholeError):
                raise each
        causes = sorted({str(each) for each in found if isinstance(each, SinkholeError)})
        raise OSError("; ".join(causes) or "it has no address")

    async def _find(self, name: bytes, qtype: int) -> HostAddresses:
        local, reserved = self._names()
        found = local.answer(name, qtype)
        if found is not None and not found.onward:
            return HostAddresses(_addresses(found.made.answer, qtype), by_household=True)
        name = found.onward if found is not None else name
        kept = reserved.answer(name, qtype)
        if kept is not None:
            return HostAddresses(_addresses(kept[0].answer, qtype))
        question = Question(name, qtype)
        exchanged = await self._ask(question)
        return HostAddresses(_addresses(chain_of(exchanged.reply, question), qtype))


@asynccontextmanager
async def list_hosts(settings: Settings) -> AsyncIterator[ListHosts]:
    """The same for a command, without a server; upstreams hear of it when the first name is asked.

    Raises SettingsError for local records that cannot be answered.
    """
    upstreams = Upstreams(upstream_terms(settings))
    names = make_local(settings)[0], make_reserved(settings, settings.filtering.builtin)
    is_running = False

    async def ask(question: Question) -> Exchanged:
        nonlocal is_running
        if not is_running:
            upstreams.start()
            is_running = True
        return await upstreams.forwarder.exchange_later(question)

    try:
        yield ListHosts(lambda: names, ask)
    finally:
        await upstreams.close()


def _addresses(records: tuple[Record, ...], qtype: int) -> list[str]:
    return [str(ip_address(record.rdata)) for record in records if record.rtype == qtype]
