"""The devices of a whole server: fed by the records of queries, asking the router by plain DNS."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Final

from sinkhole.app.change import Change
from sinkhole.control.devices.book import Asked
from sinkhole.control.devices.devices import Devices
from sinkhole.control.devices.seeking import Seeker
from sinkhole.control.querylog.privacy import Privacy
from sinkhole.control.settings import Settings
from sinkhole.dns.clients.standing import Facts
from sinkhole.dns.upstream.links.link import Failure, LinkAnswer
from sinkhole.dns.upstream.links.plain import PlainLink
from sinkhole.dns.upstream.links.plain_engine import PlainEngine
from sinkhole.dns.wire.numbers import Type
from sinkhole.dns.wire.question import Question
from sinkhole.dns.wire.reply import Reply
from sinkhole.model.faults import Faults
from sinkhole.model.record import Batch, Who
from sinkhole.model.tasks import Tasks

PATIENCE_S: Final = 3.0
"""For the router's answer."""

SLICE: Final = 50
"""Clients noted in one turn of the event loop: about a millisecond."""

BREATH_S: Final = 0.02
"""The pause between two turns, so that no crowd of clients keeps queries from being answered."""

MOST_WAITING: Final = 10_000
"""Clients that wait to be noted; further ones are noted when they ask again."""


class RouterQuestions:
    """Asks the router, or whom it is told to; `close` in the end. What is asked here is in no
    cache, no log and no statistics."""

    def __init__(self, faults: Faults | None = None) -> None:
        self._engine = PlainEngine(faults=faults)
        self._server: tuple[str, int] | None = None
        self._link: PlainLink | None = None

    async def ask(self, name: bytes, server: str, port: int) -> Reply | None:
        """The PTR records of a name, by this server; None for no answer."""
        link = self._link
        if link is None or self._server != (server, port):
            self._engine.start(self)
            self._server, self._link = (server, port), PlainLink(server, port, self._engine)
            link = self._link
        told: asyncio.Future[LinkAnswer | Failure] = asyncio.get_running_loop().create_future()
        question = Question(name, Type.PTR)
        asked = link.ask(question, time.monotonic() + PATIENCE_S, partial(_settle, told))
        if isinstance(asked, Failure):
            return None
        try:
            outcome = await told
        finally:
            asked()
        return outcome.reply if isinstance(outcome, LinkAnswer) else None

    async def close(self) -> None:
        """Ask nobody any more; whoever asked has been cancelled before."""
        await self._engine.leave(self)


class HouseDevices:
    """What the App has of devices: `devices`, from `start` to `close`.

    `privacy` says of whom nothing may be told. `on_change` is called with a packed address when
    `facts`, which are for who tells clients apart, may have another answer for it; `past_s` is as
    of `Devices`.
    """

    def __init__(
        self,
        settings: Settings,
        privacy: Callable[[], Privacy],
        on_change: Callable[[bytes], object] = bool,
        past_s: Callable[[], float] = float,
        faults: Faults | None = None,
    ) -> None:
        self._faults = faults or Faults()
        self._questions = RouterQuestions(self._faults)
        self._privacy = privacy
        self._settings = settings
        self._waiting: dict[tuple[str, bytes], Asked] = {}
        self._tasks = Tasks("who asked", limit=1, faults=self._faults)
        self._is_open = False
        self.devices = Devices(
            settings,
            ask=self._questions.ask,
            on_change=on_change,
            past_s=past_s,
            faults=self._faults,
        )
        known = self.devices.facts
        self._seeker = Seeker(known.mac_of)
        self._seeker.is_on = settings.devices.neighbours
        self.facts = Facts(known.device_of, known.hosts_of, known.devices_at, self._seeker.seek)

    async def start(self) -> None:
        """Begin, within a running event loop."""
        await self.devices.start()
        self._seeker.start()
        self._is_open = True

    async def close(self) -> None:
        """End, and write down who was met."""
        self._is_open = False
        self._seeker.close()
        await self._tasks.close()
        self.devices.note(self._waiting.values())
        await self.devices.close()
        await self._questions.close()

    def prepare(self, new: Settings, change: Change) -> None:
        """Go over to other settings."""
        change.exchange(self._use, new, self._settings)

    def take(self, batches: list[Batch]) -> None:
        """These queries were answered. It is on the way of the log, and costs it next to nothing:
        what it means for devices is worked out in turns of its own."""
        if not self._is_open:
            return
        with self._faults.contain("noting who asked"):
            for asked in asked_in(batches, self._privacy()):
                key = asked.client, asked.mac
                before = self._waiting.get(key)
                if before is not None:
                    asked = asked._replace(queries=before.queries + asked.queries)
                if before is not None or len(self._waiting) < MOST_WAITING:
                    self._waiting[key] = asked
            self._tasks.start("note", self._note())  # or it is underway

    async def _note(self) -> None:
        while self._waiting:
            keys = list(islice(self._waiting, SLICE))
            self.devices.note([self._waiting.pop(key) for key in keys])
            await asyncio.sleep(BREATH_S)

    def _use(self, settings: Settings) -> None:
        self._settings = settings
        self._seeker.is_on = settings.devices.neighbours
        self.devices.use(settings)


def asked_in(batches: list[Batch], privacy: Privacy) -> Iterator[Asked]:
    """Who asked how often, but for those of whom nothing may be told."""
    counts: Counter[Who] = Counter()
    last_s = 0.0
    for batch in batches:
        last_s = max(last_s, batch.time_s)
        if privacy.ignored_names:
            counts.update(who for report, who in batch.records if not privacy.ignores(report))
        else:
            counts.update(who for _, who in batch.records)
    for who, count in counts.items():
        if not who.telling.client or (
            privacy.ignores_any and privacy.ignores_client(who.text, who.device)
        ):
            continue
        mac = bytes.fromhex(who.device.replace(":", ""))
        yield (
            Asked(who.text, count, last_s, mac)
            if who.telling.counts
            else Asked(who.text, 0, 0.0, mac)
        )


def _settle(told: asyncio.Future[LinkAnswer | Failure], outcome: LinkAnswer | Failure) -> None:
    if not told.done():
        told.set_result(outcome)
