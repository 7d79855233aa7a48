"""One list with all that is known about it while sinkhole runs, and when it is due."""

from __future__ import annotations

import asyncio
import logging
import math
import random
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import Final

from sinkhole.control.lists import local
from sinkhole.control.lists.state import SubscriptionState
from sinkhole.control.settings import ListSettings
from sinkhole.dns.filter.language.line import Kind
from sinkhole.dns.filter.language.reader import LANGUAGE_VERSION
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.model.errors import ListError

log = logging.getLogger(__name__)

FIRST_RETRY_S: Final = 60.0
LONGEST_RETRY_S: Final = 86_400.0


class Look(Enum):
    """How a list is looked at."""

    KEPT = "kept"
    """Only what is kept of it is compiled again, where that is wanted."""
    DUE = "due"
    """Its source, or what another sinkhole has found there lately."""
    ASKED = "asked"
    """Its source, as a person wants to know."""
    FORCED = "forced"
    """The same, without asking "only if changed", and in use whatever is held against it."""


class Subscription:
    """What the settings ask for, what is remembered, and what is mapped.

    `state` is the newest knowledge, `committed` the part of it that is on the disk, where its
    files take `disk_bytes`. `compiled` stays the last good one whatever goes wrong. `trouble` is
    why what is on the disk about it can't be taken for the whole truth, "" when it can. `tried` is
    the signature of a local file when it was last read, `restored` the content hash of what was
    last compiled again. `retry` asks for a look at once. `updating` is held by the one who looks at
    the source.
    """

    def __init__(self, settings: ListSettings) -> None:
        self.settings = settings
        self.id = settings.id
        self.same_as: str | None = None
        """The name of an earlier enabled list with the same address and kind."""
        self.state = SubscriptionState(url=settings.url, kind=settings.kind)
        self.committed: SubscriptionState | None = None
        self.trouble = ""
        self.compiled: CompiledList | None = None
        self.failures = 0
        self.disk_bytes = 0
        self.updating = asyncio.Lock()
        self.tried = ""
        self.restored = ""
        self.retry = False
        self._content_hash = ""  # of the copy that `compiled` was made from
        self._bug = ""
        self._spread = random.random()

    @property
    def name(self) -> str:
        """What the settings call it."""
        return self.settings.name

    @property
    def kind(self) -> Kind:
        """Whether its names are blocked or allowed."""
        return self.settings.kind

    @property
    def active(self) -> bool:
        """Whether this list is to be loaded and updated."""
        return self.settings.enabled and self.same_as is None

    @property
    def current(self) -> bool:
        """Whether what is mapped is what `state` speaks of."""
        return self.compiled is not None and self._content_hash == self.state.content_hash

    @property
    def settled(self) -> bool:
        """Whether all is well until the source says something new: in use, or held back."""
        return self.current or self.state.held is not None

    @property
    def wants_compiling(self) -> bool:
        """Whether the copy in use is to be compiled again: what was compiled of it can't be mapped,
        or was by another version of the rule language."""
        if self.state.used is None:
            return False
        return not self.current or self.language != LANGUAGE_VERSION

    @property
    def language(self) -> int:
        """The version of the rule language that compiled what is in use."""
        return self.compiled.language if self.compiled is not None else LANGUAGE_VERSION

    @property
    def names(self) -> int:
        """How many names are in use."""
        return self.compiled.names if self.compiled is not None else 0

    def use(self, compiled: CompiledList, state: SubscriptionState) -> None:
        """Map from here on what `state` speaks of; the list mapped before is only let go."""
        self.compiled, self._content_hash = compiled, state.content_hash

    def remember(self, state: SubscriptionState, trouble: str = "") -> None:
        """Take over a state that is on the disk, and what is wrong with it.

        A failure counts as the first one, so that a start retries soon; without any good copy
        it does not count at all, so that a start retries at once.
        """
        self.state = self.committed = state
        self.trouble = trouble
        self.failures = 1 if state.error and state.used else 0
        self.tried = state.etag

    def note_bug(self, error: Exception) -> None:
        """Make an error that nobody foresaw this list's own; it is logged once, with its trace."""
        told = f"unexpected error: {error!r}"
        if told != self._bug:
            log.error("list %s: unexpected error", self.name, exc_info=error)
        self._bug = told
        self.state = replace(self.state, error=told)

    def is_due(self, now: float, interval_s: float) -> bool:
        """Whether the source is to be looked at; looks at a local file's time, so it may wait."""
        if self.retry:
            return True
        if self.is_local:
            path = self.local_path()
            if path is not None and local.signature(path) != self.tried:
                return True
        return self.next_look(now, interval_s) <= now

    def next_look(self, now: float, interval_s: float) -> float:
        """The wall-clock time from which on it is due whatever its file says; inf for never."""
        checked = self.state.checked
        if checked is not None and checked > now:  # the clock was set back
            checked = None
        return due_at(
            checked=checked,
            ready=self.settled,
            failures=self.failures,
            interval_s=interval_s,
            spread=self._spread,
        )

    @property
    def is_local(self) -> bool:
        """Whether it is read from a file of this machine."""
        return local.is_local(self.settings.url)

    def local_path(self) -> Path | None:
        """Where the list's file is; None for an address that names no file of this machine."""
        try:
            return local.find(self.name, self.settings.url)
        except ListError:
            return None


def due_at(
    *, checked: float | None, ready: bool, failures: int, interval_s: float, spread: float
) -> float:
    """The wall-clock time from which on a list should be looked at again; inf for never.

    `checked` is the last look, None before the first. `failures` counts those in a row: each
    doubles the wait, from one minute up to the update interval (a day where that is 0, never
    update). A list that is not ready is due at once. `spread`, 0 to 1, moves either by
    up to 5 % to either side, so that lists and households do not all ask at the same moment.
    """
    if checked is None:
        return 0.0
    if failures:
        longest = interval_s or LONGEST_RETRY_S
        wait = min(longest, FIRST_RETRY_S * 2.0 ** min(failures - 1, 20))
        return checked + wait * (0.95 + 0.1 * spread)
    if not ready:
        return 0.0
    if not interval_s:
        return math.inf
    return checked + interval_s * (0.95 + 0.1 * spread)
