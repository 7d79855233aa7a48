"""Counts that go on: over restarts that write them down, and over parts that were replaced.

A counter that goes down is taken for one that began anew by whoever reads metrics; one that comes
back a little smaller, for as many events as it says. So what is written down is used once only: a
server that was killed begins at 0, as all expect of it, and never a little below where it was.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from sinkhole.model.errors import StorageError

MOST_COUNTERS: Final = 10_000
"""Counters that are known; a new one beyond is as it is."""

Labels = Mapping[str, str]


class Carried:
    """What each counter is ahead of the part that counts, by name and labels."""

    def __init__(self) -> None:
        self._ahead: dict[str, float] = {}
        self._last: dict[str, float] = {}

    def total(self, name: str, labels: Labels, count: float) -> float:
        """The value of a counter of which a part has counted so much; it never goes down."""
        key = json.dumps([name, labels], sort_keys=True)
        last = self._last.get(key)
        if last is None and len(self._last) >= MOST_COUNTERS:
            return count
        if last is not None and count < last:  # another part counts in its place
            self._ahead[key] = self._ahead.get(key, 0.0) + last
        self._last[key] = count
        return self._ahead.get(key, 0.0) + count

    def dumped(self) -> str:
        """All totals as text, for `restore` in the next run."""
        return json.dumps({key: self._ahead.get(key, 0.0) + n for key, n in self._last.items()})

    def restore(self, text: str) -> None:
        """Go on from what another run had; StorageError for what is no such text."""
        try:
            found = json.loads(text)
            ahead = {str(key): float(number) for key, number in found.items()}
        except (ValueError, TypeError, AttributeError) as error:
            raise StorageError("the counters that were written down can't be read") from error
        self._ahead = dict(list(ahead.items())[:MOST_COUNTERS])
