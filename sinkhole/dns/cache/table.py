"""Every Ready by question, bounded by bytes.

Eviction is second-chance FIFO: a hit only sets a flag on the Ready, and an entry that was used
since it was last looked at goes to the back of the queue instead of out. That keeps what is
asked often as well as LRU does, without moving anything on the hot path.
"""

from __future__ import annotations

from collections import OrderedDict

from sinkhole.dns.cache.ready import Ready


class Table:
    """Ready replies by key; `entries.get` is the hot path's look-up and costs 50 ns.

    A key is the lower-cased wire name, `Shape.key` and the tag of the client's group, joined.
    """

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.size_bytes = 0
        self.evicted = 0
        # An OrderedDict, as finding the oldest key of a plain dict walks over all deleted ones.
        self.entries: OrderedDict[bytes, Ready] = OrderedDict()

    def put(self, key: bytes, ready: Ready) -> None:
        """Keep a Ready, in place of what was there; evict others while over the limit.

        Cost is constant on average: each entry passed over has lost its `used` flag by it.
        """
        old = self.entries.pop(key, None)
        if old is not None:
            self.size_bytes -= old.weight
        # Weighed once: who is evicted was last used long ago, and reading all of it would be slow.
        ready.weight = len(key) + ready.size_bytes
        self.entries[key] = ready
        self.size_bytes += ready.weight
        while self.size_bytes > self.limit_bytes and len(self.entries) > 1:
            self._evict_one()

    def clear(self) -> None:
        """Forget everything."""
        self.entries.clear()
        self.size_bytes = 0

    def _evict_one(self) -> None:
        key, ready = self.entries.popitem(last=False)
        while ready.used:
            ready.used = False
            self.entries[key] = ready
            key, ready = self.entries.popitem(last=False)
        self.size_bytes -= ready.weight
        self.evicted += 1
