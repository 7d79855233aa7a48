"""Listening, for DNS and for the page: what cannot be had at the start is tried again.

Neither keeps the other from working: without DNS, the page says who has the port and what to type.
It comes after DNS, as its library takes 0.2 s to import, and whatever goes wrong with it is told
among the problems; only where both can't be had does the start fail.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Final

from sinkhole.app.change import Change
from sinkhole.app.taken_ports import TakenPorts
from sinkhole.dns.server.address import ListenAddress
from sinkhole.dns.server.listeners import Listeners
from sinkhole.dns.server.sockets import Bound
from sinkhole.model.acceptor import Acceptor
from sinkhole.model.counted import counted
from sinkhole.model.errors import SettingsError
from sinkhole.model.faults import Faults
from sinkhole.model.tasks import Tasks

if TYPE_CHECKING:
    from sinkhole.control.web import WebServer

log = logging.getLogger(__name__)

FIRST_RETRY_S: Final = 1.0
LONGEST_RETRY_S: Final = 10.0
"""The time between two tries: twice as long after each, up to this."""

ANSWER_S: Final = 1.5
"""How long queries that came by an address that is closed may wait for their answers."""

MOST_CLOSING: Final = 16
"""Changes of which the listeners that left are not closed yet."""

NO_PAGE: Final = "Until that changes there is no page; it is tried again."

SHORTAGE_S: Final = 3600.0
"""How long after a connection was closed for want of a descriptor this is a problem."""


class Listening:
    """The listeners of DNS, and the page made by `make_page`, from `start` to `stop`."""

    def __init__(
        self, dns: Listeners, make_page: Callable[[], Awaitable[WebServer]], faults: Faults
    ) -> None:
        self.dns = dns
        self.page: WebServer | None = None
        self._make_page = make_page
        self._page_trouble = ""
        self._taken = TakenPorts()
        dns.advise = self._taken.advice
        self._told: set[str] = set()
        self._faults = faults
        self._tasks = Tasks("listening", limit=1, faults=faults)
        self._closing = Tasks("closing listeners", limit=MOST_CLOSING, faults=faults)

    async def bind(self, inherited: Iterable[Bound] = ()) -> None:
        """Bind what can be had of DNS, and tell what is missing; `inherited` are sockets that the
        program before had. ListenError as of `Listeners`."""
        self.dns.bind(inherited)
        await self._look()

    async def start_page(self) -> None:
        """Open the page if that is possible, and go on trying what is missing."""
        await self._try_page()
        self._try_what_is_missing()

    async def stop(self, patience_s: float) -> None:
        """Close everything; queries that wait have so long to be answered."""
        await self._tasks.close()
        await self._closing.close()
        await asyncio.gather(self._close_dns(patience_s), self._close_page())

    # -- other settings --------------------------------------------------------------------

    async def prepare(self, wanted: Iterable[ListenAddress], change: Change) -> None:
        """Bind what is wanted and not there yet. What cannot be had now is a SettingsError, or may
        be waited for, as at the start."""
        arrangement = self.dns.arrange(wanted)
        change.discards(partial(self.dns.dismiss, arrangement.came, 0))
        if arrangement.missing:
            await self._taken.look([*self.dns.missing, *arrangement.missing])
        if arrangement.missing and not change.patient:
            raise SettingsError([each.advice(self.dns.advise) for each in arrangement.missing])
        if arrangement.came or arrangement.left:
            change.exchange(self._use, arrangement.new, arrangement.old)
            change.afterwards(partial(self._dismiss, arrangement.left))

    async def settle(self) -> None:
        """Wait until what listened before the last change is closed."""
        await self._closing.close(2 * ANSWER_S)

    async def hang_up(self) -> None:
        """Close all connections to DNS, as others may tell now whose they are."""
        self.dns.hang_up()

    async def prepare_page(
        self, make_page: Callable[[], Awaitable[WebServer]], change: Change
    ) -> None:
        """Open another page beside the one there is, which goes on until it has answered."""
        page, before = await make_page(), self.page
        change.discards(page.stop)
        trouble = ""
        try:
            await page.start(before)
        except SettingsError as error:
            if not change.patient:
                raise
            trouble = f"{error}. {NO_PAGE}"
        old = before, self._make_page, self._page_trouble
        change.exchange(lambda made: self._use_page(*made), (page, make_page, trouble), old)
        if before is not None:
            change.afterwards(partial(self._stop_page, before))

    def _use(self, addresses: tuple[ListenAddress, ...]) -> None:
        self.dns.use(addresses)
        self._told = set(self.dns.problems)  # by who asked for the change
        self._try_what_is_missing()

    def _use_page(
        self, page: WebServer | None, make_page: Callable[[], Awaitable[WebServer]], trouble: str
    ) -> None:
        self.page, self._make_page = page, make_page
        self._tell(trouble)
        self._try_what_is_missing()

    async def _dismiss(self, addresses: list[ListenAddress]) -> None:
        """Behind the change: who asked for it may have come by one of them."""
        closing = self.dns.dismiss(addresses, ANSWER_S)
        if self._closing.start("addresses", closing) is None:
            await self.dns.dismiss(addresses, 0)

    async def _stop_page(self, page: WebServer) -> None:
        if self._closing.start("page", page.stop()) is None:
            await page.stop()

    # -- how it does -----------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Where the page is, empty while it is nowhere."""
        return self.page.url if self.page is not None and self.page.acceptor is not None else ""

    def page_protocol(self) -> asyncio.Protocol:
        """What serves the page on one connection; while there is no page, it is closed."""
        served = self.page.protocol() if self.page is not None else None
        return served or _Closing()

    @property
    def shed(self) -> int:
        """Connections closed for want of a descriptor."""
        return sum(each.shed for each in self._acceptors)

    @property
    def blocked(self) -> list[str]:
        """What of plain DNS others have, or there is no right to; a text each."""
        advise = self.dns.advise
        return [each.problem(advise) for each in self.dns.missing if _is_in_the_way(each)]

    @property
    def problems(self) -> list[str]:
        """What else is not listened on, and for whom no descriptor was left; a text each."""
        advise, missing = self.dns.advise, self.dns.missing
        found = [each.problem(advise) for each in missing if not _is_in_the_way(each)]
        found.append(self._page_trouble)
        latest = max((each.shed_at for each in self._acceptors), default=-inf)
        if time.monotonic() - latest < SHORTAGE_S:
            found.append(
                f"{counted(self.shed, 'connection')} had to be closed at once, as no file "
                "descriptor was left: raise the limit (LimitNOFILE= of the service, `ulimit -n`)"
            )
        return [text for text in found if text]

    @property
    def _acceptors(self) -> list[Acceptor]:
        page = self.page.acceptor if self.page is not None else None
        return [*self.dns.acceptors, *([page] if page is not None else [])]

    @property
    def _is_complete(self) -> bool:
        return self.dns.is_complete and bool(self.url)

    async def _close_dns(self, patience_s: float) -> None:
        with self._faults.contain("closing the listeners"):
            await self.dns.close(patience_s)

    async def _close_page(self) -> None:
        if self.page is not None:
            with self._faults.contain("closing the page"):
                await self.page.stop()

    def _try_what_is_missing(self) -> None:
        if not self._is_complete:
            self._tasks.keep("tries again", self._keep_trying)  # or it does already

    async def _keep_trying(self) -> None:
        pause_s = FIRST_RETRY_S
        while not self._is_complete:
            await asyncio.sleep(pause_s)
            came = self.dns.try_again()
            await self._look()
            if not self.url:
                await self._try_page()
                came = came or bool(self.url)
            pause_s = FIRST_RETRY_S if came else min(2 * pause_s, LONGEST_RETRY_S)

    async def _look(self) -> None:
        """See who has what is missing, and tell of what was not told already."""
        with self._faults.contain("looking who has a port"):
            await self._taken.look(self.dns.missing)
        before, self._told = self._told, set(self.dns.problems)
        for problem in self.dns.problems:
            if problem not in before:
                log.warning("%s", problem)

    async def _try_page(self) -> None:
        had_trouble = bool(self._page_trouble)
        try:
            if self.page is None:
                self.page = await self._make_page()
            await self.page.start()
        except SettingsError as error:
            self._tell(f"{error}. {NO_PAGE}")
        except Exception as error:  # a bug in the page is no reason to be without DNS
            self._faults.note("the page", error)
            self._tell("there is no page, by an error of sinkhole's own; it is tried again.")
        else:
            self._page_trouble = ""
            if had_trouble:
                log.info("the page is on %s now", self.url)

    def _tell(self, trouble: str) -> None:
        if trouble and trouble != self._page_trouble:  # said once, as the next try comes in seconds
            log.warning("%s", trouble)
        self._page_trouble = trouble


def _is_in_the_way(address: ListenAddress) -> bool:
    """Whether devices can't ask there until somebody does something about it."""
    return address.is_blocked and not address.over


class _Closing(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()
