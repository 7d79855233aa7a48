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
from sinkhole.control.lists.address import refusal
from sinkhole.control.lists.canaries import CANARIES
from sinkhole.control.lists.diff import Difference, difference
from sinkhole.control.lists.guard import Guard
from sinkhole.control.lists.item import Item
from sinkhole.control.lists.overlap import Overlap
from sinkhole.control.lists.own_rules import compile_own
from sinkhole.control.lists.resolve import Resolve, resolve_by_system
from sinkhole.control.lists.roster import Roster
from sinkhole.control.lists.status import ListStatus, status_of
from sinkhole.control.lists.steps import Watch, unwatched
from sinkhole.control.lists.store import Store, map_version
from sinkhole.control.lists.versions import Versions
from sinkhole.control.lists.wanted import Wanted, WantedList
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.model.errors import ListError, SinkholeError
from sinkhole.model.tasks import Tasks

if TYPE_CHECKING:
    from sinkhole.control.lists.aside import Aside
    from sinkhole.control.lists.fetch import Limits
    from sinkhole.control.lists.update import Updater

log = logging.getLogger(__name__)

POLL_S = 5.0

OnChange = Callable[[Sequence[CompiledList]], None]
Choice = Callable[[Versions, Item, Watch], Awaitable[None]]


def _unheard(lists: Sequence[CompiledList]) -> None:
    """Take the lists and do nothing: for command lines that only look."""


