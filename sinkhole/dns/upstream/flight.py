"""One question underway: its attempts, its waiters, and why it failed.

All who ask the same at the same time share one flight. That saves work, and denies a forger the
many open queries for one name that make guessing cheap (RFC 5452 §5).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from sinkhole.dns.upstream.health import Server
from sinkhole.dns.upstream.links.link import Cancel
from sinkhole.dns.upstream.sets import UpstreamSet
from sinkhole.dns.upstream.shares import Holder
from sinkhole.dns.wire.extended_errors import ExtendedError, bounded
from sinkhole.dns.wire.question import Question
from sinkhole.dns.wire.reply import Reply
from sinkhole.model.errors import UpstreamError
from sinkhole.model.faults import Faults


class Exchanged(NamedTuple):
    """A usable reply (NOERROR, NXDOMAIN or YXDOMAIN, not truncated) and who gave it.

    `server` is its name in the status, `over` the transport, such as "udp" or "tls"; `rtt_s` runs
    from when that server was asked.
    """

    reply: Reply
    server: str
    rtt_s: float
    over: str = "udp"


class CrowdedError(UpstreamError):
    """Not asked, or not to the end, as too many questions wait: it says nothing of the name."""


WORTH_TELLING_S: Final = 0.1

SHORTEST_PATIENCE_S: Final = 0.2
"""Asking the next server as well before this would double the traffic for nothing."""

SILENCE: Final = "gave no answer"

FlightKey = tuple[str, Question]
"""Which upstream set is asked, by its name, and what."""

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
    """One server asked for a flight, until it answers, fails, or the flight ends.

    `cancel` ends it from outside; None once it has ended. It holds one of its server's places for
    the flight's `holder` until then. `patience_s` is after how long the server counts as silent.
    `outcome` finishes a sentence that begins with the server's name, "" while nothing came of it.
    `errors` are what the server said of its failure.
    """

    __slots__ = ("cancel", "errors", "flight", "outcome", "patience_s", "sent_at", "server")

    def __init__(self, flight: Flight, server: Server, now: float, patience_s: float = 0.0) -> None:
        self.flight = flight
        self.server = server
        self.sent_at = now
        self.patience_s = patience_s
        self.outcome = ""
        self.errors: tuple[ExtendedError, ...] = ()
        self.cancel: Cancel | None = None


class Flight:
    """A question underway. `tiers` are the servers it may ask: those of the second when all of the
    first have failed; `waiters` who is told the end; `holder` is that of the waiter for whom its
    attempts hold their places. `is_crowded` tells that one had to give its place up.

    `next_at` is when to ask the next server, `ends_at` when to give up.
    """

    __slots__ = (
        "attempts", "began_at", "ends_at", "holder", "is_crowded", "is_probe", "key", "next_at",
        "question", "strategy", "tier", "tiers", "waiters",
    )  # fmt: skip

    def __init__(
        self,
        key: FlightKey,
        upstreams: UpstreamSet,
        holder: Holder,
        now: float,
        ends_at: float,
        is_probe: bool = False,
    ) -> None:
        """`is_probe` makes any answer usable, whatever its rcode."""
        self.key = key
        self.question = key[1]
        self.tiers = upstreams.tiers if upstreams.fallback else upstreams.only_tier
        self.tier = 0
        self.strategy = upstreams.strategy
        self.holder = holder
        self.waiters: list[Waiter] = []
        self.attempts: list[Attempt] = []
        self.is_crowded = False
        self.is_probe = is_probe
        self.began_at = now
        self.next_at = now
        self.ends_at = ends_at

    @property
    def is_open(self) -> bool:
        """Whether somebody may answer yet."""
        return any(attempt.cancel is not None for attempt in self.attempts)

    def has_asked(self, server: Server) -> bool:
        """Whether a server was asked already, which is done once."""
        return any(attempt.server is server for attempt in self.attempts)

    def patience_s(self, server: Server, may: Sequence[Server]) -> float:
        """How long to wait for the one of these servers that is asked now, before another one of
        them is asked as well."""
        longest_s = server.timeout_s / 2
        if len(may) == 1 or not self.strategy.hedges:
            return longest_s
        if not any(each.up and each is not server for each in may):
            return longest_s
        rtt_s = server.rtt_s
        if rtt_s is None or server.is_suspect or 3 * rtt_s < SHORTEST_PATIENCE_S:
            return min(SHORTEST_PATIENCE_S, longest_s)
        return min(3 * rtt_s, longest_s)

    def hand_over(self, holder: Holder) -> None:
        """Let its attempts hold their places for another waiter."""
        for attempt in self.attempts:
            if attempt.cancel is not None:
                attempt.server.places.leave(self.holder, attempt)
                attempt.server.places.take(holder, attempt)
        self.holder = holder

    def gave_way(self, now: float) -> None:
        """An attempt was ended to make room: go on without it, at the next tick at the latest.

        Not at once: that might make the next one give way, and so on.
        """
        self.is_crowded = True
        if not self.is_open:
            self.next_at = now

    def explain(self, now: float) -> UpstreamError:
        """The error that ends this flight: what each server did, in the order they were asked."""
        told = [(each.server.name, each.outcome or SILENCE) for each in self.attempts]
        said = bounded(error for attempt in self.attempts for error in attempt.errors)
        took_s = now - self.began_at
        ending = f"; gave up after {took_s:.1f} s" if took_s >= WORTH_TELLING_S else ""
        error = CrowdedError if self.is_crowded else UpstreamError
        if len(told) == 1:
            [(name, what)] = told
            return error(name, what + ending, said)
        return error("", ", ".join(f"{name} {what}" for name, what in told) + ending, said)


def tell_all(waiters: Iterable[Waiter], outcome: Exchanged | UpstreamError, faults: Faults) -> None:
    """Tell the outcome to one after the other, as the first may serve the others.

    One that raises has a bug, which is noted and harms nobody else.
    """
    for waiter in waiters:
        try:
            waiter.tell(outcome)
        except Exception as error:
            faults.note("who waits for an answer", error)


def settle(future: asyncio.Future[Exchanged], outcome: Exchanged | UpstreamError) -> None:
    """Pass an outcome to one waiter, unless that one was cancelled meanwhile."""
    if future.done():
        return
    if isinstance(outcome, UpstreamError):
        # One of its own for each: raising collects a traceback in the exception.
        future.set_exception(type(outcome)(outcome.server, outcome.cause, outcome.said))
    else:
        future.set_result(outcome)
