"""Where queries that come by connections enter: what holds for all of these transports alike.

A listener only frames: it makes queries of bytes, and bytes of replies. What it does with the Door:

 1. A client connects. `Arrival` finds out whose connection it is, turns strangers away, and makes
    the listener's object for it (`places.PlaceHolder`), over TLS when the handshake is done
    (`tls`). That has `client`, from `door.client_at(address, channel)`, and `channel`.
    `door.admit(holder)` says whether it may stay; if not, abort. The Door may call its `close` at
    any time. Who listens by other means (QUIC) asks `door.lets_in(client, channel, now)` before a
    handshake, and holds a place of `door.handshakes.places` during it.
 2. Queries arrive. `arrived = time.monotonic()` once for all that one wake-up brings, then for
    each `door.serve(wire, packed, channel, arrived, reply)`. `reply` is called once with the
    answer, often before `serve` returns; where `serve` returns False it never is, and the
    listener ends what stands for this query (the connection, the stream; 400 over HTTP).
    `door.touched(holder)` tells that the connection is in use.
 3. What came with this wake-up is answered as far as it can be: `door.close_batch(channel,
    arrived)`, whose records become one batch of the log.
 4. The connection is gone, whoever ended it: `door.leave(holder)`.

What a listener still has to bound itself is what only it can see: queries of one connection that
wait or that it may send at all, the time for one message, replies that nobody reads. Where a bug
would leave a connection open that nobody knows of, it works `with door.guarding(transport)`.

At the end listeners stop taking connections, then the Door's `close` waits for what is underway.

UDP comes in by itself (`udp`), in batches, with a waiting room of its own for each socket: nothing
that passes here takes room that UDP needs. TCP has places of its own, too, as UDP sends clients
there.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from sinkhole.dns.clients.clients import Client
from sinkhole.dns.filter.language.line import Network
from sinkhole.dns.filter.networks import Networks
from sinkhole.dns.pipeline.channel import Channel
from sinkhole.dns.pipeline.pipeline import Pipeline
from sinkhole.dns.pipeline.reaction import DROP, Reaction
from sinkhole.dns.server.handshakes import MAX_HANDSHAKES, Handshakes
from sinkhole.dns.server.places import MAX_CONNECTIONS, PlaceHolder, Places
from sinkhole.dns.server.waiting_room import WaitingRoom
from sinkhole.dns.wire.padding import padded, wants_padding


class Door:
    """What all connections share: a waiting room, places by network, a guard against bugs.

    `most` connections are held over TCP, and twice as many over all encrypted transports together:
    devices that use one keep theirs while they are idle.
    `proxies` are the networks of those that are believed whose queries they bring.
    """

    def __init__(
        self, pipeline: Pipeline, most: int = MAX_CONNECTIONS, proxies: Iterable[Network] = ()
    ) -> None:
        self.room = WaitingRoom()
        self.plain = Places(most)
        self.encrypted = Places(2 * most)
        self.handshakes = Handshakes(pipeline.bugs, most)
        self._pipeline = pipeline
        self.trust(proxies)

    def trust(self, proxies: Iterable[Network]) -> None:
        """Believe these proxies whose queries they bring, and nobody else, from now on."""
        self._proxies = Networks((each, True) for each in proxies)

    def hold(self, most: int) -> None:
        """Hold so many connections from now on; those there are stay."""
        self.plain.hold(most)
        self.encrypted.hold(2 * most)
        self.handshakes.places.hold(min(most, MAX_HANDSHAKES))

    # ---- connections -------------------------------------------------------------------------

    def client_at(self, packed: bytes, channel: Channel) -> Client:
        """The client at an address of 4 or 16 bytes; ask anew for each query, or let `serve`."""
        if channel.client_id:
            return self._pipeline.clients.identified(packed, channel.client_id)
        return self._pipeline.clients.of(packed)

    def is_proxy(self, packed: bytes) -> bool:
        """Whether an address is believed whose queries it brings."""
        return any(self._proxies.of(packed))

    def lets_in(self, client: Client, channel: Channel, now: float) -> bool:
        """Whether somebody may ask; who may not is told nothing, which is recorded.

        So a stranger's connections and messages do not cost what the household's do.
        """
        if client.allowed:
            return True
        self._pipeline.turn_away(client, now)
        self._pipeline.close_batch(channel, now)
        return False

    def admit(self, holder: PlaceHolder) -> bool:
        """Give a connection a place among those of its kind, until `leave`; False if none is left.

        It may be that of another one, which is closed.
        """
        return self._places(holder).admit(holder)

    @contextlib.contextmanager
    def guarding(self, transport: asyncio.BaseTransport | PlaceHolder) -> Iterator[None]:
        """Take note of a bug that is met within, and end the connection."""
        try:
            yield
        except Exception as error:
            self._pipeline.bugs.meet(error)
            transport.abort() if isinstance(transport, asyncio.Transport) else transport.close()

    def touched(self, holder: PlaceHolder) -> None:
        """Take note that a connection is in use: of those idle, others are closed first."""
        self._places(holder).touched(holder)

    def leave(self, holder: PlaceHolder) -> None:
        """Give the place of a connection back, if it is still held."""
        self._places(holder).leave(holder)

    def make_room(self) -> None:
        """Close a connection that can be spared, as descriptors have run out."""
        for places in (self.handshakes.places, self.plain, self.encrypted):
            if places.make_room():
                return

    def _places(self, holder: PlaceHolder) -> Places:
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
        if channel.encrypted and wants_padding(wire):
            reply = partial(_padded, reply)
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
        for places in (self.handshakes.places, self.plain, self.encrypted):
            places.close()

    def _answered(self, reply: Callable[[bytes], None], answer: bytes) -> None:
        self.room.leave()
        reply(answer)


def _padded(reply: Callable[[bytes], None], answer: bytes) -> None:
    reply(padded(answer))


def packed_address(peer: tuple[str, int] | tuple[str, int, int, int]) -> bytes:
    """The 4 or 16 bytes of a socket address; a scope behind % is not part of it."""
    family = socket.AF_INET6 if len(peer) == 4 else socket.AF_INET
    return socket.inet_pton(family, peer[0].partition("%")[0])
