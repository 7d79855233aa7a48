"""What all plain links share: sockets, time, and the questions that are underway.

Time is told by one tick for all questions, not by a timer for each: there are some hundred at
most, and comparing so many numbers every 25 ms costs less than setting one timer per query.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from sinkhole.dns.upstream.entropy import Entropy
from sinkhole.dns.upstream.links.datagrams import Datagrams
from sinkhole.dns.upstream.links.link import Blame, Failure, LinkAnswer, OnReply
from sinkhole.dns.wire.question import HEADER_SIZE, Question
from sinkhole.model.faults import Faults
from sinkhole.model.tasks import Tasks

if TYPE_CHECKING:
    from sinkhole.dns.upstream.links.plain import PlainLink

TICK_S: Final = 0.025

TRIES: Final = 2
"""Queries by UDP for one question while nothing comes."""

MOST_BY_TCP: Final = 1000
"""Connections of all servers together; each holds a place of its server besides."""

_BUG: Final = Failure("gave an answer that met an error of sinkhole's own", Blame.NOBODY)


class PlainAsking:
    """One question until it is answered, fails or is cancelled.

    `tries` are its open sockets, the newest last; `sent` counts its queries by UDP. `told` is what
    came of those that led nowhere. `wanted` is how to ask by UDP, with EDNS and in lower case or
    not, where the server seems to want that and TCP cannot tell.
    """

    __slots__ = (
        "again_at", "began_at", "by_tcp", "deadline", "has_tried_tcp", "link", "on_reply",
        "question", "rtt_s", "sent", "strays", "told", "tries", "wanted",
    )  # fmt: skip

    def __init__(
        self, link: PlainLink, question: Question, began_at: float, deadline: float, hear: OnReply
    ) -> None:
        self.link = link
        self.question = question
        self.began_at = began_at
        self.again_at = began_at + (deadline - began_at) / TRIES
        self.deadline = deadline
        self.on_reply = hear
        self.tries: list[Try] = []
        self.sent = 0
        self.strays = 0
        self.told: list[str] = []
        self.by_tcp: asyncio.Task[None] | None = None
        self.has_tried_tcp = False
        self.wanted: tuple[bool, bool] | None = None
        self.rtt_s: float | None = None
        """Of a reply by UDP that made us ask by TCP: it says how far away the server is."""

    def cancel(self) -> None:
        """Close what is open; nothing more is told."""
        self.link.engine.forget(self)


class Try:
    """One query by UDP: its bytes, the socket it left from, and how it was made."""

    __slots__ = ("asking", "edns", "end", "lower", "query", "sock")

    def __init__(self, asking: PlainAsking, query: bytes, edns: bool, lower: bool) -> None:
        self.asking = asking
        self.query = query
        self.end = HEADER_SIZE + len(asking.question.name) + 4
        """Where the question in it ends."""
        self.edns = edns
        self.lower = lower
        self.sock: socket.SocketType | None = None


class PlainEngine:
    """What all plain links share: the sockets, the clock that is looked at, and random bytes."""

    def __init__(
        self,
        *,
        randomize_case: bool = True,
        clock: Callable[[], float] = time.monotonic,
        faults: Faults | None = None,
    ) -> None:
        self.randomize_case = randomize_case
        self.clock = clock
        self.draw = Entropy().draw
        self.datagrams: Datagrams[Try] = Datagrams(self._on_datagrams, entropy=self.draw)
        self.tasks = Tasks("upstream", MOST_BY_TCP, faults)
        self._faults = self.tasks.faults
        self._open: dict[PlainAsking, None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._is_running = False
        self._users: set[object] = set()

    def start(self, user: object) -> None:
        """Have the running event loop watch the sockets from now on, for a link at least."""
        self._users.add(user)
        if not self._is_running:
            self.datagrams.start()
            self._is_running = True

    async def leave(self, user: object) -> None:
        """A link needs it no longer; who leaves last closes it."""
        self._users.discard(user)
        if not self._users:
            await self.close()

    async def close(self) -> None:
        """Close what is open; harmless when it is closed."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        await self.tasks.close()
        if self._is_running:
            self.datagrams.close()
            self._is_running = False

    def keep(self, asking: PlainAsking) -> None:
        """Look after a question from now on."""
        self._open[asking] = None
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(TICK_S, self._tick)

    def forget(self, asking: PlainAsking) -> None:
        """Close what is open of it, and do not look after it any more."""
        self._open.pop(asking, None)
        self._close(asking)

    def _close(self, asking: PlainAsking) -> None:
        self.close_tries(asking)
        if asking.by_tcp is not None:
            by_tcp, asking.by_tcp = asking.by_tcp, None
            by_tcp.cancel()

    def close_tries(self, asking: PlainAsking) -> None:
        """Close its sockets."""
        for each in asking.tries:
            if each.sock is not None:
                self.datagrams.close_one(each.sock)
                each.sock = None
        # They point back at it: no work for the cycle collector.
        asking.tries.clear()

    def end(self, asking: PlainAsking, outcome: LinkAnswer | Failure) -> None:
        """Tell what became of it, unless it has ended already."""
        if asking in self._open:
            del self._open[asking]
            self._close(asking)
            try:  # as `tell`, without another call
                asking.on_reply(outcome)
            except Exception as error:
                self._faults.note("an upstream's answer", error)

    def tell(self, on_reply: OnReply, outcome: LinkAnswer | Failure) -> None:
        """Tell somebody what became of a question; a bug in hearing it harms nobody else."""
        try:
            on_reply(outcome)
        except Exception as error:
            self._faults.note("an upstream's answer", error)

    def meet_bug(self, asking: PlainAsking, error: Exception) -> None:
        """Note a bug, and end the question that met it; its server is not to blame."""
        self._faults.note("an upstream's answer", error)
        self.end(asking, _BUG)

    def _on_datagrams(self, arrived: list[tuple[Try, bytes | OSError]]) -> None:
        """Read all that arrived in one wake-up, and then tell of what is an answer.

        Two loops, as a processor does quicker what it has just done: of 64 together each takes
        17 µs instead of 18. A bug in handling one is noted and loses no other.
        """
        now = self.clock()
        answers: list[tuple[PlainAsking, LinkAnswer]] = []
        for each, data in arrived:
            asking = each.asking
            try:
                if each.sock is not None and (answer := asking.link.read(each, data, now)):
                    answers.append((asking, answer))
            except Exception as error:
                self.meet_bug(asking, error)
        for asking, answer in answers:
            self.end(asking, answer)

    def _tick(self) -> None:
        """Ask again where nothing came, and give up what has had its time."""
        self._timer = None
        now = self.clock()
        for asking in [each for each in self._open if each.again_at <= now]:
            try:
                if asking in self._open:  # else telling of one before it has ended it
                    asking.link.move_on(asking, now)
            except Exception as error:
                self.meet_bug(asking, error)
        if self._open and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(TICK_S, self._tick)
