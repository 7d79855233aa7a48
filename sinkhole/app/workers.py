"""The processes that answer DNS where the settings want more than one (`dns.workers`).

Then this process listens on the same addresses, but hands the sockets over; what decides it makes
for itself and tells each worker. So whatever keeps it busy, or stops it, is not felt in DNS.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from math import ceil
from typing import Final

from sinkhole.app.change import Change
from sinkhole.app.crew import Crew, Places
from sinkhole.app.descriptors import LEAST, Quotas
from sinkhole.app.encrypted import encrypted_terms
from sinkhole.app.from_settings import ttl_limits
from sinkhole.app.handover import Left
from sinkhole.app.upstreams import upstream_terms
from sinkhole.app.worker_process import Decision, Owner, WorkerProcess, nobody
from sinkhole.control.settings import Settings
from sinkhole.control.settings.dns_schema import DnsSettings
from sinkhole.dns.cache import persist
from sinkhole.dns.cache.table import Table
from sinkhole.dns.clients.standing import Facts
from sinkhole.dns.filter.match import Matcher
from sinkhole.dns.policy.snapshot import Policy
from sinkhole.dns.server.address import Elsewhere
from sinkhole.dns.server.sockets import Bound
from sinkhole.dns.worker.facts import AddressFacts
from sinkhole.dns.worker.kept import About, present, records_of, take_up
from sinkhole.dns.worker.link import Kind
from sinkhole.dns.worker.plane import PlaneTerms
from sinkhole.dns.worker.state import PlaneState, together
from sinkhole.model.counted import counted
from sinkhole.model.errors import SettingsError
from sinkhole.model.faults import Faults
from sinkhole.model.record import RecordBuffer

log = logging.getLogger(__name__)

COMING_S: Final = 30.0
"""How long workers may take until they answer, before a change to them is given up."""

LEAVING_S: Final = 1.5
"""How long what waits at workers may go on when others have taken their places."""

NEWS_S: Final = 3600.0
"""How long it is a problem that a worker has ended by itself."""

UNEVEN: Final = 2.0
"""How much more than its part of a client's queries over UDP may come to one worker: popular names
are few. Measured with a household's names, nobody is turned away below the limit with it."""

PAGE_OVER: Final = "HTTPS"
"""What is spoken where the page may be served as well; then this process does both."""


