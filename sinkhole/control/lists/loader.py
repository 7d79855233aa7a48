"""Taking over what is on the disk: at a start, and when another process has committed something."""

from __future__ import annotations

import logging
from collections.abc import Callable

from sinkhole.control.lists.overlap import Overlap
from sinkhole.control.lists.quarantine import QuarantineCheck
from sinkhole.control.lists.recovery import recover
from sinkhole.control.lists.store import ListStore, map_version
from sinkhole.control.lists.subscription import Subscription
from sinkhole.control.lists.subscriptions import Subscriptions
from sinkhole.model.errors import ListError

log = logging.getLogger(__name__)


class Loader:
    """Loads lists, waiting for the disk; it changes nothing there. `check` makes a judge for what
    nobody has judged."""

    def __init__(
        self,
        store: ListStore,
        subscriptions: Subscriptions,
        overlap: Overlap,
        check: Callable[[], QuarantineCheck],
    ) -> None:
        self._store = store
        self._subscriptions = subscriptions
        self._overlap = overlap
        self._check = check

    def load_all(self) -> list[Subscription]:
        """Take over everything that is new; the lists that were newly mapped.

        An error with one list, foreseen or not, becomes the status of that one.
        """
        self._overlap.load()
        loaded = []
        for each in self._subscriptions.all:
            try:
                loaded += [each] if self._load(each) else []
            except Exception as error:  # a bug with one list must not cost the others
                each.note_bug(error)
        return loaded

    def _load(self, subscription: Subscription) -> bool:
        """Take over what is on the disk and was not yet; whether it was newly mapped."""
        if not subscription.active:
            return False
        state, trouble = self._store.read(subscription.id)
        if state is None:
            return bool(trouble) and self._recover(subscription, trouble)
        if state == subscription.committed:
            subscription.trouble = trouble  # which may be over
            return False
        subscription.remember(state, trouble)
        subscription.disk_bytes = self._store.size_bytes(state)
        if state.used is None or subscription.current:
            return False
        try:
            subscription.use(map_version(self._store, subscription, state.used), state)
        except ListError as error:
            log.warning("list %s: will be compiled again: %s", subscription.name, error.reason)
            return False
        return True

    def _recover(self, subscription: Subscription, trouble: str) -> bool:
        """Go on with what is there of a list whose status can't be read; as `_load`, but once.

        What is known of it already, from the time when its status could be read, stays.
        """
        is_new = not subscription.trouble
        subscription.trouble = trouble
        if not is_new or subscription.committed is not None:
            return False
        folder, check = self._store.folder, self._check()
        state, compiled = recover(
            folder, subscription.id, subscription.state, subscription.name, check
        )
        subscription.state = state
        subscription.disk_bytes = self._store.size_bytes(state)
        log.warning("list %s: %s; its files are used as they are", subscription.name, trouble)
        if compiled is not None:
            subscription.use(compiled, state)
        return compiled is not None
