"""All lists of the settings: loaded, kept up to date on schedule, published when they change."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from sinkhole.control.lists.added import AddedLists
from sinkhole.control.lists.diff import Difference, difference
from sinkhole.control.lists.essential_names import ESSENTIAL_NAMES
from sinkhole.control.lists.overlap import Overlap
from sinkhole.control.lists.own_rules import compile_own
from sinkhole.control.lists.progress import Watch, unwatched
from sinkhole.control.lists.quarantine import QuarantineCheck
from sinkhole.control.lists.status import ListStatus, status_of
from sinkhole.control.lists.store import ListStore, map_version
from sinkhole.control.lists.subscription import Subscription
from sinkhole.control.lists.subscriptions import Subscriptions
from sinkhole.control.lists.versions import Versions
from sinkhole.control.settings import FilteringSettings, ListSettings
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.model.errors import ListError, SinkholeError
from sinkhole.model.faults import Faults
from sinkhole.model.tasks import Tasks

if TYPE_CHECKING:
    from sinkhole.control.lists.destinations import Resolve
    from sinkhole.control.lists.fetch import Limits
    from sinkhole.control.lists.preview import PreviewedList
    from sinkhole.control.lists.update import Updater

log = logging.getLogger(__name__)

POLL_S = 5.0

OnChange = Callable[[Sequence[CompiledList]], Awaitable[None]]
Choice = Callable[[Versions, Subscription, Watch], Awaitable[None]]


async def _ignore(lists: Sequence[CompiledList]) -> None:
    """Take the lists and do nothing: for command lines that only look."""


class Library:
    """The lists of the settings and those added by command, ready to match, in this order.

    `on_change` is awaited with all of them, own rules first, each time one was newly mapped. A
    list that was replaced is left to the garbage collector: a query may still be looking into
    it. `resolve` finds the addresses of a list's host, the operating system without it; `now` is
    wall-clock seconds since 1970. `essential_names` are names that no list may block by surprise,
    besides those everybody needs. `faults` are told of bugs.
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
        self._essential_names = essential_names
        self._store = ListStore(data_dir / "lists")
        self._subscriptions = Subscriptions(settings, AddedLists(self._store.folder))
        self._overlap = Overlap(self._store)
        self._own_rules: CompiledList | None = None
        self._own_problems: list[str] = []
        self._trouble = ""
        self._updating = asyncio.Lock()
        self._limits = limits
        self._faults = faults
        self._resolve = resolve

    @cached_property
    def _updater(self) -> Updater:
        """Made when first needed, as importing what it needs takes 0.2 s: DNS is up by then."""
        from sinkhole.control.lists.destinations import refusal, resolve_by_system
        from sinkhole.control.lists.fetch import Fetcher, Limits
        from sinkhole.control.lists.update import Updater

        fetcher = Fetcher(
            self._limits or Limits(size_bytes=self._settings.max_list_size),
            self._resolve or resolve_by_system,
            partial(refusal, private_allowed=self._settings.private_sources),
        )
        versions = Versions(self._store, self._now, self._quarantine_check())
        return Updater(self._store, fetcher, versions, self._now)

    @property
    def lists(self) -> tuple[CompiledList, ...]:
        """What is mapped now: own rules, then the lists in their order."""
        own = [self._own_rules] if self._own_rules is not None else []
        mapped = (each.compiled for each in self._subscriptions.all)
        return (*own, *(each for each in mapped if each is not None))

    @property
    def problems(self) -> list[str]:
        """What is wrong beyond a single list (those are in `status`), one text each."""
        trouble = [self._trouble] if self._trouble else []
        return self._own_problems + self._subscriptions.problems + trouble

    def status(self) -> list[ListStatus]:
        """All lists in their order, disabled ones too."""
        unique = self._overlap.unique
        return [
            status_of(each, added=self._subscriptions.is_added(each), unique=unique.get(each.id))
            for each in self._subscriptions.all
        ]

    def load_now(self) -> None:
        """Map what is compiled already, and tell nobody: milliseconds a list, nothing is parsed.

        Changes nothing on the disk, and a list that can't be mapped is left to the next update.
        """
        self._load_own_rules()
        self._load_all()

    async def load(self) -> None:
        """`load_now` without stopping the event loop while the disk is read; then publish it."""
        await asyncio.to_thread(self.load_now)
        await self._publish()

    async def apply(self, settings: FilteringSettings) -> None:
        """Go over to other settings and publish once, in milliseconds if own rules are few.

        Lists that were fetched before are mapped; what is missing is left to `run`, as ever.
        """
        own = await asyncio.to_thread(_own, settings)
        await asyncio.to_thread(self._subscriptions.apply, settings)
        unmapped = [each for each in self._subscriptions.all if each.compiled is None]
        await asyncio.to_thread(lambda: [self._load(each) for each in unmapped])
        self._settings = settings
        self._own_rules, self._own_problems = own
        self.__dict__.pop("_updater", None)  # its limits may be others now
        await self._publish()

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
        list, StorageError when the folder can't be used or another process keeps updating.
        """
        await self._refresh()
        return await self._update(self._subscriptions.choose(only), force, progress)

    async def accept(self, name: str) -> None:
        """Put in use what is held back of a list; ListError when nothing is."""
        await self._choose_version(name, Versions.accept)

    async def roll_back(self, name: str) -> None:
        """Put the version before in use, until its source says something new; ListError without
        one. `accept` goes back to the newest.
        """
        await self._choose_version(name, Versions.roll_back)

    async def diff(self, name: str) -> Difference:
        """What the newest two versions of a list differ in; ListError without two."""
        return await difference(self._store, self._subscriptions.find(name))

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

        Missing lists and changed files are taken at once, the rest when due. Between updates it
        looks every `poll_s` seconds for lists added by command, for changed local files and for
        what another process, such as `sinkhole lists update`, has committed.
        """
        counting = Tasks("overlap", limit=1, faults=self._faults)
        await self._attempt([])
        try:
            while True:
                await self._refresh()
                async with self._updating:
                    await self._adopt_commits()
                due = await asyncio.to_thread(self._due)
                if due or self._trouble:  # with nothing due it looks whether the trouble is over
                    await self._attempt(due)
                if self._overlap.is_stale(self._subscriptions.all):
                    counting.start("count", self.count_unique())
                await asyncio.sleep(self._poll_s)
        finally:
            await counting.close()

    async def _refresh(self) -> None:
        """Take over what was added or removed by command."""
        async with self._updating:
            if await asyncio.to_thread(self._subscriptions.refresh):
                await asyncio.to_thread(self._load_all)
                await self._publish()

    async def _choose_version(self, name: str, choose: Choice) -> None:
        await asyncio.to_thread(lambda: self._updater)
        async with self._updating, self._store.locked():
            await self._adopt_commits()
            chosen = self._subscriptions.find(name)
            await choose(self._updater.versions, chosen, unwatched)
            await asyncio.to_thread(self._sweep)
        log.info("list %s: %d names, chosen by hand, now in use", chosen.name, chosen.names)
        await self._publish()

    async def _attempt(self, subscriptions: list[Subscription]) -> None:
        try:
            await self._update(subscriptions, False, unwatched)
            self._trouble = ""
        except SinkholeError as error:
            trouble = f"lists are not updated: {error}"
            if trouble != self._trouble:  # said once, as the next attempt comes in seconds
                log.warning("%s", trouble)
            self._trouble = trouble

    async def _update(self, subscriptions: list[Subscription], force: bool, watch: Watch) -> int:
        await asyncio.to_thread(lambda: self._updater)
        async with self._updating, self._store.locked():
            await self._adopt_commits()
            self._updater.versions.quarantine = self._quarantine_check()
            await asyncio.to_thread(self._sweep)
            tasks = Tasks("lists", max(1, len(subscriptions)), self._faults)
            started = [
                tasks.start(each.name, self._bring(each, force, watch)) for each in subscriptions
            ]
            try:
                changes = await asyncio.gather(*(task for task in started if task is not None))
            finally:
                await tasks.close()
                await asyncio.to_thread(self._sweep)
        return sum(changes)

    async def _bring(self, subscription: Subscription, force: bool, watch: Watch) -> bool:
        """Update one list; published at once, because the next one may take minutes."""
        restored = await self._updater.restore(subscription, watch)
        if restored:
            await self._publish()
        changed = await self._updater.update(subscription, force=force, watch=watch)
        if changed:
            log.info("list %s: %d names, now in use", subscription.name, subscription.names)
            await self._publish()
        return restored or changed

    def _due(self) -> list[Subscription]:
        now, interval_s = self._now(), self._settings.update_interval
        active = [each for each in self._subscriptions.all if each.active]
        return [each for each in active if each.is_due(now, interval_s)]

    def _load_own_rules(self) -> None:
        self._own_rules, self._own_problems = _own(self._settings)

    def _load(self, subscription: Subscription) -> bool:
        """Take over what is on the disk and was not yet; whether it was newly mapped."""
        state = self._store.read(subscription.id) if subscription.active else None
        if state is None or state == subscription.committed:
            return False
        subscription.remember(state)
        subscription.disk_bytes = self._store.size_bytes(state)
        if state.used is None or subscription.current:
            return False
        try:
            subscription.use(map_version(self._store, subscription, state.used), state)
        except ListError as error:
            log.warning("list %s: will be compiled again: %s", subscription.name, error.reason)
            return False
        return True

    async def _adopt_commits(self) -> None:
        """Take over what another process has committed since the last look."""
        adopted = await asyncio.to_thread(self._load_all)
        for each in adopted:
            log.info("list %s: %d names, of another process, now in use", each.name, each.names)
        if adopted:
            await self._publish()

    def _load_all(self) -> list[Subscription]:
        self._overlap.load()
        return [each for each in self._subscriptions.all if self._load(each)]

    def _sweep(self) -> None:
        self._store.sweep({each.id for each in self._subscriptions.all}, self._now())

    def _quarantine_check(self) -> QuarantineCheck:
        """A check for the lists there are now: where they come from must stay reachable, too."""
        hosts, guard = sorted(self._subscriptions.hosts()), self._settings.guard
        essential = (*ESSENTIAL_NAMES, *self._essential_names, *hosts, *guard.canaries)
        return QuarantineCheck(guard.factor, essential)

    async def _publish(self) -> None:
        await self._on_change(self.lists)


def _own(settings: FilteringSettings) -> tuple[CompiledList | None, list[str]]:
    return compile_own(settings.rules) if settings.rules else (None, [])
