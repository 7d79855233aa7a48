"""Counts of keys of which the largest is known at any time, however many there are."""

from __future__ import annotations

from typing import Generic, TypeVar

Key = TypeVar("Key")


class Tally(Generic[Key]):
    """How often each key was added; `most` is the largest count, 0 where there is no key.

    Adding, removing and asking take the same time with one key and with thousands.
    """

    __slots__ = ("_by_count", "counts", "most")

    def __init__(self) -> None:
        self.most = 0
        self.counts: dict[Key, int] = {}
        self._by_count: dict[int, dict[Key, None]] = {}

    def __getitem__(self, key: Key) -> int:
        """How often a key was added; 0 for one that is not there."""
        return self.counts.get(key, 0)

    @property
    def largest(self) -> Key:
        """A key with the largest count; KeyError where there is none."""
        return next(iter(self._by_count[self.most]))

    def add(self, key: Key) -> None:
        """Count it once more."""
        count = self.counts.get(key, 0)
        self._move(key, count, count + 1)
        if count == self.most:
            self.most = count + 1

    def remove(self, key: Key) -> None:
        """Count it once less; KeyError where it was not counted."""
        count = self.counts[key]
        self._move(key, count, count - 1)
        if count not in self._by_count and count == self.most:
            self.most = count - 1

    def _move(self, key: Key, before: int, after: int) -> None:
        if before:
            same = self._by_count[before]
            del same[key]
            if not same:
                del self._by_count[before]
        if after:
            self.counts[key] = after
            self._by_count.setdefault(after, {})[key] = None
        else:
            del self.counts[key]
