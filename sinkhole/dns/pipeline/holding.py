"""Queries of new addresses: they wait a moment, until it is found out who asks.

The kernel looks for the MAC of an address when something is sent there, so the first query from a
new one is here before it is known whose it is. A device with temporary IPv6 addresses would be
nobody with each of them, and get by what applies to nobody what is refused to it. So `Facts.seek`
has the kernel look, and the query is answered when that is found out, or after `PATIENCE_S`: once
for an address.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum
from typing import Any, Final, NamedTuple, Protocol

from sinkhole.dns.clients.clients import Client, Clients
from sinkhole.dns.pipeline.bugs import servfail
from sinkhole.dns.pipeline.channel import Channel

PATIENCE_S: Final = 0.1
"""A device answers the kernel within some milliseconds, as it is awake: it has just asked."""

MOST_HELD: Final = 256
"""Queries that wait for that; beyond it, who asks is taken for nobody."""


class Held(NamedTuple):
    """A query whose client is not known yet."""

    query: bytes
    client: Client
    channel: Channel
    arrived: float


Send = Callable[[bytes], None]


class Answering(Protocol):
    """The pipeline, as far as queries that waited are concerned."""

    def answer_now(self, wire: bytes, client: Client, channel: Channel, now: float) -> Any:
        """See `Pipeline.answer_now`."""

    def answer_then(self, waiting: Any, send: Send) -> None:
        """See `Pipeline.answer_then`."""

    def answer_bug(self, wire: bytes, address: bytes, error: Exception) -> Any:
        """See `Pipeline.answer_bug`."""

    def close_batch(self, channel: Channel, arrived: float) -> None:
        """See `Pipeline.close_batch`."""


class Holding:
    """What waits, by packed address."""

    def __init__(self, clients: Clients, pipeline: Answering) -> None:
        self._clients, self._pipeline = clients, pipeline
        self._held: dict[bytes, list[tuple[Held, Send]]] = {}
        self._count = 0

    def hold(self, held: Held, send: Callable[[bytes], None]) -> None:
        """Let a query wait; `send` is called once with its answer."""
        packed = held.client.packed
        if self._count >= MOST_HELD:
            self._clients.forget(packed)
            self._go_on(held, send)
            return
        if packed not in self._held:
            asyncio.get_running_loop().call_later(PATIENCE_S, self._give_up, packed)
        self._held.setdefault(packed, []).append((held, send))
        self._count += 1

    def learned(self, packed: bytes) -> None:
        """Find out anew who is at an address (4 or 16 bytes), as something was learned about it,
        and go on with the queries that wait for that."""
        self._clients.forget(packed)
        there = self._held.pop(packed, [])
        self._count -= len(there)
        for held, send in there:
            self._go_on(held, send)

    def _give_up(self, packed: bytes) -> None:
        if packed in self._held:
            self.learned(packed)

    def _go_on(self, held: Held, send: Send) -> None:
        """Answer a query for whoever it is known to be by now."""
        query, client, channel, arrived = held
        try:
            client = self._clients.again(client)
            reaction = self._pipeline.answer_now(query, client, channel, arrived)
        except Exception as error:
            reaction = self._pipeline.answer_bug(query, client.packed, error)
        self._pipeline.close_batch(channel, arrived)
        if isinstance(reaction, bytes):
            send(reaction)
        elif isinstance(reaction, Enum):  # DROP: its place has to be given back all the same
            send(servfail(query)[0])
        else:
            self._pipeline.answer_then(reaction, send)
