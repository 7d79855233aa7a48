"""The UDP listener: wakes once for a whole batch of datagrams.

asyncio's own datagram endpoint runs one callback a datagram, which costs five to eight times as
much as answering it. Here one callback takes a batch (`mmsg`), and where that is not to be had,
drains the socket one by one. At most one batch is served before other work gets its turn; the
event loop comes straight back if more is waiting.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from math import inf
from typing import Any, Final

from sinkhole.pipeline import Pipeline
from sinkhole.reaction import DROP, UDP, Waiting
from sinkhole.server import mmsg
from sinkhole.server.sockets import Pair
from sinkhole.tasks import Tasks

log = logging.getLogger(__name__)

MAX_WAITING: Final = 2000
"""Queries waiting for upstreams on one listener; more are dropped and counted."""


class UdpListener:
    """Serves one UDP socket from construction until `close`."""

    def __init__(self, pair: Pair, pipeline: Pipeline, *, batched: bool | None = None) -> None:
        """`batched` None means: where the platform can."""
        self.overloaded = 0
        self.unsent = 0
        self._warned = -inf
        self._pair = pair
        self._pipeline = pipeline
        self._tasks = Tasks(f"udp {pair.host}:{pair.port}", MAX_WAITING)
        self._loop = asyncio.get_running_loop()
        if mmsg.is_available() if batched is None else batched:
            self._batch = mmsg.Mmsg(pair.udp, pktinfo=pair.pktinfo)
            self._loop.add_reader(pair.udp, self._serve_batch)
        else:
            self._loop.add_reader(pair.udp, self._serve_one_by_one)

    async def close(self, patience_s: float = 0.0) -> None:
        """Stop listening, give queries that wait `patience_s` to be answered, close the socket."""
        self._loop.remove_reader(self._pair.udp)
        await self._tasks.close(patience_s)
        self._pair.udp.close()

    def _serve_batch(self) -> None:
        arrived = time.monotonic()
        pipeline = self._pipeline
        try:
            _, unsent = self._batch.serve(
                pipeline.clients.of, pipeline.answer_now, UDP, self._answer_later, arrived
            )
            self.unsent += unsent
        except OSError as error:
            self._warn(error, arrived)
        pipeline.close_batch(arrived)

    def _answer_later(self, reaction: Any, path: mmsg.Path) -> None:
        if reaction is DROP:
            return
        if self._tasks.start("answer", self._wait_and_send(reaction, path)) is None:
            self.overloaded += 1

    async def _wait_and_send(self, waiting: Waiting, path: mmsg.Path) -> None:
        reply = await self._pipeline.answer_later(waiting)
        if not self._batch.send_later(reply, path):
            self.unsent += 1

    def _warn(self, error: OSError, now: float) -> None:
        """Say once a minute that the kernel gives us no datagrams; there may be many failures."""
        if now - self._warned >= 60:
            self._warned = now
            log.warning("receiving on %s:%d failed: %s", self._pair.host, self._pair.port, error)

    # ---- without recvmmsg --------------------------------------------------------------------

    def _serve_one_by_one(self) -> None:
        arrived = time.monotonic()
        sock, pipeline = self._pair.udp, self._pipeline
        for _ in range(mmsg.BATCH):
            try:
                wire, control, _, peer = sock.recvmsg(mmsg.QUERY_SIZE, 64)
            except (BlockingIOError, InterruptedError):
                break
            except OSError as error:
                self._warn(error, arrived)
                break
            client = pipeline.clients.of(_packed(peer, sock.family))
            reaction = pipeline.answer_now(wire, client, UDP, arrived)
            if isinstance(reaction, bytes):
                self._send(reaction, control, peer)
            elif reaction is not DROP:
                waiting = self._wait_and_send_one(reaction, control, peer)
                if self._tasks.start("answer", waiting) is None:
                    self.overloaded += 1
        pipeline.close_batch(arrived)

    async def _wait_and_send_one(self, waiting: Waiting, control: list[Any], peer: Any) -> None:
        self._send(await self._pipeline.answer_later(waiting), control, peer)

    def _send(self, reply: bytes, control: list[Any], peer: Any) -> None:
        try:
            self._pair.udp.sendmsg([reply], control, 0, peer)
        except OSError:  # no route or a full buffer: the client will ask again
            self.unsent += 1


def _packed(peer: Any, family: socket.AddressFamily) -> bytes:
    """The packed address of a socket address; a scope behind % is not part of it."""
    return socket.inet_pton(family, peer[0].partition("%")[0])
