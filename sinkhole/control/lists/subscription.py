"""One list of the settings with all that is known about it while sinkhole runs."""

from __future__ import annotations

import random
from pathlib import Path

from sinkhole.control.lists import local
from sinkhole.control.lists.schedule import due_at
from sinkhole.control.lists.state import State
from sinkhole.control.lists.wanted import WantedList, list_id
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.model.errors import ListError


class Item:
    """What the settings want, what is remembered, and what is mapped.

    `state` is the newest knowledge, `committed` the part of it that is on the disk, where its
    files take `disk_bytes`. `compiled` stays the last good one whatever goes wrong. `tried` is the
    signature of a local file when it was last read.
    """

    def __init__(self, wanted: WantedList) -> None:
        self.wanted = wanted
        self.id = list_id(wanted.url, wanted.kind)
        self.same_as: str | None = None
        """The name of an earlier enabled list with the same address and kind."""
        self.state = State(url=wanted.url, kind=wanted.kind)
        self.committed: State | None = None
        self.compiled: CompiledList | None = None
        self.failures = 0
        self.disk_bytes = 0
        self.tried = ""
        self._digest = ""  # of the copy that `compiled` was made from
        self._spread = random.random()

    @property
    def name(self) -> str:
        """What the settings call it."""
        return self.wanted.name

    @property
    def active(self) -> bool:
        """Whether this list is to be loaded and updated."""
        return self.wanted.enabled and self.same_as is None

    @property
    def current(self) -> bool:
        """Whether what is mapped is what `state` speaks of."""
        return self.compiled is not None and self._digest == self.state.digest

    @property
    def settled(self) -> bool:
        """Whether all is well until the source says something new: in use, or held back."""
        return self.current or self.state.held is not None

    @property
    def names(self) -> int:
        """How many names are in use."""
        return self.compiled.names if self.compiled is not None else 0

    def use(self, compiled: CompiledList, state: State) -> None:
        """Map from here on what `state` speaks of; the list mapped before is only let go."""
        self.compiled, self._digest = compiled, state.digest

    def remember(self, state: State) -> None:
        """Take over a state that is on the disk.

        A failure counts as the first one, so that a start retries soon; without any good copy
        it does not count at all, so that a start retries at once.
        """
        self.state = self.committed = state
        self.failures = 1 if state.error and state.used else 0
        self.tried = state.etag

    def is_due(self, now: float, interval_s: float) -> bool:
        """Whether the source is to be looked at; looks at a local file's time, so it may wait."""
        if local.is_local(self.wanted.url):
            path = self.local_path()
            if path is not None and local.signature(path) != self.tried:
                return True
        checked = self.state.checked
        if checked is not None and checked > now:  # the clock was set back
            checked = None
        due = due_at(
            checked=checked,
            ready=self.settled,
            failures=self.failures,
            interval_s=interval_s,
            spread=self._spread,
        )
        return due <= now

    def local_path(self) -> Path | None:
        """Where the list's file is; None for an address that names no file of this machine."""
        try:
            return local.find(self.name, self.wanted.url)
        except ListError:
            return None
