"""All lists of the settings: loaded, kept up to date on schedule, published when they change."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from sinkhole.errors import ListError, SinkholeError
from sinkhole.filter.trie import CompiledList
from sinkhole.lists.address import refusal
from sinkhole.lists.item import Item
from sinkhole.lists.resolve import Resolve, resolve_by_system
from sinkhole.lists.status import ListStatus, status_of
from sinkhole.lists.steps import Watch, unwatched
from sinkhole.lists.store import Store, map_compiled
from sinkhole.lists.wanted import Wanted, WantedList
from sinkhole.tasks import Tasks

if TYPE_CHECKING:
    from sinkhole.lists.fetch import Limits
    from sinkhole.lists.update import Updater

log = logging.getLogger(__name__)

OWN_RULES = "own rules"
POLL_S = 5.0

OnChange = Callable[[Sequence[CompiledList]], None]


def _unheard(lists: Sequence[CompiledList]) -> None:
    """Take the lists and do nothing: for command lines that only look."""


class Library:
    """The lists of the settings, ready to match, in the order of the settings.

    `on_change` is called with all of them, own rules first, each time one was newly mapped. A
    list that was replaced is left to the garbage collector: a query may still be looking into
    it. `resolve` finds the addresses of a list's host; `now` is wall-clock seconds since 1970.
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
    ) -> None:
        self._wanted = wanted
        self._on_change = on_change
        self._now = now
        self._poll_s = poll_s
        self._store = Store(data_dir / "lists")
        self._items = _items(wanted)
        self._own_rules: CompiledList | None = None
        self._own_problems: list[str] = []
        self._trouble = ""
        self._updating = asyncio.Lock()
        self._limits = limits
        self._resolve = resolve

    @cached_property
    def _updater(self) -> Updater:
        """Made when first needed, as importing what it needs takes 0.2 s: DNS is up by then."""
        from sinkhole.lists.fetch import Fetcher, Limits
        from sinkhole.lists.update import Updater

        fetcher = Fetcher(
            self._limits or Limits(size_bytes=self._wanted.max_list_size),
            self._resolve,
            partial(refusal, private_allowed=self._wanted.private_sources),
        )
        return Updater(self._store, fetcher, self._now)

    @property
    def lists(self) -> tuple[CompiledList, ...]:
        """What is mapped now: own rules, then the lists in the order of the settings."""
        own = [self._own_rules] if self._own_rules is not None else []
        return (*own, *(item.compiled for item in self._items if item.compiled is not None))

    @property
    def problems(self) -> list[str]:
        """What is wrong beyond a single list (those are in `status`), one text each."""
        return self._own_problems + ([self._trouble] if self._trouble else [])

    def status(self) -> list[ListStatus]:
        """All lists of the settings, in their order, disabled ones too."""
        return [status_of(item) for item in self._items]

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
        own = await asyncio.to_thread(_own_rules, wanted)
        items = _items(wanted, {item.wanted: item for item in self._items})
        unmapped = [item for item in items if item.compiled is None]
        await asyncio.to_thread(lambda: [self._load_item(item) for item in unmapped])
        self._wanted, self._items = wanted, items
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

        `force` fetches without asking "only if changed" and accepts a list that has shrunk.
        What fails is in `status` afterwards. Raises ListError for a name that is no enabled
        list, StorageError when the folder can't be used or another process keeps updating.
        """
        return await self._update(self._chosen(only), force, progress)

    async def run(self) -> None:
        """Keep the lists up to date until cancelled; no failure ends it.

        Missing lists and changed files are taken at once, the rest when due. Between updates it
        looks every `poll_s` seconds for changed local files and for what another process, such
        as `sinkhole lists update`, has committed.
        """
        await self._attempt([])
        while True:
            async with self._updating:
                await self._adopt_commits()
            due = await asyncio.to_thread(self._due)
            if due:
                await self._attempt(due)
            await asyncio.sleep(self._poll_s)

    async def _attempt(self, items: list[Item]) -> None:
        try:
            await self._update(items, False, unwatched)
            self._trouble = ""
        except SinkholeError as error:
            log.warning("lists are not updated: %s", error)
            self._trouble = f"lists are not updated: {error}"

    async def _update(self, items: list[Item], force: bool, watch: Watch) -> int:
        await asyncio.to_thread(lambda: self._updater)
        async with self._updating, self._store.locked():
            await self._adopt_commits()
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

    def _chosen(self, only: Collection[str] | None) -> list[Item]:
        active = [item for item in self._items if item.active]
        if only is None:
            return active
        known = {item.name for item in active}
        for name in only:
            if name not in known:
                raise ListError(name, f"not an enabled list; there are {', '.join(sorted(known))}")
        return [item for item in active if item.name in only]

    def _due(self) -> list[Item]:
        now, interval_s = self._now(), self._wanted.update_interval
        return [item for item in self._items if item.active and item.is_due(now, interval_s)]

    def _load_own_rules(self) -> None:
        self._own_rules, self._own_problems = _own_rules(self._wanted)

    def _load_item(self, item: Item) -> bool:
        """Take over what is on the disk and was not yet; whether it was newly mapped."""
        state = self._store.read(item.id) if item.active else None
        if state is None or state == item.committed:
            return False
        item.remember(state)
        if not state.compiled or item.current:
            return False
        try:
            item.use(map_compiled(self._store, item, state), state)
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
        return [item for item in self._items if self._load_item(item)]

    def _sweep(self) -> None:
        self._store.sweep({item.id for item in self._items}, self._now())

    def _publish(self) -> None:
        self._on_change(self.lists)


def _own_rules(wanted: Wanted) -> tuple[CompiledList | None, list[str]]:
    """The rules of the settings, compiled, and what is wrong with them."""
    if not wanted.rules:
        return None, []
    own = CompiledList.from_rules(OWN_RULES, "block", wanted.rules)
    return own, [
        f"filtering.rules: {sample.text!r} is not in use: {sample.reason}"
        for sample in own.report.samples
    ]


def _items(wanted: Wanted, known: Mapping[WantedList, Item] | None = None) -> list[Item]:
    """The lists in their order; of enabled ones that share address and kind, the first counts.

    The item of a list that is `known`, as it is wanted now, stays the same.
    """
    items: list[Item] = []
    seen: dict[str, str] = {}
    for entry in wanted.lists:
        item = (known or {}).get(entry) or Item(entry)
        item.same_as = None
        if entry.enabled:
            item.same_as = seen.get(item.id)
            seen.setdefault(item.id, entry.name)
        items.append(item)
    return items
