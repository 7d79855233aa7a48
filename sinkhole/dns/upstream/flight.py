"""One question underway: its attempts, its waiters, and why it failed.

All who ask the same at the same time share one flight. That saves work, and denies a forger the
many open queries for one name that make guessing cheap (RFC 5452 §5).
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from sinkhole.dns.upstream.health import Server
from sinkhole.dns.upstream.shares import Holder, Shares
from sinkhole.dns.wire.extended_errors import ExtendedError, bounded
from sinkhole.dns.wire.question import Question
from sinkhole.dns.wire.reply import Reply
from sinkhole.model.errors import UpstreamError
from sinkhole.model.faults import Faults


class Exchanged(NamedTuple):
    """A usable reply (NOERROR, NXDOMAIN or YXDOMAIN, not truncated) and who gave it.

    `server` is its name in the status; `rtt_s` runs from the query that was answered.
    """

    reply: Reply
    server: str
    rtt_s: float
    tcp: bool = False


class CrowdedError(UpstreamError):
    """Not asked, or not to the end, as too many questions wait: it says nothing of the name."""


WORTH_TELLING_S: Final = 0.1

SHORTEST_PATIENCE_S: Final = 0.2
"""Asking the next server as well before this would double the traffic for nothing."""

_SILENCE: Final = {False: "gave no answer", True: "gave no answer over TCP"}

Tell = Callable[[Exchanged | UpstreamError], None]
"""Called once, with what became of the question."""


class Waiter:
    """One who is told the end of a flight, and holds a place until then."""

    __slots__ = ("flight", "holder", "tell")

    def __init__(self, tell: Tell, holder: Holder, flight: Flight) -> None:
        self.tell = tell
        self.holder = holder
        self.flight = flight


class Attempt:
    """One query sent to one server, until it is answered, fails, or its flight ends.

    `handle` is its socket, or its task over TCP, while it is open, and `places` are those of which
    it then holds one for its flight's `holder`. `patience_s` is after how long a server counts as
    silent. `fallback` is how to ask by UDP should TCP not be to be had, with EDNS and in lower case
    or not; None where that would not help. `outcome` finishes a sentence that begins with the
    server's name, "" while nothing came of it. `errors` are what the server said of its failure.
    """

    __slots__ = (
        "edns", "errors", "fallback", "flight", "handle", "lower", "outcome", "patience_s",
        "places", "query", "sent_at", "server", "tcp",
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
        self.fallback: tuple[bool, bool] | None = None
        self.outcome = ""
        self.errors: tuple[ExtendedError, ...] = ()
        self.handle: socket.SocketType | asyncio.Task[None] | None = None
        self.places: Shares[Attempt] = server.sockets


class Flight:
    """A question underway. `servers` are those it may ask, `waiters` who is told the end; `holder`
    is that of the waiter for whom its attempts hold their places. `is_crowded` tells that one had
    to give its place up.

    `next_at` is when to ask the next server, `over_at` when to give up if there is none left;
    no later than `ends_at`. `spent` are the servers not worth asking again for this question.
    """

    __slots__ = (
        "attempts",
        "began_at",
        "ends_at",
        "holder",
        "is_crowded",
        "is_probe",
        "next_at",
        "over_at",
        "question",
        "servers",
        "spent",
        "strays",
        "waiters",
    )  # fmt: skip

    def __init__(
        self,
        question: Question,
        servers: Sequence[Server],
        holder: Holder,
        now: float,
        ends_at: float,
        is_probe: bool = False,
    ) -> None:
        """`is_probe` makes any answer usable, whatever its rcode."""
        self.question = question
        self.servers = servers
        self.holder = holder
        self.waiters: list[Waiter] = []
        self.attempts: list[Attempt] = []
        self.spent: list[Server] = []
        self.strays = 0
        self.is_crowded = False
        self.is_probe = is_probe
        self.began_at = now
        self.next_at = self.over_at = now
        self.ends_at = ends_at

    @property
    def judged_zone(self) -> bytes | None:
        """The zone that a failure may be about; None for a probe, whose name is nobody's."""
        return None if self.is_probe else self.holder.zone

    def asked(self, server: Server) -> int:
        """How many attempts went to this server."""
        count = 0
        for attempt in self.attempts:
            if attempt.server is server:
                count += 1
        return count

    @property
    def has_fresh_server(self) -> bool:
        """Whether there is a server in good order that was not asked yet."""
        for server in self.servers:
            if server.up and not (server.loops or self.asked(server) or server in self.spent):
                return True
        return False

    def patience_s(self, server: Server, try_s: float) -> float:
        """How long to wait for a server just asked, before the next one is asked as well."""
        if len(self.servers) == 1 or not self.has_fresh_server:
            return try_s
        if server.is_suspect or server.rtt_s is None:
            return min(SHORTEST_PATIENCE_S, try_s)
        return min(max(3 * server.rtt_s, SHORTEST_PATIENCE_S), try_s)

    def wait(self, now: float, patience_s: float, limit_s: float) -> None:
        """Give a new attempt `patience_s` before the next server is asked, `limit_s` in all."""
        # Comparisons, as min() and max() would take a third of a microsecond a query.
        ends_at, next_at, over_at = self.ends_at, now + patience_s, now + limit_s
        self.next_at = next_at if next_at < ends_at else ends_at
        if over_at > self.over_at:
            self.over_at = over_at if over_at < ends_at else ends_at

    def hand_over(self, holder: Holder) -> None:
        """Let its attempts hold their places for another waiter."""
        for attempt in self.attempts:
            if attempt.handle is not None:
                attempt.places.leave(self.holder, attempt)
                attempt.places.take(holder, attempt)
        self.holder = holder

    def gave_way(self, attempt: Attempt, now: float) -> None:
        """An attempt was ended to make room: go on without it, at the next tick at the latest.

        Not at once: that might make the next one give way, and so on.
        """
        self.is_crowded = True
        self.spent.append(attempt.server)
        if not any(other.handle for other in self.attempts):
            self.next_at = self.over_at = now

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
        error = CrowdedError if self.is_crowded else UpstreamError
        if len(told) == 1:
            [(name, what)] = told.items()
            return error(name, what + ending, said)
        return error("", ", ".join(f"{k} {v}" for k, v in told.items()) + ending, said)


def tell_all(waiters: Iterable[Waiter], outcome: Exchanged | UpstreamError, faults: Faults) -> None:
    """Tell the outcome to one after the other, as the first may serve the others.

    One that raises has a bug, which is noted and harms nobody else.
    """
    for waiter in waiters:
        with faults.contain("who waits for an answer"):
            waiter.tell(outcome)


def settle(future: asyncio.Future[Exchanged], outcome: Exchanged | UpstreamError) -> None:
    """Pass an outcome to one waiter, unless that one was cancelled meanwhile."""
    if future.done():
        return
    if isinstance(outcome, UpstreamError):
        # One of its own for each: raising collects a traceback in the exception.
        future.set_exception(type(outcome)(outcome.server, outcome.cause, outcome.said))
    else:
        future.set_result(outcome)
