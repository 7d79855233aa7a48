"""Queries of one QUIC connection: so many at once, the others wait for their turn.

Over TCP reading pauses where too many wait for upstreams. Streams of QUIC cannot be paused alone,
and are small: so their queries are kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

from sinkhole.dns.pipeline.channel import Channel
from sinkhole.dns.server.door import Door
from sinkhole.dns.server.stream import MAX_IN_FLIGHT

MAX_KEPT: Final = 100
"""Queries that wait for their turn; the library lets clients have so many streams open."""


class Query(NamedTuple):
    """One query: its bytes, whose it is, how it came; `answer` is told the reply, None for none."""

    wire: bytes
    packed: bytes
    channel: Channel
    answer: Callable[[bytes | None], None]


class Queries:
    """Those of one connection, each known by its stream."""

    def __init__(self, door: Door) -> None:
        self.count = 0
        """How many there were."""
        self._door = door
        self._kept: dict[int, Query] = {}
        self._underway: dict[int, Query] = {}
        self._in_flight = 0
        self._is_serving = False

    def put(self, stream: int, query: Query, arrived: float) -> bool:
        """Have a query answered, now or in its turn; False if too many are waiting for theirs."""
        if len(self._kept) >= MAX_KEPT:
            return False
        self.count += 1
        self._kept[stream] = query
        self._serve(arrived)
        return True

    def forget(self, stream: int) -> None:
        """Nobody wants the answer any more; where it is being looked for, it stays in flight."""
        self._kept.pop(stream, None)
        self._underway.pop(stream, None)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is waited for."""
        return not self._in_flight and not self._kept

    def _serve(self, arrived: float) -> None:
        if self._is_serving:  # an answer that came at once
            return
        self._is_serving = True
        while self._kept and self._in_flight < MAX_IN_FLIGHT:
            stream = next(iter(self._kept))
            query = self._underway[stream] = self._kept.pop(stream)
            self._in_flight += 1
            answered = partial(self._answered, stream, query)
            if not self._door.serve(query.wire, query.packed, query.channel, arrived, answered):
                self._answered(stream, query, None)
        self._is_serving = False

    def _answered(self, stream: int, query: Query, reply: bytes | None) -> None:
        self._in_flight -= 1
        if self._underway.get(stream) is query:
            del self._underway[stream]
            query.answer(reply)
        if self._kept and not self._is_serving:
            arrived = time.monotonic()
            self._serve(arrived)
            self._door.close_batch(query.channel, arrived)
