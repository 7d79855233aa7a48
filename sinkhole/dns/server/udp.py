"""The UDP listener: wakes once for a whole batch of datagrams.

asyncio's own datagram endpoint runs one callback a datagram, which costs five to eight times as
much as answering it. Here one callback takes a batch (`mmsg`), and where that is not to be had,
drains the socket one by one. At most one batch is served before other work gets its turn; the
event loop comes straight back if more is waiting.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable
from functools import partial
from math import inf
from typing import Any

from sinkhole.dns.clients.clients import Client
from sinkhole.dns.filter.language.line import Network
from sinkhole.dns.filter.networks import Networks
from sinkhole.dns.pipeline.channel import UDP, Channel
from sinkhole.dns.pipeline.pipeline import Pipeline
from sinkhole.dns.pipeline.reaction import DROP, Reaction
from sinkhole.dns.server import mmsg
from sinkhole.dns.server.door import packed_address
from sinkhole.dns.server.proxy_protocol import read_proxy_header
from sinkhole.dns.server.sockets import Bound
from sinkhole.dns.server.waiting_room import WaitingRoom
from sinkhole.model.errors import WireError

log = logging.getLogger(__name__)


class UdpListener:
    """Serves one UDP socket from construction until `close`."""

    def __init__(
        self,
        bound: Bound,
        pipeline: Pipeline,
        *,
        batched: bool | None = None,
        proxies: Iterable[Network] = (),
    ) -> None:
        """`batched` None means: where the platform can. `proxies` say whose queries they bring."""
        self.room = WaitingRoom()
        self.unsent = 0
        """Replies the kernel did not take: no route, or a full buffer. The client asks again."""
        self._outbox: list[tuple[bytes, mmsg.Path]] = []
        self._is_closed = False
        self._warned = -inf
        self._bound = bound
        self._pipeline = pipeline
        self._loop = asyncio.get_running_loop()
        self._serve = self._serve_one_by_one
        if mmsg.is_available() if batched is None else batched:
            self._batch = mmsg.Mmsg(bound.sock, pktinfo=bound.pktinfo)
            self._serve = self._serve_batch
        self.trust(proxies)
        self.resume()

    def trust(self, proxies: Iterable[Network]) -> None:
        """Believe these proxies whose queries they bring, and nobody else, from now on."""
        proxies = tuple(proxies)
        self._proxies = Networks((each, True) for each in proxies)
        self._react = self._react_to_proxies if proxies else self._pipeline.answer_now

    def resume(self) -> None:
        """Take queries."""
        self._loop.add_reader(self._bound.sock, self._serve)

    def rest(self) -> None:
        """Take what waits, and then nothing until `resume`."""
        self._serve()
        self._loop.remove_reader(self._bound.sock)

    async def close(self, patience_s: float = 0.0) -> None:
        """Stop listening, give queries that wait `patience_s` to be answered, close the socket."""
        self._loop.remove_reader(self._bound.sock)
        await self.room.empty(patience_s)
        self._flush()
        self._is_closed = True
        self._bound.sock.close()

    def _serve_batch(self) -> None:
        arrived = time.monotonic()
        pipeline = self._pipeline
        later: list[tuple[Any, mmsg.Path]]
        try:
            later, unsent = self._batch.serve(
                pipeline.clients.of, self._react, pipeline.answer_bug, UDP, arrived
            )
        except OSError as error:
            self._warn(error, arrived)
            return
        self.unsent += unsent
        pipeline.close_batch(UDP, arrived)
        for reaction, path in later:
            if reaction is not DROP and self.room.enter():
                pipeline.answer_then(reaction, partial(self._put, path))

    def _react_to_proxies(
        self, wire: bytes, client: Client, channel: Channel, now: float
    ) -> Reaction:
        """`answer_now` for the client that a proxy names; who brings no header is no proxy."""
        pipeline = self._pipeline
        if not any(self._proxies.of(client.packed)):
            return pipeline.answer_now(wire, client, channel, now)
        try:
            header = read_proxy_header(wire)
        except WireError:
            header = None
        if header is None:
            pipeline.dropped += 1
            return DROP
        packed, query = header.source or client.packed, wire[header.size :]
        try:
            return pipeline.answer_now(query, pipeline.clients.of(packed), channel, now)
        except Exception as error:
            return pipeline.answer_bug(query, packed, error)

    def _put(self, path: mmsg.Path, reply: bytes) -> None:
        """Send a reply at the end of this turn of the event loop, with all others of the turn.

        Upstreams' answers come in bursts as queries do: one system call for all of a burst.
        """
        self.room.leave()
        self._outbox.append((reply, path))
        if len(self._outbox) == 1:
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        outbox, self._outbox = self._outbox, []
        if self._is_closed:
            return
        for start in range(0, len(outbox), mmsg.BATCH):
            self.unsent += self._batch.send_later(outbox[start : start + mmsg.BATCH])

    def _warn(self, error: OSError, now: float) -> None:
        """Say once a minute that the kernel gives us no datagrams; there may be many failures."""
        if now - self._warned >= 60:
            self._warned = now
            log.warning("receiving on %s:%d failed: %s", self._bound.host, self._bound.port, error)

    # ---- without recvmmsg --------------------------------------------------------------------

    def _serve_one_by_one(self) -> None:
        arrived = time.monotonic()
        sock, pipeline = self._bound.sock, self._pipeline
        for _ in range(mmsg.BATCH):
            try:
                wire, control, _, peer = sock.recvmsg(mmsg.QUERY_SIZE, 64)
            except (BlockingIOError, InterruptedError):
                break
            except OSError as error:
                self._warn(error, arrived)
                break
            packed = packed_address(peer)
            reaction: Reaction
            try:
                reaction = self._react(wire, pipeline.clients.of(packed), UDP, arrived)
            except Exception as error:
                reaction = pipeline.answer_bug(wire, packed, error)
            if isinstance(reaction, bytes):
                self._send(reaction, control, peer)
            elif reaction is not DROP and self.room.enter():
                pipeline.answer_then(reaction, partial(self._put_one, control, peer))
        pipeline.close_batch(UDP, arrived)

    def _put_one(self, control: list[Any], peer: Any, reply: bytes) -> None:
        self.room.leave()
        if not self._is_closed:
            self._send(reply, control, peer)

    def _send(self, reply: bytes, control: list[Any], peer: Any) -> None:
        try:
            self._bound.sock.sendmsg([reply], control, 0, peer)
        except OSError:  # no route or a full buffer: the client will ask again
            self.unsent += 1
