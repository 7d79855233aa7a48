"""Where queries that come by connections enter: what holds for all of these transports alike.

A listener only frames: it makes queries of bytes, and bytes of replies. What it does with the Door:

 1. A client connects. `door.admit(holder)` says whether it may stay; if not, abort. `holder` is
    the listener's object for the connection (`places.Holder`): it has `client`, from
    `door.client_at(address, channel)`, and `channel`. The Door may call its `close` at any time.
 2. Queries arrive. `arrived = time.monotonic()` once for all that one wake-up brings, then for
    each `door.serve(wire, packed, channel, arrived, reply)`. `reply` is called once with the
    answer, often before `serve` returns; where `serve` returns False it never is, and the
    listener ends what stands for this query (the connection, the stream; 400 over HTTP).
    `door.touched(holder)` tells that the connection is in use.
 3. What came with this wake-up is answered as far as it can be: `door.close_batch(channel,
    arrived)`, whose records become one batch of the log.
 4. The connection is gone, whoever ended it: `door.leave(holder)`.

What a listener still has to bound itself is what only it can see: queries of one connection that
wait or that it may send at all, the time for one message, replies that nobody reads. Bugs that are
raised in its own callbacks of the event loop it gives to `door.bugs.meet`.

At the end listeners stop taking connections, then the Door's `close` waits for what is underway.

UDP comes in by itself (`udp`), in batches, with a waiting room of its own for each socket: nothing
that passes here takes room that UDP needs. TCP has places of its own, too, as UDP sends clients
there.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from functools import partial
from typing import Final

from sinkhole.dns.clients.clients import Client
from sinkhole.dns.pipeline.channel import Channel
from sinkhole.dns.pipeline.pipeline import Pipeline
from sinkhole.dns.pipeline.reaction import DROP, Reaction
from sinkhole.dns.server.places import MAX_CONNECTIONS, Holder, Places
from sinkhole.dns.server.waiting_room import WaitingRoom


class Door:
    """What all connections share: a waiting room, places by network, a guard against bugs.

    `most` connections are held over TCP, and as many over all encrypted transports together.
    """

    def __init__(self, pipeline: Pipeline, most: int = MAX_CONNECTIONS) -> None:
        self.room = WaitingRoom()
        self.plain = Places(most)
        self.encrypted = Places(most)
        self.bugs: Final = pipeline.bugs
        self._pipeline = pipeline

    # ---- connections -------------------------------------------------------------------------

    def client_at(self, packed: bytes, channel: Channel) -> Client:
        """The client at an address of 4 or 16 bytes; ask anew for each query, or let `serve`."""
        return self._pipeline.clients.of(packed)

    def admit(self, holder: Holder, now: float) -> bool:
        """Whether a new connection may stay: it has a place then, until `leave`.

        Who may not ask is told nothing, which is recorded: a stranger's connections and messages
        must not cost what the household's do.
        """
        if not holder.client.allowed:
            self._pipeline.turn_away(holder.client, now)
            self._pipeline.close_batch(holder.channel, now)
            return False
        return self._places(holder).admit(holder)

    def touched(self, holder: Holder) -> None:
        """Take note that a connection is in use: of those idle, others are closed first."""
        self._places(holder).touched(holder)

    def leave(self, holder: Holder) -> None:
        """Give the place of a connection back, if it is still held."""
        self._places(holder).leave(holder)

    def make_room(self) -> None:
        """Close a connection that can be spared, as descriptors have run out."""
        if not self.plain.make_room():
            self.encrypted.make_room()

    def _places(self, holder: Holder) -> Places:
        return self.encrypted if holder.channel.encrypted else self.plain

    # ---- queries -----------------------------------------------------------------------------

    def serve(
        self,
        wire: bytes,
        packed: bytes,
        channel: Channel,
        arrived: float,
        reply: Callable[[bytes], None],
    ) -> bool:
        """Answer a query from an address: `reply` is called once with the answer, now or later.

        False, and `reply` is never called, for what is no query, and where too many wait. Never
        raises for any bytes.
        """
        reaction: Reaction
        try:
            client = self.client_at(packed, channel)  # anew, as it may have changed
            reaction = self._pipeline.answer_now(wire, client, channel, arrived)
        except Exception as error:
            reaction = self._pipeline.answer_bug(wire, packed, error)
        if isinstance(reaction, bytes):
            reply(reaction)
        elif reaction is DROP or not self.room.enter():
            return False
        else:
            self._pipeline.answer_then(reaction, partial(self._answered, reply))
        return True

    def close_batch(self, channel: Channel, arrived: float) -> None:
        """Record what was answered since `arrived`, when the listener was woken."""
        self._pipeline.close_batch(channel, arrived)

    async def close(self, patience_s: float = 0.0) -> None:
        """Give queries that wait `patience_s` to be answered, and close all connections.

        Nobody must be taking new ones.
        """
        await self.room.empty(patience_s)
        self.plain.close()
        self.encrypted.close()

    def _answered(self, reply: Callable[[bytes], None], answer: bytes) -> None:
        self.room.leave()
        reply(answer)


def packed_address(peer: tuple[str, int] | tuple[str, int, int, int]) -> bytes:
    """The 4 or 16 bytes of a socket address; a scope behind % is not part of it."""
    family = socket.AF_INET6 if len(peer) == 4 else socket.AF_INET
    return socket.inet_pton(family, peer[0].partition("%")[0])
