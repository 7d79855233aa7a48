"""Where upstreams with a name are: plain resolvers are asked, and nobody else.

Never the machine's own resolver, which may be sinkhole, and never an upstream, which may be the one
whose name it is. Whatever is found, the certificate tells whether it is the right server.

    Bootstrap               asks all of its resolvers at once, for both families
    BootstrappedAddresses   the addresses of one server: kept, and looked up again when their time
                            is over or when none of them works
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial
from math import inf
from typing import Final

from sinkhole.dns.upstream.links.link import Link
from sinkhole.dns.upstream.look_up import LookUp, Whereabouts
from sinkhole.dns.wire.name import from_text
from sinkhole.model.errors import UpstreamError
from sinkhole.model.faults import Faults
from sinkhole.model.tasks import Tasks

LOOK_UP_S: Final = 3.0
"""How long one look-up may take, less than a connection; each resolver is asked twice in it."""

PATIENCE_S: Final = 1.0
"""How long new addresses are waited for where none of the old ones works."""

AGAIN_S: Final = 2.0
"""Between two look-ups of a name whose addresses do not work, or cannot be found."""

MOST_NAMES: Final = 100
"""Names that are looked up at once."""


class Bootstrap:
    """Looks names up by `links` to plain resolvers; deadlines are those of `clock`, theirs as well.

    Whoever made the links starts and closes them; `close` ends the look-ups underway.
    """

    def __init__(
        self,
        links: Sequence[tuple[str, Link]],
        *,
        clock: Callable[[], float] = time.monotonic,
        faults: Faults | None = None,
    ) -> None:
        """`links` are pairs of a resolver's name before people and the link to it."""
        self.clock = clock
        self._links = tuple(links)
        self._tasks = Tasks("bootstrap", MOST_NAMES, faults)
        self._underway: dict[str, asyncio.Task[Whereabouts | UpstreamError]] = {}
        self._problems: dict[str, str] = {}

    async def close(self) -> None:
        """End what is underway; who waits for it is told."""
        await self._tasks.close()

    def problem(self, host: str) -> str | None:
        """A sentence where a name could not be looked up the last time."""
        return self._problems.get(host)

    def begin(self, host: str) -> asyncio.Task[Whereabouts | UpstreamError] | None:
        """The look-up of a host name, begun unless it is underway; None when too many are.

        Not to be cancelled, as others may wait for it, too.
        """
        task = self._underway.get(host)
        if task is None or task.done():
            task = self._tasks.start(f"looking up {host}", self._look_up(host))
            if task is not None:
                self._underway[host] = task
                task.add_done_callback(partial(self._ended, host))
        return task

    def _ended(self, host: str, task: asyncio.Task[Whereabouts | UpstreamError]) -> None:
        if self._underway.get(host) is task:
            del self._underway[host]

    async def _look_up(self, host: str) -> Whereabouts | UpstreamError:
        asking = LookUp(from_text(host), self._links, self.clock() + LOOK_UP_S)
        try:
            found = await asking.found
        except UpstreamError as error:
            self._problems[host] = _problem(host, error.cause)
            return UpstreamError(host, f"has no known address: {error.cause}")
        finally:
            asking.cancel()
        self._problems.pop(host, None)
        return found


def _problem(host: str, cause: str) -> str:
    return (
        f"the address of {host} cannot be found: {cause}. If this network lets no plain DNS out, "
        "write resolvers in upstream.bootstrap that it lets through, or the address behind the "
        f'server: "...{host}?address=192.0.2.1"'
    )


class BootstrappedAddresses:
    """The addresses of one server with a name; `Addresses` has the rest.

    What was found is given at once, and looked up again behind that when its time is over. Where no
    address works any more, new ones are waited for a moment. While nothing new can be found, the
    old ones are kept.
    """

    def __init__(self, host: str, bootstrap: Bootstrap) -> None:
        self.host = host
        self._bootstrap = bootstrap
        self._addresses: list[str] = []
        self._failed: set[str] = set()
        self._look_again_at = -inf
        self._looked_at = -inf
        self._underway: asyncio.Task[Whereabouts | UpstreamError] | None = None
        self._why = UpstreamError(host, "has no known address: nothing was found in time")

    async def find(self, deadline: float) -> Sequence[str]:
        """Addresses to try, the best first.

        Raises UpstreamError, saying why, when none can be had by the deadline.
        """
        now = self._bootstrap.clock()
        if now >= self._look_again_at:
            self._begin(now)
        if self._underway is not None and (not self._addresses or self._none_works):
            limit_s = deadline - now
            limit_s = min(PATIENCE_S, limit_s) if self._addresses else limit_s
            await asyncio.wait([self._underway], timeout=max(limit_s, 0.0))
        if not self._addresses:
            raise UpstreamError(self.host, self._why.cause)
        return tuple(self._addresses)

    def worked(self, ip: str) -> None:
        """It comes first from now on."""
        self._failed.discard(ip)
        if ip in self._addresses:
            self._addresses.remove(ip)
            self._addresses.insert(0, ip)

    def failed(self, ip: str) -> None:
        """It comes last from now on; when all of them have failed, they are looked up again."""
        if ip in self._addresses:
            self._addresses.remove(ip)
            self._addresses.append(ip)
            self._failed.add(ip)
        if self._none_works:
            self._look_again_at = min(self._look_again_at, self._looked_at + AGAIN_S)

    @property
    def known(self) -> tuple[str, ...]:
        """What people are shown: the addresses that are known now, the best first."""
        return tuple(self._addresses)

    @property
    def _none_works(self) -> bool:
        return self._failed.issuperset(self._addresses)

    def _begin(self, now: float) -> None:
        self._looked_at, self._look_again_at = now, now + AGAIN_S
        self._underway = self._bootstrap.begin(self.host)
        if self._underway is not None:
            self._underway.add_done_callback(self._take)

    def _take(self, task: asyncio.Task[Whereabouts | UpstreamError]) -> None:
        """Use what was found, what has worked lately first."""
        if task is self._underway:
            self._underway = None
        if task.cancelled() or task.exception() is not None:
            return
        outcome = task.result()
        if isinstance(outcome, UpstreamError):
            self._why, self._look_again_at = outcome, self._bootstrap.clock() + AGAIN_S
            return
        addresses, ttl_s = outcome
        best = [ip for ip in self._addresses[:1] if ip in addresses and ip not in self._failed]
        self._addresses = [*best, *(ip for ip in addresses if ip not in best)]
        self._failed.clear()
        self._look_again_at = self._bootstrap.clock() + ttl_s
