"""Which lists there are: those of the settings."""

from __future__ import annotations

from collections.abc import Collection
from itertools import chain
from math import inf
from pathlib import Path
from urllib.parse import urlsplit

from sinkhole.control.lists.subscription import Subscription
from sinkhole.control.settings import FilteringSettings, ListSettings
from sinkhole.model.errors import ListError


class Subscriptions:
    """One `Subscription` for each list, in order: the same object while its list stays."""

    def __init__(self, settings: FilteringSettings) -> None:
        self.all: list[Subscription] = []
        self.apply(settings)

    def apply(self, settings: FilteringSettings) -> None:
        """Go over to other settings; the objects of lists that stay in them are the same."""
        old = {_key(each.settings): each for each in self.all}
        self.all = []
        seen: dict[str, str] = {}
        for entry in settings.lists:
            found = old.get(_key(entry)) or Subscription(entry)
            found.same_as = None
            if entry.enabled:  # of enabled ones that share address and kind, the first counts
                found.same_as = seen.get(found.id)
                seen.setdefault(found.id, entry.name)
            self.all.append(found)

    def find(self, name: str) -> Subscription:
        """The enabled list of a name; ListError when there is none."""
        return self.choose([name])[0]

    def choose(self, only: Collection[str] | None) -> list[Subscription]:
        """All enabled lists, or those called `only`; ListError for a name that is none."""
        active = [each for each in self.all if each.active]
        if only is None:
            return active
        known = {each.name for each in active}
        for name in only:
            if name not in known:
                there = ", ".join(sorted(known)) or "none"
                raise ListError(name, f"not an enabled list; there are {there}")
        return [each for each in active if each.name in only]

    def local_paths(self) -> list[Path]:
        """The files of this machine that lists are read from, whether they are there or not."""
        local = (each.local_path() for each in self.all if each.active and each.is_local)
        return [path for path in local if path is not None]

    def due(
        self, now: float, interval_s: float, underway: Collection[Subscription]
    ) -> tuple[list[Subscription], list[Subscription]]:
        """The lists whose source is to be looked at, and those that are only to be compiled.

        Without those `underway`. Looks at the times of local files, so it may wait.
        """
        free = [each for each in self.all if each.active and each not in underway]
        due = [each for each in free if _is_due(each, now, interval_s)]
        rest = (each for each in free if each not in due and each.wants_compiling)
        return due, [each for each in rest if each.restored != each.state.content_hash]

    def next_look(self, now: float, interval_s: float) -> float:
        """The wall-clock time at which the next list is due; inf for never."""
        return min((e.next_look(now, interval_s) for e in self.all if e.active), default=inf)

    def hosts(self) -> set[str]:
        """The names of the hosts that lists come from, where redirects led to included."""
        addresses = chain.from_iterable(
            (each.settings.url, each.state.answered_by) for each in self.all if each.active
        )
        return {host for address in addresses if (host := _host(address))}


def _key(entry: ListSettings) -> tuple[str, str, str, bool]:
    return entry.name, entry.url, entry.kind, entry.enabled


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _is_due(subscription: Subscription, now: float, interval_s: float) -> bool:
    try:
        return subscription.is_due(now, interval_s)
    except Exception as error:  # a bug with one list must not cost the others
        subscription.note_bug(error)
        return False