class Workers:
    """The `crew` of now, None for no other processes: `start`, then `prepare` with other settings,
    and `close`.

    `quotas` are those of a process. What workers answered goes to `buffer`; `table` is that of this
    process, and `facts` are what is known of addresses. By the `secret` they know probes that come
    back as this server's.
    """

    def __init__(
        self,
        settings: Settings,
        quotas: Quotas,
        buffer: RecordBuffer,
        table: Table,
        facts: Facts,
        faults: Faults,
        secret: bytes,
    ) -> None:
        self._owner = Owner(buffer, self._know, nobody, nobody, faults)
        self._table, self._facts, self._secret = table, facts, secret
        self.places = Places()
        self._settings, self._quotas = settings, quotas
        self._names: tuple[str, ...] = ()
        self._pair = b"", b""
        self._decision: Decision | None = None
        self._kept = b""
        self.crew = self._coming = self._crew_for(settings.dns)
        self._has_page = settings.dns.https_page
        self._counted: Counter[str] = Counter()

    # -- who serves ----------------------------------------------------------------------------

    def elsewhere(self, over: str) -> Elsewhere | None:
        """Who serves what is spoken over something, by the settings that are being prepared."""
        crew = self._coming
        if crew is None or (over == PAGE_OVER and self._has_page):
            return None
        return Elsewhere(crew.number, crew.hand)

    async def start(self) -> None:
        """Have the first crew ready, if there is to be one."""
        if self.crew is not None and not await self.crew.start(COMING_S):
            log.warning("not all workers answer yet")
        self._kept = b""

    async def close(self, patience_s: float) -> None:
        """Have them answer what waits for so long, and end."""
        if self.crew is not None:
            await self.crew.stop(patience_s)

    async def prepare(
        self, new: Settings, quotas: Quotas, change: Change, *, stand_in: bool = False
    ) -> None:
        """Have other workers ready where the settings want another number of them, or as a
        `stand_in` for this process; and go over to other terms along with all else. SettingsError
        where they can't be had."""
        crew = before = self.crew
        if stand_in:
            crew = before or self._crew_of(1)
        elif _wanted(new.dns) != _wanted(self._settings.dns):
            crew = self._crew_for(new.dns)
        self._coming, self._has_page = crew, new.dns.https_page
        change.discards(self._stay)
        if crew is not before:
            await self._come(crew, change)
        old = self._settings, self._quotas, before
        change.exchange(lambda made: self._use(*made), (new, quotas, crew), old)
        if before is not None and crew is not before:
            change.afterwards(partial(self._dismiss, before))

    async def _come(self, crew: Crew | None, change: Change) -> None:
        """Have others ready, or this process, with the answers that are kept now."""
        stale_s = float(self._settings.cache.serve_stale)
        records = bytearray(await self.records(About(), stale_s))
        async for some in records_of(self._table, About(), stale_s):
            records += some
        kept = persist.seal(bytes(records), present())
        if crew is None:
            take_up(self._table, kept)
            return
        self._kept = kept
        change.discards(partial(crew.stop, 0))
        try:
            await _started(crew)
        finally:
            self._kept = b""

    def _use(self, settings: Settings, quotas: Quotas, crew: Crew | None) -> None:
        self._settings, self._quotas, self.crew = settings, quotas, crew
        self._coming, self._has_page = crew, settings.dns.https_page
        self._tell_terms()

    async def _stay(self) -> None:
        self._coming, self._has_page = self.crew, self._settings.dns.https_page

    async def _dismiss(self, crew: Crew) -> None:
        await crew.stop(LEAVING_S)
        self._counted += crew.counted

    def _crew_for(self, dns: DnsSettings) -> Crew | None:
        count = _wanted(dns)
        return self._crew_of(count) if count > 1 else None

    def _crew_of(self, count: int) -> Crew:
        return Crew(count, self._owner, partial(self._brief, count), self.places)

    async def leave(self, listened_on: Iterable[Bound]) -> Left:
        """Let those that answer go on by themselves, for the program that follows; TimeoutError
        where one does not listen."""
        assert self.crew is not None, "somebody stands in"
        workers = await self.crew.let_go()
        groups = self.places.left()
        known = {(each.transport, each.host, each.port) for each in groups}
        for bound in listened_on:
            if (bound.transport, bound.host, bound.port) not in known:
                groups[bound._replace(sock=bound.sock.dup())] = []
        return Left.behind(groups, workers)

    # -- what they are told --------------------------------------------------------------------

    def publish(self, policy: Policy, matcher: Matcher) -> None:
        """Have all decide by a Policy whose filters are choices of `matcher`."""
        self._decision = Decision(policy, matcher)
        for worker in self._all():
            worker.decide_by(self._decision)

    def show(self, pair: tuple[bytes, bytes], names: tuple[str, ...]) -> None:
        """Have all show a certificate, a chain and its key in PEM, empty for none; and go by the
        names by which devices reach this server."""
        if pair != self._pair:
            self._pair = pair
            for worker in self._all():
                worker.show(*pair)
        if names != self._names:
            self._names = names
            self._tell_terms()

    def learned(self, packed: bytes) -> None:
        """There may be another answer of what is known of an address."""
        if self.crew is not None:
            known = self._known(packed).pack()
            self._say(Kind.KNOWN, known)

    def renew(self) -> None:
        """The network may be another one."""
        self._say(Kind.RENEW)

    def _say(self, kind: Kind, payload: bytes = b"") -> None:
        for worker in self._all():
            worker.say(kind, payload)

    def _tell_terms(self) -> None:
        for crew in self._crews():
            terms = self._terms(crew.count)
            for worker in crew:
                worker.use(terms)

    def _terms(self, workers: int) -> PlaneTerms:
        terms = plane_terms(self._settings, self._quotas, self._names, workers)
        return terms._replace(upstream=terms.upstream._replace(secret=self._secret))

    def _brief(self, workers: int, worker: WorkerProcess) -> None:
        worker.use(self._terms(workers))
        worker.show(*self._pair)
        if self._kept:
            worker.say(Kind.TAKE_UP, self._kept)
        if self._decision is not None:
            worker.decide_by(self._decision)

    def _crews(self) -> Iterator[Crew]:
        crews = dict.fromkeys((self.crew, self._coming))
        return (crew for crew in crews if crew is not None)

    def _all(self) -> Iterator[WorkerProcess]:
        return (worker for crew in self._crews() for worker in crew)

    def _know(self, packed: bytes) -> AddressFacts | None:
        """What a worker is told that asks; nothing while it is looked for, as `learned` says it."""
        return None if self._facts.seek(packed) else self._known(packed)

    def _known(self, packed: bytes) -> AddressFacts:
        facts = self._facts
        return AddressFacts(
            packed, facts.mac(packed), tuple(facts.hosts(packed)), facts.devices(packed)
        )

    # -- what they keep ------------------------------------------------------------------------

    def take_up(self, data: bytes) -> None:
        """Have those that are started next begin with the answers of a file."""
        self._kept = data

    async def records(self, about: About, stale_s: float) -> bytes:
        """What answers they keep, see `records_of`."""
        pieces = await asyncio.gather(*(each.records(about, stale_s) for each in self._all()))
        return b"".join(pieces)

    async def kept(self, about: About) -> Table:
        """The same in one table."""
        records, moment = (
            await self.records(about, float(self._settings.cache.serve_stale)),
            present(),
        )
        table = Table(self._settings.cache.size)
        take_up(table, persist.seal(records, moment))
        return table

    async def forget(self, about: About) -> int:
        """Have them forget it; how many answers it were."""
        return sum(await asyncio.gather(*(each.forget(about) for each in self._all())))

    # -- how they do ---------------------------------------------------------------------------

    def with_those(self, own: PlaneState) -> PlaneState:
        """How all planes do together: that of this process, and those of workers."""
        crew = self.crew
        if crew is None:
            return together(own, (), self._counted)
        return together(own, crew.states, self._counted + crew.counted)

    @property
    def is_mute(self) -> bool:
        """Whether there are to be workers, and none can answer, or says anything."""
        return self.crew is not None and len(self.crew.quiet) == len(self.crew.ready)

    @property
    def quiet(self) -> list[str]:
        """That workers do not answer though they are there, a sentence for all of them."""
        crew = self.crew
        if crew is None or not (quiet := crew.quiet):
            return []
        seconds, those = max(each.silent_looks for each in quiet), counted(len(quiet), "worker")
        return [f"{those} of {crew.count} says nothing for {seconds} s, and answers nobody"]

    @property
    def problems(self) -> list[str]:
        """What the person running sinkhole should know, one sentence each."""
        crew = self.crew
        if crew is None:
            return []
        found = self.quiet
        if missing := crew.count - len(crew.ready):
            found.append(
                f"{counted(missing, 'worker')} of {crew.count} can't answer: the others do, or "
                "queries wait until they are back"
            )
        if time.monotonic() - crew.ended_at < NEWS_S:
            times = counted(crew.ended, "worker")
            found.append(f"{times} ended without being told to, and was started anew: see the log")
        return found


