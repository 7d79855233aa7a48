"""Names that have to be asked for: of whom, when again, and how many at once.

Only addresses that ask us themselves are asked about, and what was said is remembered, also that
there is no name.
"""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from math import inf
from typing import Final

from sinkhole.control.settings.addresses import parse_host_name
from sinkhole.dns.wire.name import from_text, to_text
from sinkhole.dns.wire.numbers import Rcode, Type
from sinkhole.dns.wire.question import Question
from sinkhole.dns.wire.reply import Reply, chain_of
from sinkhole.model.errors import WireError
from sinkhole.model.faults import Faults
from sinkhole.model.tasks import Tasks

AT_ONCE: Final = 4
"""Addresses that one source is asked about at once."""

MOST_WAITING: Final = 200
"""Addresses that wait for their turn; further ones are asked about when they ask again."""

MOST_REMEMBERED: Final = 4096
"""Addresses of which it is remembered when they are asked about again; the oldest is forgotten."""

NAMED_S: Final = 12 * 3600.0
"""A name is asked for again after this long, if its device still asks."""

NAMELESS_S: Final = 3 * 3600.0
"""The same where there was no name."""

UNANSWERED_S: Final = 600.0
"""The same where nobody answered."""

Ask = Callable[[bytes], Awaitable[Reply | None]]
"""Asks for the name of a packed address; None where nobody answers."""


def reverse_name(packed: bytes) -> bytes:
    """The wire name that an address is asked for by."""
    return from_text(ip_address(packed).reverse_pointer)


def names_in(reply: Reply, packed: bytes) -> tuple[str, ...]:
    """The host names that an answer gives to an address; what is no host name is left out."""
    try:
        records = chain_of(reply, Question(reverse_name(packed), Type.PTR))
    except WireError:
        return ()
    names: dict[str, None] = {}
    for record in records:
        if record.rtype == Type.PTR:
            with contextlib.suppress(ValueError):  # such as a name with a space
                names[parse_host_name(to_text(record.rdata))] = None
    return tuple(names)


class AskedNames:
    """One source that is asked; `found` is told of an address and its names.

    `ask` may take as long as it likes, and is bounded by its own patience.
    """

    def __init__(
        self,
        owner: str,
        ask: Ask,
        found: Callable[[bytes, tuple[str, ...]], None],
        *,
        clock: Callable[[], float] = time.monotonic,
        faults: Faults | None = None,
    ) -> None:
        self._ask = ask
        self._found = found
        self._clock = clock
        self._due: dict[bytes, float] = {}
        self._waiting: dict[bytes, None] = {}
        self._underway: set[bytes] = set()
        self._tasks = Tasks(owner, limit=AT_ONCE, faults=faults)

    def want(self, packed: bytes) -> None:
        """Somebody asks from this address: find out its name, unless that was done lately."""
        if self.is_due(packed) and len(self._waiting) < MOST_WAITING:
            self._waiting[packed] = None
            self._tasks.start("names", self._work())

    def is_due(self, packed: bytes) -> bool:
        """Whether its name was not asked for lately, and is not about to be."""
        return packed not in self._waiting and self._clock() >= self._due.get(packed, -inf)

    def is_busy_with(self, packed: bytes) -> bool:
        """Whether its name is being asked for, or about to be."""
        return packed in self._waiting or packed in self._underway

    def again(self) -> None:
        """Forget what was asked for: somebody else is asked from now on."""
        self._due.clear()

    async def close(self) -> None:
        """Ask no more."""
        self._waiting.clear()
        await self._tasks.close()

    async def _work(self) -> None:
        """Ask for all that wait."""
        while self._waiting:
            packed = next(iter(self._waiting))
            del self._waiting[packed]
            self._remember(packed, UNANSWERED_S)  # and not twice meanwhile
            self._underway.add(packed)
            try:
                reply = await self._ask(packed)
            finally:
                self._underway.discard(packed)
            if reply is None or reply.rcode not in (Rcode.NOERROR, Rcode.NXDOMAIN):
                continue
            names = names_in(reply, packed)
            self._remember(packed, NAMED_S if names else NAMELESS_S)
            self._found(packed, names)

    def _remember(self, packed: bytes, seconds: float) -> None:
        """Not all that were met together are asked about again together."""
        self._due.pop(packed, None)
        self._due[packed] = self._clock() + seconds * random.uniform(0.9, 1.1)
        if len(self._due) > MOST_REMEMBERED:
            del self._due[next(iter(self._due))]