class Library:
    """The lists of the settings and those added by command, ready to match, in this order.

    `on_change` is called with all of them, own rules first, each time one was newly mapped. A
    list that was replaced is left to the garbage collector: a query may still be looking into
    it. `resolve` finds the addresses of a list's host; `now` is wall-clock seconds since 1970.
    `canaries` are names that no list may block by surprise, besides those everybody needs.
    """

    def __init__(
        self,
        wanted: Wanted,
        data_dir: Path,
        *,
        on_change: OnChange = _unheard,
        resolve: Resolve = resolve_by_system,
        now: Callable[[], float] = time.time,
        limits: Limits | None = None,
        poll_s: float = POLL_S,
        canaries: Collection[str] = (),
    ) -> None:
        self._wanted = wanted
        self._on_change = on_change
        self._now = now
        self._poll_s = poll_s
        self._canaries = canaries
        self._store = Store(data_dir / "lists")
        self._roster = Roster(wanted, AddedLists(self._store.folder))
        self._overlap = Overlap(self._store)
        self._own_rules: CompiledList | None = None
        self._own_problems: list[str] = []
        self._trouble = ""
        self._updating = asyncio.Lock()
        self._limits = limits
        self._resolve = resolve

    @cached_property
    def _updater(self) -> Updater:
        """Made when first needed, as importing what it needs takes 0.2 s: DNS is up by then."""
        from sinkhole.control.lists.fetch import Fetcher, Limits
        from sinkhole.control.lists.update import Updater

        fetcher = Fetcher(
            self._limits or Limits(size_bytes=self._wanted.max_list_size),
            self._resolve,
            partial(refusal, private_allowed=self._wanted.private_sources),
        )
        versions = Versions(self._store, self._now, self._guard())
        return Updater(self._store, fetcher, versions, self._now)

    @property
    def lists(self) -> tuple[CompiledList, ...]:
        """What is mapped now: own rules, then the lists in their order."""
        own = [self._own_rules] if self._own_rules is not None else []
        mapped = (item.compiled for item in self._roster.items)
        return (*own, *(each for each in mapped if each is not None))

    @property
    def problems(self) -> list[str]:
        """What is wrong beyond a single list (those are in `status`), one text each."""
        trouble = [self._trouble] if self._trouble else []
        return self._own_problems + self._roster.problems + trouble

    def status(self) -> list[ListStatus]:
        """All lists in their order, disabled ones too."""
        unique = self._overlap.unique
        return [
            status_of(item, added=self._roster.is_added(item), unique=unique.get(item.id))
            for item in self._roster.items
        ]

    def load_now(self) -> None:
        """Map what is compiled already and publish it: milliseconds a list, nothing is parsed.

        Changes nothing on the disk, and a list that can't be mapped is left to the next update.
        """
        self._load_own_rules()
        self._load_items()
        self._publish()

    async def load(self) -> None:
        """`load_now` without stopping the event loop while the disk is read."""
        await asyncio.to_thread(self._load_own_rules)
        await asyncio.to_thread(self._load_items)
        self._publish()

    async def rewanted(self, wanted: Wanted) -> None:
        """Go over to other settings and publish once, in milliseconds if own rules are few.

        Lists that were fetched before are mapped; what is missing is left to `run`, as ever.
        """
        own = await asyncio.to_thread(_own, wanted)
        await asyncio.to_thread(self._roster.use, wanted)
        unmapped = [item for item in self._roster.items if item.compiled is None]
        await asyncio.to_thread(lambda: [self._load_item(item) for item in unmapped])
        self._wanted = wanted
        self._own_rules, self._own_problems = own
        self.__dict__.pop("_updater", None)  # its limits may be others now
        self._publish()

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
        return await self._update(self._roster.choose(only), force, progress)

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
        return await difference(self._store, self._roster.find(name))

    async def compile_aside(self, entry: WantedList, folder: Path, progress: Watch) -> Aside:
        """Fetch and compile a list into `folder` to be looked at, whoever's it is; ListError."""
        from sinkhole.control.lists.aside import compile_aside

        await asyncio.to_thread(lambda: self._updater)
        return await compile_aside(entry, folder, self._updater.fetcher, self._guard(), progress)

    async def count_unique(self) -> None:
        """Count which names each list has alone, if that may have changed; takes seconds."""
        if self._overlap.is_stale(self._roster.items):
            await self._overlap.count(self._roster.items)

    async def run(self) -> None:
        """Keep the lists up to date until cancelled; no failure ends it.

        Missing lists and changed files are taken at once, the rest when due. Between updates it
        looks every `poll_s` seconds for lists added by command, for changed local files and for
        what another process, such as `sinkhole lists update`, has committed.
        """
        counting = Tasks("overlap", limit=1)
        await self._attempt([])
        try:
            while True:
                await self._refresh()
                async with self._updating:
                    await self._adopt_commits()
                due = await asyncio.to_thread(self._due)
                if due or self._trouble:  # with nothing due it looks whether the trouble is over
                    await self._attempt(due)
                if self._overlap.is_stale(self._roster.items):
                    counting.start("count", self.count_unique())
                await asyncio.sleep(self._poll_s)
        finally:
            await counting.close()

    async def _refresh(self) -> None:
        """Take over what was added or removed by command."""
        async with self._updating:
            if await asyncio.to_thread(self._roster.refresh):
                await asyncio.to_thread(self._load_items)
                self._publish()

    async def _choose_version(self, name: str, choose: Choice) -> None:
        await asyncio.to_thread(lambda: self._updater)
        async with self._updating, self._store.locked():
            await self._adopt_commits()
            item = self._roster.find(name)
            await choose(self._updater.versions, item, unwatched)
            await asyncio.to_thread(self._sweep)
        log.info("list %s: %d names, chosen by hand, now in use", item.name, item.names)
        self._publish()

    async def _attempt(self, items: list[Item]) -> None:
        try:
            await self._update(items, False, unwatched)
            self._trouble = ""
        except SinkholeError as error:
            trouble = f"lists are not updated: {error}"
            if trouble != self._trouble:  # said once, as the next attempt comes in seconds
                log.warning("%s", trouble)
            self._trouble = trouble

    async def _update(self, items: list[Item], force: bool, watch: Watch) -> int:
        await asyncio.to_thread(lambda: self._updater)
        async with self._updating, self._store.locked():
            await self._adopt_commits()
            self._updater.versions.guard = self._guard()
            await asyncio.to_thread(self._sweep)
            tasks = Tasks("lists", limit=max(1, len(items)))
            started = [tasks.start(item.name, self._bring(item, force, watch)) for item in items]
            try:
                changes = await asyncio.gather(*(task for task in started if task is not None))
            finally:
                await tasks.close()
                await asyncio.to_thread(self._sweep)
        return sum(changes)

    async def _bring(self, item: Item, force: bool, watch: Watch) -> bool:
        """Update one list; published at once, because the next one may take minutes."""
        restored = await self._updater.restore(item, watch)
        if restored:
            self._publish()
        changed = await self._updater.update(item, force=force, watch=watch)
        if changed:
            log.info("list %s: %d names, now in use", item.name, item.names)
            self._publish()
        return restored or changed

    def _due(self) -> list[Item]:
        now, interval_s = self._now(), self._wanted.update_interval
        return [item for item in self._roster.items if item.active and item.is_due(now, interval_s)]

    def _load_own_rules(self) -> None:
        self._own_rules, self._own_problems = _own(self._wanted)

    def _load_item(self, item: Item) -> bool:
        """Take over what is on the disk and was not yet; whether it was newly mapped."""
        state = self._store.read(item.id) if item.active else None
        if state is None or state == item.committed:
            return False
        item.remember(state)
        item.disk_bytes = self._store.size_bytes(state)
        if state.used is None or item.current:
            return False
        try:
            item.use(map_version(self._store, item, state.used), state)
        except ListError as error:
            log.warning("list %s: will be compiled again: %s", item.name, error.reason)
            return False
        return True

    async def _adopt_commits(self) -> None:
        """Take over what another process has committed since the last look."""
        adopted = await asyncio.to_thread(self._load_items)
        for item in adopted:
            log.info("list %s: %d names, of another process, now in use", item.name, item.names)
        if adopted:
            self._publish()

    def _load_items(self) -> list[Item]:
        self._overlap.load()
        return [item for item in self._roster.items if self._load_item(item)]

    def _sweep(self) -> None:
        self._store.sweep({item.id for item in self._roster.items}, self._now())

    def _guard(self) -> Guard:
        """A guard for the lists there are now: where they come from must stay reachable, too."""
        wanted = self._wanted.guard
        names = (*CANARIES, *self._canaries, *sorted(self._roster.hosts()), *wanted.canaries)
        return Guard(wanted.factor, names)

    def _publish(self) -> None:
        self._on_change(self.lists)


def _own(wanted: Wanted) -> tuple[CompiledList | None, list[str]]:
    return compile_own(wanted.rules) if wanted.rules else (None, [])
