"""All lists of the settings: loaded, kept up to date on schedule, published when they change."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from sinkhole.control.lists.diff import SAMPLES, Difference, difference
from sinkhole.control.lists.essential_names import ESSENTIAL_NAMES
from sinkhole.control.lists.exchange import Exchange
from sinkhole.control.lists.file_watch import FileWatch
from sinkhole.control.lists.lending import Lending
from sinkhole.control.lists.loader import Loader
from sinkhole.control.lists.offers import WhereOffered, offered_nowhere
from sinkhole.control.lists.overlap import Overlap
from sinkhole.control.lists.own_rules import own_list
from sinkhole.control.lists.progress import Watch, unwatched
from sinkhole.control.lists.quarantine import QuarantineCheck
from sinkhole.control.lists.state import SubscriptionState
from sinkhole.control.lists.status import ListStatus, status_of
from sinkhole.control.lists.store import ListStore
from sinkhole.control.lists.subscription import Look, Subscription
from sinkhole.control.lists.subscriptions import Subscriptions
from sinkhole.control.lists.versions import Versions
from sinkhole.control.lists.workplace import Workplace
from sinkhole.control.settings import FilteringSettings, ListSettings
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.model.errors import SinkholeError
from sinkhole.model.faults import Faults
from sinkhole.model.tasks import Tasks

if TYPE_CHECKING:
    from sinkhole.control.lists.destinations import Resolve
    from sinkhole.control.lists.fetch import Limits
    from sinkhole.control.lists.preview import PreviewedList
    from sinkhole.control.lists.update import Updater

log = logging.getLogger(__name__)

POLL_S = 60.0
"""The longest time between two looks at what may have changed, where the kernel tells of it."""

BLIND_POLL_S = 5.0
"""The same where it does not, and while something is wrong."""

MOST_UPDATES = 100
"""Lists that are being updated at once, most of them waiting for their turn."""

OnChange = Callable[[Sequence[CompiledList]], Awaitable[None]]
Choice = Callable[[Versions, Subscription, Workplace, Watch], Awaitable[None]]


async def _ignore(lists: Sequence[CompiledList]) -> None:
    """Take the lists and do nothing: for command lines that only look."""


class Library:
    """The lists of the settings, ready to match, in their order.

    `on_change` is awaited with all of them, own rules first, each time one was newly mapped. A
    list that was replaced is left to the garbage collector: a query may still be looking into
    it. `resolve` finds the addresses of a list's host, without it none; `now` is seconds since
    1970. `essential_names` are names that no list may block by surprise, besides those everybody
    needs. `faults` are told of bugs. `offers`, to be assigned, has what other sinkholes fetched.
    """

    def __init__(
        self,
        settings: FilteringSettings,
        data_dir: Path,
        *,
        on_change: OnChange = _ignore,
        resolve: Resolve | None = None,
        now: Callable[[], float] = time.time,
        limits: Limits | None = None,
        poll_s: float = POLL_S,
        essential_names: Collection[str] = (),
        faults: Faults | None = None,
    ) -> None:
        self._settings = settings
        self._on_change = on_change
        self._now = now
        self._poll_s = poll_s
        self.essential_names = essential_names
        self.offers: WhereOffered = offered_nowhere
        self._store = ListStore(data_dir / "lists")
        self._subscriptions = Subscriptions(settings)
        self._overlap = Overlap(self._store)
        self._loader = Loader(
            self._store, self._subscriptions, self._overlap, self._quarantine_check
        )
        self._own_rules: CompiledList | None = None
        self._own_problems: list[str] = []
        self._trouble = ""
        self._changed = asyncio.Event()
        self.lending = Lending(self._subscriptions, self._store, now, self._changed.set)
        self._lock = asyncio.Lock()  # nobody else takes over what is on the disk; for moments
        self._underway: set[Subscription] = set()
        self._limits = limits
        self._faults = faults or Faults()
        self._resolve = resolve

    @cached_property
    def _updater(self) -> Updater:
        """Made when first needed, as importing what it needs takes 0.2 s: DNS is up by then."""
        from sinkhole.control.lists.destinations import refusal, resolve_nothing
        from sinkhole.control.lists.fetch import Fetcher, Limits
        from sinkhole.control.lists.update import Updater

        fetcher = Fetcher(
            self._limits or Limits(size_bytes=self._settings.max_list_size),
            self._resolve or resolve_nothing,
            partial(refusal, private_allowed=self._settings.private_sources),
        )
        versions = Versions(self._store, self._now, self._quarantine_check(), self._exclusively)
        every_s = self._settings.update_interval
        exchange = Exchange(lambda: self.offers(), self._store, self._now, every_s)
        return Updater(self._store, fetcher, versions, self._now, exchange)

    @property
    def lists(self) -> tuple[CompiledList, ...]:
        """What is mapped now: own rules, then the lists in their order."""
        own = [self._own_rules] if self._own_rules is not None else []
        mapped = (each.compiled for each in self._subscriptions.all)
        return (*own, *(each for each in mapped if each is not None))

    @property
    def sources(self) -> dict[str, str]:
        """The ids of all lists by their names, see `ListSettings.id`."""
        return {each.name: each.id for each in self._settings.lists}

    @property
    def problems(self) -> list[str]:
        """What is wrong beyond a single list (those are in `status`), one text each."""
        trouble = [self._trouble] if self._trouble else []
        return self._own_problems + trouble

    def status(self) -> list[ListStatus]:
        """All lists in their order, disabled ones too."""
        unique = self._overlap.unique
        return [
            status_of(each, self._settings, unique.get(each.id)) for each in self._subscriptions.all
        ]

    def state_of(self, name: str) -> SubscriptionState:
        """What is remembered of an enabled list; ListError when there is none of this name."""
        return self._subscriptions.find(name).state

    def load_now(self) -> None:
        """Map what is compiled already, and tell nobody: milliseconds a list, nothing is parsed.

        Changes nothing on the disk, and a list that can't be mapped is left to the next update."""
        self._own_rules, self._own_problems = own_list(self._settings.rules)
        self._loader.load_all()

    async def load(self) -> None:
        """`load_now` without stopping the event loop while the disk is read; then publish it."""
        await asyncio.to_thread(self.load_now)
        await self._publish()

    async def apply(self, settings: FilteringSettings, *, publish: bool = True) -> None:
        """Go over to other settings and publish once, in milliseconds if own rules are few.

        Lists that were fetched before are mapped; what is missing is left to `run`, as ever.
        Without `publish` the caller does that."""
        if settings.rules == self._settings.rules:
            own = self._own_rules, self._own_problems
        else:
            own = await asyncio.to_thread(own_list, settings.rules)
        async with self._lock:
            await asyncio.to_thread(self._subscriptions.apply, settings)
            await asyncio.to_thread(self._loader.load_all)
            for each in self._subscriptions.all:  # perhaps the cause is gone now
                each.retry = each.state.error is not None
            self._settings = settings
            self._own_rules, self._own_problems = own
            self.__dict__.pop("_updater", None)  # its limits may be others now
        if publish:
            await self._publish()
        self._changed.set()

    async def update(
        self,
        only: Collection[str] | None = None,
        *,
        force: bool = False,
        progress: Watch = unwatched,
    ) -> int:
        """Bring the enabled lists, or those called `only`, up to date now; how many changed.

        `force` fetches without asking "only if changed" and accepts what would be held back.
        What fails is in `status` afterwards. Raises ListError for a name that is no enabled
        list, StorageError when the folder can't be used or another process keeps updating."""
        look = Look.FORCED if force else Look.ASKED
        return await self._update(self._subscriptions.choose(only), look, progress)

    async def accept(self, name: str) -> None:
        """Put in use what is held back of a list; ListError when nothing is."""
        await self._choose_version(name, Versions.accept)

    async def roll_back(self, name: str) -> None:
        """Put the version before in use, until its source says something new; ListError without
        one. `accept` goes back to the newest."""
        await self._choose_version(name, Versions.roll_back)

    async def diff(self, name: str, most: int = SAMPLES) -> Difference:
        """What the newest two versions of a list differ in; ListError without two."""
        return await difference(self._store, self._subscriptions.find(name), most)

    async def preview(self, settings: ListSettings, folder: Path, progress: Watch) -> PreviewedList:
        """Fetch and compile a list into `folder` to be looked at, whoever's it is; ListError."""
        from sinkhole.control.lists.preview import compile_preview

        await asyncio.to_thread(lambda: self._updater)
        fetcher, check = self._updater.fetcher, self._quarantine_check()
        return await compile_preview(settings, folder, fetcher, check, progress)

    async def count_unique(self) -> None:
        """Count which names each list has alone, if that may have changed; takes seconds."""
        if self._overlap.is_stale(self._subscriptions.all):
            await self._overlap.count(self._subscriptions.all)

    async def run(self) -> None:
        """Keep the lists up to date until cancelled; no failure ends it.

        Missing lists and changed files are taken at once, the rest when due. Beside that, it looks
        for changed local files and for what another process, such as `sinkhole lists update`, has
        committed as soon as the kernel tells of a change, and every `poll_s` seconds in any
        case."""
        counting = Tasks("overlap", 1, self._faults)
        updates = Tasks("lists", MOST_UPDATES, self._faults)
        await self._attempt([])
        watch = FileWatch(self._changed)
        try:
            while True:
                await asyncio.to_thread(self._follow, watch)
                await self._look_around(updates, counting)
                await watch.wait(self._rest_s(watch))
        finally:
            watch.close()
            await updates.close()
            await counting.close()

    def _follow(self, watch: FileWatch) -> None:
        watch.follow(self._store.folder, self._subscriptions.local_paths())

    def _rest_s(self, watch: FileWatch) -> float:
        """How long to wait for a change: until the next list is due, but not too often."""
        if self._trouble or not watch.works:
            return min(self._poll_s, BLIND_POLL_S)
        now = self._now()
        due = self._subscriptions.next_look(now, self._settings.update_interval)
        return min(self._poll_s, max(BLIND_POLL_S, due - now))

    async def _look_around(self, updates: Tasks, counting: Tasks) -> None:
        """One turn of `run`: a step that fails keeps no other from being taken."""
        begin, count = partial(self._begin_due, updates), partial(self._begin_count, counting)
        for step in (self._adopt, begin, count):
            with self._faults.contain("lists"):
                await step()

    async def _begin_due(self, updates: Tasks) -> None:
        """Update what is due beside everything else; what finds no place stays due."""
        now, interval_s = self._now(), self._settings.update_interval
        due, outdated = await asyncio.to_thread(
            self._subscriptions.due, now, interval_s, frozenset(self._underway)
        )
        for each in (*due, *outdated):  # each by itself: a slow server holds up its own list only
            self._underway.add(each)
            look = Look.DUE if each in due else Look.KEPT
            if updates.start("update", self._attempt([each], look)) is None:
                self._underway.discard(each)
        if self._trouble and not self._underway:  # look whether it is over
            await self._attempt([])

    async def _begin_count(self, counting: Tasks) -> None:
        if not self._underway and self._overlap.is_stale(self._subscriptions.all):
            counting.start("count", self.count_unique())

    async def _adopt(self) -> None:
        async with self._lock:
            await self._adopt_commits()

    async def _choose_version(self, name: str, choose: Choice) -> None:
        async with self._working() as (updater, work):
            chosen = self._subscriptions.find(name)
            await choose(updater.versions, chosen, work, unwatched)
        log.info("list %s: %d names, chosen by hand, now in use", chosen.name, chosen.names)
        await self._publish()

    async def _attempt(self, subscriptions: list[Subscription], look: Look = Look.DUE) -> None:
        try:
            await self._update(subscriptions, look, unwatched)
            self._trouble = ""
        except SinkholeError as error:
            trouble = f"lists are not updated: {error}"
            if trouble != self._trouble:  # said once, as the next attempt comes in seconds
                log.warning("%s", trouble)
            self._trouble = trouble
        except Exception as error:
            self._faults.note("lists", error)
        finally:
            self._underway.difference_update(subscriptions)
            if subscriptions:
                self._changed.set()  # what was waiting for them gets its turn

    async def _update(self, subscriptions: list[Subscription], look: Look, watch: Watch) -> int:
        if not subscriptions:  # to sweep, and to find out whether a trouble is over
            async with self._exclusively():
                await asyncio.to_thread(self._sweep)
            return 0
        async with self._working() as (updater, work):
            tasks = Tasks("lists", len(subscriptions), self._faults)
            started = [
                tasks.start(each.name, self._bring(updater, each, work, look, watch))
                for each in subscriptions
            ]
            try:
                changes = await asyncio.gather(*(task for task in started if task is not None))
            finally:
                await tasks.close()
        return sum(changes)

    async def _bring(
        self,
        updater: Updater,
        subscription: Subscription,
        work: Workplace,
        look: Look,
        watch: Watch,
    ) -> bool:
        """Update one list; published at once, because the next one may take minutes."""
        try:
            async with subscription.updating:  # once at a time, whoever asks for it
                restored = await updater.restore(subscription, work, watch)
                if restored:
                    await self._publish()
                changed = await updater.update(subscription, work, look, watch)
            if changed:
                log.info("list %s: %d names, now in use", subscription.name, subscription.names)
                await self._publish()
            await updater.tell(subscription, work)
        except Exception as error:  # a bug with one list must not cost the others
            subscription.note_bug(error)
            subscription.failures += 1
            subscription.state = replace(subscription.state, checked=self._now())
            return False
        return restored or changed

    @asynccontextmanager
    async def _working(self) -> AsyncIterator[tuple[Updater, Workplace]]:
        """What updates, and a place to work in; leftovers are swept before and after."""
        updater = await asyncio.to_thread(lambda: self._updater)
        async with self._exclusively():
            updater.versions.quarantine = self._quarantine_check()
            await asyncio.to_thread(self._sweep)
            work = await asyncio.to_thread(self._store.workplace)
        try:
            yield updater, work
        finally:
            await asyncio.to_thread(work.remove)
        async with self._exclusively():
            await asyncio.to_thread(self._sweep)

    @asynccontextmanager
    async def _exclusively(self) -> AsyncIterator[None]:
        """Hold the lock of all lists, for moments, with what others have committed taken over."""
        async with self._lock, self._store.locked():
            await self._adopt_commits()
            yield

    async def _adopt_commits(self) -> None:
        """Take over what another process has committed since the last look."""
        adopted = await asyncio.to_thread(self._loader.load_all)
        for each in adopted:
            log.info("list %s: %d names, of another process, now in use", each.name, each.names)
        if adopted:
            await self._publish()

    def _sweep(self) -> None:
        known = {each.id for each in self._subscriptions.all}
        self._store.sweep(known if self._settings.is_complete else None, self._now())

    def _quarantine_check(self) -> QuarantineCheck:
        """A check for the lists there are now: where they come from must stay reachable, too."""
        hosts, guard = sorted(self._subscriptions.hosts()), self._settings.guard
        essential = (*ESSENTIAL_NAMES, *self.essential_names, *hosts, *guard.canaries)
        return QuarantineCheck(guard.factor, essential)

    async def _publish(self) -> None:
        await self._on_change(self.lists)
