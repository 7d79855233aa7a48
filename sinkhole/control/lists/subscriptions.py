"""Which lists there are: those of the settings, then those added by command."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import chain
from urllib.parse import urlsplit

from sinkhole.control.lists.added import AddedList, AddedLists
from sinkhole.control.lists.item import Item
from sinkhole.control.lists.wanted import Wanted, WantedList
from sinkhole.model.errors import ListError, StorageError


class Roster:
    """One `Item` for each list, in order. An item stays the same object while its list stays."""

    def __init__(self, wanted: Wanted, added: AddedLists) -> None:
        self._wanted = wanted
        self._added = added
        self._seen: object = ()
        self.items: list[Item] = []
        self.problems: list[str] = []
        self.refresh()

    def refresh(self) -> bool:
        """Take over what was added or removed since; whether anything was. Looks at one file."""
        signature = self._added.signature()
        if signature == self._seen:
            return False
        self._seen = signature
        self.problems = []
        try:
            added = self._added.read()
        except StorageError as error:  # what was read before stays
            self.problems = [str(error)]
            added = tuple(item.wanted for item in self.items if isinstance(item.wanted, AddedList))
        return self._arrange(self._without_taken_names(added))

    def use(self, wanted: Wanted) -> None:
        """Go over to other settings; the items of lists that are wanted as before stay the same."""
        self._wanted, self._seen = wanted, ()
        self.refresh()

    def is_added(self, item: Item) -> bool:
        """Whether a list was added by command."""
        return isinstance(item.wanted, AddedList)

    def find(self, name: str) -> Item:
        """The enabled list of a name; ListError when there is none."""
        return self.choose([name])[0]

    def choose(self, only: Collection[str] | None) -> list[Item]:
        """All enabled lists, or those called `only`; ListError for a name that is none."""
        active = [item for item in self.items if item.active]
        if only is None:
            return active
        known = {item.name for item in active}
        for name in only:
            if name not in known:
                there = ", ".join(sorted(known)) or "none"
                raise ListError(name, f"not an enabled list; there are {there}")
        return [item for item in active if item.name in only]

    def hosts(self) -> set[str]:
        """The names of the hosts that lists come from, where redirects led to included."""
        addresses = chain.from_iterable(
            (item.wanted.url, item.state.answered_by) for item in self.items if item.active
        )
        return {host for address in addresses if (host := _host(address))}

    def _without_taken_names(self, added: Iterable[AddedList]) -> list[AddedList]:
        taken = {entry.name.casefold() for entry in self._wanted.lists}
        free = []
        for entry in added:
            if entry.name.casefold() in taken:
                self.problems.append(
                    f"the list {entry.name!r} that was added by command is not in use: the "
                    "settings file has a list of that name; `sinkhole lists remove` removes it"
                )
            else:
                free.append(entry)
        return free

    def _arrange(self, added: list[AddedList]) -> bool:
        """Make the items anew, keeping those whose list is unchanged; whether any differs."""
        old = {_key(item.wanted): item for item in self.items}
        before = self.items
        self.items = []
        seen: dict[str, str] = {}
        for entry in (*self._wanted.lists, *added):
            item = old.get(_key(entry)) or Item(entry)
            item.same_as = None
            if entry.enabled:  # of enabled ones that share address and kind, the first counts
                item.same_as = seen.get(item.id)
                seen.setdefault(item.id, entry.name)
            self.items.append(item)
        return [id(item) for item in before] != [id(item) for item in self.items]


def _key(entry: WantedList) -> tuple[str, str, str, bool, bool]:
    return entry.name, entry.url, entry.kind, entry.enabled, isinstance(entry, AddedList)


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
