"""The UDP listener: wakes once for a whole batch of datagrams.

asyncio's own datagram endpoint runs one callback a datagram, which costs five to eight times as
much as answering it. Here one callback takes a batch (`mmsg`), and where that is not to be had,
drains the socket one by one. At most one batch is served before other work gets its turn; the
event loop comes straight back if more is waiting.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import time
from functools import partial
from math import inf
from typing import Any, Final

from sinkhole.dns.pipeline.pipeline import Pipeline
from sinkhole.dns.pipeline.reaction import DROP, UDP, Reaction
from sinkhole.dns.server import mmsg
from sinkhole.dns.server.sockets import Bound

log = logging.getLogger(__name__)

MAX_WAITING: Final = 2000
"""Queries waiting for upstreams on one listener; more are dropped and counted."""


class UdpListener:
    """Serves one UDP socket from construction until `close`."""

    def __init__(self, bound: Bound, pipeline: Pipeline, *, batched: bool | None = None) -> None:
        """`batched` None means: where the platform can."""
        self.overloaded = 0
        """Queries dropped because MAX_WAITING others were waiting."""
        self.unsent = 0
        """Replies the kernel did not take: no route, or a full buffer. The client asks again."""
        self._waiting = 0
        self._outbox: list[tuple[bytes, mmsg.Path]] = []
        self._calm = asyncio.Event()
        self._is_closed = False
        self._warned = -inf
        self._bound = bound
        self._pipeline = pipeline
        self._loop = asyncio.get_running_loop()
        if mmsg.is_available() if batched is None else batched:
            self._batch = mmsg.Mmsg(bound.sock, pktinfo=bound.pktinfo)
            self._loop.add_reader(bound.sock, self._serve_batch)
        else:
            self._loop.add_reader(bound.sock, self._serve_one_by_one)

    async def close(self, patience_s: float = 0.0) -> None:
        """Stop listening, give queries that wait `patience_s` to be answered, close the socket."""
        self._loop.remove_reader(self._bound.sock)
        if self._waiting and patience_s > 0:
            self._calm.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience_s):
                    await self._calm.wait()
        self._flush()
        self._is_closed = True
        self._bound.sock.close()

    def _serve_batch(self) -> None:
        arrived = time.monotonic()
        pipeline = self._pipeline
        later: list[tuple[Any, mmsg.Path]]
        try:
            later, unsent = self._batch.serve(
                pipeline.clients.of, pipeline.answer_now, pipeline.answer_bug, UDP, arrived
            )
        except OSError as error:
            self._warn(error, arrived)
            return
        self.unsent += unsent
        pipeline.close_batch(arrived)
        for reaction, path in later:
            if reaction is not DROP and self._may_wait():
                pipeline.answer_then(reaction, partial(self._put, path))

    def _may_wait(self) -> bool:
        if self._waiting >= MAX_WAITING:
            self.overloaded += 1
            return False
        self._waiting += 1
        return True

    def _put(self, path: mmsg.Path, reply: bytes) -> None:
        """Send a reply at the end of this turn of the event loop, with all others of the turn.

        Upstreams' answers come in bursts as queries do: one system call for all of a burst.
        """
        self._no_longer_waiting()
        self._outbox.append((reply, path))
        if len(self._outbox) == 1:
            self._loop.call_soon(self._flush)

    def _no_longer_waiting(self) -> None:
        self._waiting -= 1
        if not self._waiting:
            self._calm.set()

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
            packed = _packed(peer, sock.family)
            reaction: Reaction
            try:
                reaction = pipeline.answer_now(wire, pipeline.clients.of(packed), UDP, arrived)
            except Exception as error:
                reaction = pipeline.answer_bug(wire, packed, error)
            if isinstance(reaction, bytes):
                self._send(reaction, control, peer)
            elif reaction is not DROP and self._may_wait():
                pipeline.answer_then(reaction, partial(self._put_one, control, peer))
        pipeline.close_batch(arrived)

    def _put_one(self, control: list[Any], peer: Any, reply: bytes) -> None:
        self._no_longer_waiting()
        if not self._is_closed:
            self._send(reply, control, peer)

    def _send(self, reply: bytes, control: list[Any], peer: Any) -> None:
        try:
            self._bound.sock.sendmsg([reply], control, 0, peer)
        except OSError:  # no route or a full buffer: the client will ask again
            self.unsent += 1


def _packed(peer: Any, family: socket.AddressFamily) -> bytes:
    """The packed address of a socket address; a scope behind % is not part of it."""
    return socket.inet_pton(family, peer[0].partition("%")[0])
