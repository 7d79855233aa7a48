"""Every Ready by question, bounded by bytes.

Eviction is second-chance FIFO: a hit only sets a flag on the Ready, and an entry that was used
since it was last looked at goes to the back of the queue instead of out. That keeps what is
asked often as well as LRU does, without moving anything on the hot path.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from sinkhole.dns.cache.ready import Ready
from sinkhole.dns.wire import numbers as n
from sinkhole.dns.wire.question import HIDDEN

TAG_SIZE: Final = 4
"""Bytes of a tag, with which keys end. All of one length, or a byte behind a query could pass for
another tag."""

NO_TAG: Final = bytes(TAG_SIZE)
"""The tag of clients whom nothing tells from others."""

SHARED_TAG: Final = b"\xff" + bytes(TAG_SIZE - 1)
"""The tag of nobody: what upstreams said to any client. Another number behind the first byte says
of which upstream set, where that are not the usual ones."""

_EVERY_TYPE: Final = 1 << 3
"""The bit of a key's flags that no question has: what stands there is about the name itself."""


class Table:
    """Ready replies by key; `entries.get` is the hot path's look-up and costs 50 ns.

    A key is the lower-cased wire name, `Shape.key` and the tag of the client, joined. NXDOMAIN of
    an upstream stands under a second key, too: that of the name, whatever the type; and where not
    all clients are alike, what is for everybody under `shared_key`.
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

    def put_answer(self, key: bytes, name_size: int, ready: Ready) -> None:
        """Keep what became of an upstream's answer, for every type of the name if that says
        NXDOMAIN; the key begins with `name_size` bytes of name.

        NXDOMAIN is about the name and class (RFC 2308 §5), and about nothing below it, as nobody
        validated it (RFC 8020 §2). Behind a CNAME it is about another name (RFC 2308 §2.1). A name
        that has records of any type is no longer missing.
        """
        self.put(key, ready)
        of_name, answer = _of_name(key, name_size), ready.answer
        if answer and answer.rcode == n.Rcode.NXDOMAIN and not answer.tail.counts[0]:
            self.put(of_name, ready)
        else:
            self.forget(of_name)

    def no_such_name(
        self, key: bytes, name_size: int, now: float, tags: Iterable[bytes] = ()
    ) -> Ready | None:
        """What says NXDOMAIN about the name in a key, still in its time, whatever type it came for;
        where the key knows nothing, under others of these tags.

        Of the same DO and CD, so that its proofs are there; under whatever policy it was judged.
        """
        of_name = _of_name(key, name_size)
        ready = self.entries.get(of_name)
        for tag in tags if ready is None else ():
            ready = ready or self.entries.get(shared_key(of_name, name_size, tag))
        if ready is None or ready.answer is None or now >= ready.answer.expires:
            return None
        return ready

    def forget(self, key: bytes) -> bool:
        """Forget what stands under a key; whether anything did."""
        old = self.entries.pop(key, None)
        if old is not None:
            self.size_bytes -= old.weight
        return old is not None

    def clear(self) -> None:
        """Forget everything."""
        self.entries.clear()
        self.size_bytes = 0

    def forget_oldest(self, most: int) -> None:
        """Forget so many entries, those that came first."""
        for _ in range(min(most, len(self.entries))):
            _, ready = self.entries.popitem(last=False)
            self.size_bytes -= ready.weight

    def approach(self, limit_bytes: int, steps: int) -> bool:
        """Go towards another limit, past so many entries at most; whether it is reached.

        Meanwhile the limit is what is there, so that no `put` has to evict all the rest at once.
        """
        for _ in range(steps):
            if self.size_bytes <= limit_bytes or len(self.entries) <= 1:
                break
            key, ready = self.entries.popitem(last=False)
            if ready.used:
                ready.used = False
                self.entries[key] = ready
            else:
                self.size_bytes -= ready.weight
                self.evicted += 1
        is_reached = self.size_bytes <= limit_bytes or len(self.entries) <= 1
        self.limit_bytes = limit_bytes if is_reached else self.size_bytes
        return is_reached

    def _evict_one(self) -> None:
        key, ready = self.entries.popitem(last=False)
        while ready.used:
            ready.used = False
            self.entries[key] = ready
            key, ready = self.entries.popitem(last=False)
        self.size_bytes -= ready.weight
        self.evicted += 1


def shared_key(key: bytes, name_size: int, tag: bytes) -> bytes:
    """The key of what is for everybody, whoever they are and wherever: with the tag of nobody, and
    whether or not a client wants to be told of. The key begins with `name_size` bytes of name."""
    flags_at = name_size + 2
    if not key[flags_at] & HIDDEN:  # nearly every one
        return key[:-TAG_SIZE] + tag
    flags = bytes((key[flags_at] & ~HIDDEN,))
    return key[:flags_at] + flags + key[flags_at + 1 : -TAG_SIZE] + tag


def is_for_everybody(key: bytes) -> bool:
    """Whether what stands under a key is of use to clients of any class."""
    tag = key[-TAG_SIZE:]
    return tag == NO_TAG or tag[0] == SHARED_TAG[0]


def _of_name(key: bytes, name_size: int) -> bytes:
    """The key of a name whatever the type: type 0, DO and CD and the tag as in the given key."""
    flags = key[name_size + 2] | _EVERY_TYPE
    return key[:name_size] + b"\0\0" + bytes((flags,)) + key[name_size + 3 :]