def plane_terms(
    settings: Settings, quotas: Quotas, names: tuple[str, ...], workers: int
) -> PlaneTerms:
    """What the settings say of each of so many DNS planes."""
    cache = settings.cache
    return PlaneTerms(
        upstream=upstream_terms(settings),
        encrypted=encrypted_terms(settings.dns, names),
        proxies=tuple(settings.dns.proxies),
        connections=max(LEAST, ceil(quotas.connections / workers)),
        sockets=quotas.upstream,
        cache_bytes=cache.size // workers,
        share=min(1.0, UNEVEN / workers),
        limits=ttl_limits(settings),
        serve_stale_s=float(cache.serve_stale),
        prefetch=cache.prefetch,
    )


async def _started(crew: Crew) -> None:
    try:
        is_ready = await crew.start(COMING_S)
    except OSError as error:
        raise SettingsError([f"dns.workers: processes can't be started: {error}"]) from None
    if not is_ready:
        ready = len(crew.ready)
        raise SettingsError(
            [f"dns.workers: only {ready} of {crew.count} answered within {COMING_S:.0f} seconds"]
        )


def _wanted(dns: DnsSettings) -> int:
    """How many there are to be; 1 is this process alone."""
    return dns.workers if isinstance(dns.workers, int) else usable_cores()


def usable_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
