"""One look-up of a name: all resolvers are asked at once, for both families.

The first resolver with addresses of a family settles that family, and so does one that says there
are none. Where one family has addresses, the other is not waited for long; nor are resolvers that
say nothing, where others have said that they cannot help.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from ipaddress import ip_address
from itertools import chain, zip_longest
from typing import Final, NamedTuple

from sinkhole.dns.upstream.links.link import Cancel, Failure, Link, LinkAnswer
from sinkhole.dns.wire.numbers import Rcode, Type, rcode_name
from sinkhole.dns.wire.question import Question
from sinkhole.dns.wire.reply import Reply, chain_of
from sinkhole.model.errors import UpstreamError, WireError

OTHER_FAMILY_S: Final = 0.2
"""How long one family is waited for once the other has addresses (RFC 8305 §3)."""

OTHER_RESOLVERS_S: Final = 1.0
"""How long the others are waited for once one has said that it cannot help."""

SHORTEST_S: Final = 60.0
LONGEST_S: Final = 86_400.0
"""Addresses are looked up again after their TTL, but not sooner, or later, than this."""

MOST_ADDRESSES: Final = 16
"""Of one name and family; the others are left out."""

_FAMILIES: Final = (Type.AAAA, Type.A)
_ADDRESS_SIZES: Final = {int(Type.A): 4, int(Type.AAAA): 16}


class Whereabouts(NamedTuple):
    """The addresses of a name, IPv6 and IPv4 taking turns, and for how long they are good."""

    addresses: tuple[str, ...]
    ttl_s: float


class LookUp:
    """Asks as soon as it is made, within a running event loop; `found` is what comes of it.

    Its UpstreamError names no server: the cause says of each resolver what it did.
    """

    def __init__(self, name: bytes, links: Sequence[tuple[str, Link]], deadline: float) -> None:
        """`name` is a wire name, `links` pairs of a resolver's name before people and its link."""
        self._loop = asyncio.get_running_loop()
        self.found: asyncio.Future[Whereabouts] = self._loop.create_future()
        self._told: dict[str, str] = {}
        self._addresses: dict[int, tuple[str, ...]] = {}
        self._ttl_s = LONGEST_S
        self._waiting = {int(qtype): len(links) for qtype in _FAMILIES}
        """How many resolvers may still say something of a family; 0 when it is settled."""
        self._cancels: list[Cancel] = []
        self._timer: asyncio.TimerHandle | None = None
        for resolver, link in links:
            for qtype in _FAMILIES:
                self._ask(resolver, link, Question(name, qtype), deadline)
        self._look()

    def cancel(self) -> None:
        """Nothing more is to be heard of it."""
        for cancel in self._cancels:
            cancel()
        if self._timer is not None:
            self._timer.cancel()

    def _ask(self, resolver: str, link: Link, question: Question, deadline: float) -> None:
        begun = link.ask(question, deadline, partial(self._hear, resolver, question))
        if isinstance(begun, Failure):
            self._note(resolver, question.qtype, begun.what)
        else:
            self._cancels.append(begun)

    def _hear(self, resolver: str, question: Question, outcome: LinkAnswer | Failure) -> None:
        """What a resolver says of one family: addresses settle it, and so does that it has none."""
        if isinstance(outcome, Failure):
            self._note(resolver, question.qtype, outcome.what)
        elif outcome.reply.rcode != Rcode.NOERROR or outcome.reply.tc:
            self._note(resolver, question.qtype, f"answered {rcode_name(outcome.reply.rcode)}")
            self._end_within(OTHER_RESOLVERS_S)
        else:
            self._take(resolver, question, outcome.reply)
        self._look()

    def _take(self, resolver: str, question: Question, reply: Reply) -> None:
        try:
            records = chain_of(reply, question)
        except WireError as error:
            self._note(resolver, question.qtype, f"answered what makes no sense: {error}")
            return
        size = _ADDRESS_SIZES[question.qtype]
        addresses = [
            str(ip_address(record.rdata))
            for record in records
            if record.rtype == question.qtype and len(record.rdata) == size
        ]
        if question.qtype in self._addresses or not self._waiting[question.qtype]:
            return  # another resolver was quicker
        if addresses:
            self._addresses[question.qtype] = tuple(addresses[:MOST_ADDRESSES])
            self._ttl_s = min(self._ttl_s, *(record.ttl for record in records))
        else:
            self._told.setdefault(resolver, "knows no address of it")
        self._waiting[question.qtype] = 0

    def _note(self, resolver: str, qtype: int, what: str) -> None:
        self._told[resolver] = what
        self._waiting[qtype] = max(0, self._waiting[qtype] - 1)

    def _look(self) -> None:
        """Whether that is all, or enough."""
        if self.found.done():
            return
        if not any(self._waiting.values()):
            self._end()
        elif self._addresses:
            self._end_within(OTHER_FAMILY_S)

    def _end_within(self, limit_s: float) -> None:
        ends_at = self._loop.time() + limit_s
        if self._timer is not None:
            if self._timer.when() <= ends_at:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(ends_at, self._end)

    def _end(self) -> None:
        if self.found.done():
            return
        if self._addresses:
            taking_turns = zip_longest(*(self._addresses.get(family, ()) for family in _FAMILIES))
            addresses = tuple(each for each in chain.from_iterable(taking_turns) if each)
            ttl_s = min(max(float(self._ttl_s), SHORTEST_S), LONGEST_S)
            self.found.set_result(Whereabouts(addresses, ttl_s))
        else:
            said = "; ".join(f"{resolver} {what}" for resolver, what in self._told.items())
            self.found.set_exception(UpstreamError("", said or "nobody is in upstream.bootstrap"))
