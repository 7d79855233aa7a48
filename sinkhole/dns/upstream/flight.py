"""One question underway: its attempts, its askers, and why it failed.

All who ask the same at the same time share one flight. That saves work, and denies a forger the
many open queries for one name that make guessing cheap (RFC 5452 §5).
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from sinkhole.dns.upstream.health import Server
from sinkhole.dns.wire.extended_errors import ExtendedError, bounded
from sinkhole.dns.wire.question import Question
from sinkhole.dns.wire.reply import Reply
from sinkhole.model.errors import UpstreamError


class Exchanged(NamedTuple):
    """A usable reply (NOERROR, NXDOMAIN or YXDOMAIN, not truncated) and who gave it.

    `server` is its name in the status; `rtt_s` runs from the query that was answered.
    """

    reply: Reply
    server: str
    rtt_s: float
    tcp: bool = False


WORTH_TELLING_S: Final = 0.1

_SILENCE: Final = {False: "gave no answer", True: "gave no answer over TCP"}

Tell = Callable[[Exchanged | UpstreamError], None]
"""Called once, with what became of the question."""


class Attempt:
    """One query sent to one server, until it is answered, fails, or its flight ends.

    `handle` is its socket, or its task over TCP, while it is open. `patience_s` is after how long
    a server counts as silent. `outcome` finishes a sentence that begins with the server's name,
    "" while nothing came of it. `errors` are what the server said of its failure.
    """

    __slots__ = (
        "edns", "errors", "flight", "handle", "lower", "outcome", "patience_s", "query", "sent_at",
        "server", "tcp",
    )  # fmt: skip

    def __init__(
        self, flight: Flight, server: Server, query: bytes, now: float, edns: bool, lower: bool
    ) -> None:
        """`edns` and `lower` tell how the query was made: with OPT, without random letter case."""
        self.flight = flight
        self.server = server
        self.query = query
        self.sent_at = now
        self.edns = edns
        self.lower = lower
        self.tcp = False
        self.patience_s = 0.0
        self.outcome = ""
        self.errors: tuple[ExtendedError, ...] = ()
        self.handle: socket.SocketType | asyncio.Task[None] | None = None


class Flight:
    """A question underway. `servers` are those it may ask, `askers` who is told the end.

    `next_at` is when to ask the next server, `over_at` when to give up if there is none left;
    no later than `ends_at`. `spent` are the servers not worth asking again for this question.
    """

    __slots__ = (
        "askers", "attempts", "began_at", "ends_at", "is_probe", "next_at", "over_at", "question",
        "servers", "spent", "strays",
    )  # fmt: skip

    def __init__(
        self,
        question: Question,
        servers: Sequence[Server],
        tell: Tell,
        now: float,
        ends_at: float,
        is_probe: bool = False,
    ) -> None:
        """`is_probe` makes any answer usable, whatever its rcode."""
        self.question = question
        self.servers = servers
        self.askers = [tell]
        self.attempts: list[Attempt] = []
        self.spent: list[Server] = []
        self.strays = 0
        self.is_probe = is_probe
        self.began_at = now
        self.next_at = self.over_at = now
        self.ends_at = ends_at

    def asked(self, server: Server) -> int:
        """How many attempts went to this server."""
        count = 0
        for attempt in self.attempts:
            if attempt.server is server:
                count += 1
        return count

    def wait(self, now: float, patience_s: float, limit_s: float) -> None:
        """Give a new attempt `patience_s` before the next server is asked, `limit_s` in all."""
        # Comparisons, as min() and max() would take a third of a microsecond a query.
        ends_at, next_at, over_at = self.ends_at, now + patience_s, now + limit_s
        self.next_at = next_at if next_at < ends_at else ends_at
        if over_at > self.over_at:
            self.over_at = over_at if over_at < ends_at else ends_at

    def explain(self, now: float) -> UpstreamError:
        """The error that ends this flight: what each server did, in the order they were asked."""
        deeds = Counter((a.server.name, a.outcome or _SILENCE[a.tcp]) for a in self.attempts)
        names = dict.fromkeys(name for name, _ in deeds)
        told = {
            name: " and ".join(
                what if times == 1 else f"{what} ({times} times)"
                for (who, what), times in deeds.items()
                if who == name
            )
            for name in names
        }
        said = bounded(error for attempt in self.attempts for error in attempt.errors)
        took_s = now - self.began_at
        ending = f"; gave up after {took_s:.1f} s" if took_s >= WORTH_TELLING_S else ""
        if len(told) == 1:
            [(name, what)] = told.items()
            return UpstreamError(name, what + ending, said)
        return UpstreamError("", ", ".join(f"{k} {v}" for k, v in told.items()) + ending, said)
