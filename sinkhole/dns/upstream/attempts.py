"""Attempts: one server is asked once, and what comes back is judged.

What a reply to an attempt can be, and what follows:
    not ours (id, question)             keep listening; the third within a flight: ask by TCP
    truncated                           ask the same server by TCP
    ours, but in other letter case,     ask the same server by TCP, as a forger may have sent it
      without the question, or            without knowing ours; where there is no TCP, by UDP as
      FORMERR or NOTIMP with EDNS         the reply wants it: name lower-cased, without EDNS
    cannot be read                      missed: it counts as a failure of the server
    SERVFAIL, REFUSED and the like      missed: the server is fine, but of no use for this question
    NOERROR, NXDOMAIN, YXDOMAIN         landed

A question in other letter case is the same question (RFC 4343): where we asked in lower case, or
by TCP, it is taken as it comes. What a server cannot do is remembered for a while (`ability`).
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable
from typing import Final

from sinkhole.dns.upstream.datagrams import Datagrams
from sinkhole.dns.upstream.entropy import Entropy
from sinkhole.dns.upstream.flight import Attempt, Flight
from sinkhole.dns.upstream.health import Server
from sinkhole.dns.upstream.shares import Holder, Shares
from sinkhole.dns.upstream.tcp import exchange_by_tcp
from sinkhole.dns.upstream.usable import USABLE, uselessness
from sinkhole.dns.wire import numbers as n
from sinkhole.dns.wire.query import answers_but_for_case, render_query
from sinkhole.dns.wire.reply import Reply, answers_question, read_reply
from sinkhole.model.errors import UpstreamError, WireError
from sinkhole.model.faults import Faults
from sinkhole.model.tasks import Tasks

MOST_BY_UDP: Final = 3
"""Queries to one server for one question by UDP, whatever the reasons (RFC 9520 §3.1)."""

STRAYS_TO_TCP: Final = 3
"""So many wrong replies within one flight are taken for a forger at work (RFC 5452 §9.3)."""

MOST_TCP: Final = 100
"""Connections at once; beyond it the newest of whoever has the most gives way."""

TCP_TRIES_LONG: Final = 2
"""TCP may take as long as this many tries by UDP: it needs a round trip more."""

_EDNS_UNKNOWN: Final = frozenset({n.Rcode.FORMERR, n.Rcode.NOTIMP})
_TC_BIT: Final = n.TC >> 8
_OUR_LIMITS: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Attempts:
    """Makes attempts, and tells their end: `landed(attempt, reply, rtt_s)` or `missed(attempt)`.

    Neither is told of an attempt that was ended from outside. Attempts by UDP are not timed here:
    whoever makes them decides when to stop listening. `try_s` is how long one is worth waiting for.
    """

    def __init__(
        self,
        landed: Callable[[Attempt, Reply, float], None],
        missed: Callable[[Attempt], None],
        *,
        try_s: float,
        randomize_case: bool,
        clock: Callable[[], float],
        faults: Faults | None = None,
    ) -> None:
        self._landed = landed
        self._missed = missed
        self._try_s = try_s
        self._randomize_case = randomize_case
        self._clock = clock
        self._draw = Entropy().draw
        self._datagrams: Datagrams[Attempt] = Datagrams(self._on_datagrams, entropy=self._draw)
        self._tcp: Shares[Attempt] = Shares(MOST_TCP)
        # Twice as many: a task that was cancelled to make room ends a turn of the loop later.
        self._tasks = Tasks("upstream", 2 * MOST_TCP, faults)
        self._faults = self._tasks.faults
        self.strays = 0
        """Datagrams that did not answer what was asked on their socket."""
        self.unsent = 0
        """Queries that could not be sent for want of a descriptor or memory on our side."""
        self.forged_at: dict[str, float] = {}
        """By name of server, when a question was last driven to TCP by such datagrams."""

    def start(self) -> None:
        """Have the running event loop watch the sockets from now on."""
        self._datagrams.start()

    async def close(self) -> None:
        """Close what is open. Flights must have been ended before."""
        await self._tasks.close()
        self._datagrams.close()

    def send(
        self, flight: Flight, server: Server, now: float, *, edns: bool = True, lower: bool = False
    ) -> Attempt | None:
        """Ask the server by UDP; None if the query could not be sent, which the flight notes.

        The server's `sockets` must admit it: who has to give way for it does so now. `edns` and
        `lower` are how to ask, unless the server is known to want it otherwise.
        """
        attempt = self._prepare(flight, server, now, edns=edns, lower=lower)
        if server.sockets.free < 1:
            self._make_room(server.sockets, flight.holder, now)
        try:
            attempt.handle = self._open(attempt, now)
        except OSError as error:
            self._note_os_error(attempt, error)
            return None
        server.queries += 1
        server.sockets.take(flight.holder, attempt)
        return attempt

    def _open(self, attempt: Attempt, now: float) -> socket.SocketType:
        """Send its query. Where the machine has no socket left, who holds the most gives one up."""
        server, query = attempt.server, attempt.query
        address = server.fixed or server.address()
        try:
            return self._datagrams.send(server.family, address, query, attempt)
        except OSError as error:
            if error.errno not in _OUR_LIMITS:
                raise
            if not self._make_room(server.sockets, attempt.flight.holder, now):
                raise
        return self._datagrams.send(server.family, address, query, attempt)

    def _prepare(
        self, flight: Flight, server: Server, now: float, *, edns: bool, lower: bool
    ) -> Attempt:
        """An attempt with its query: with a new id, and in random letter case unless `lower`."""
        edns = edns and now >= server.edns.lacking_until
        lower = lower or not self._randomize_case or now < server.letter_case.lacking_until
        random = int.from_bytes(self._draw(2 if lower else 2 + len(flight.question.name)), "big")
        query = render_query(flight.question, random & 0xFFFF, case_bits=random >> 16, edns=edns)
        attempt = Attempt(flight, server, query, now, edns, lower)
        flight.attempts.append(attempt)
        return attempt

    def _make_room(self, places: Shares[Attempt], holder: Holder, now: float) -> bool:
        """End the attempt that has to give its place up to this holder; whether there is one."""
        other = places.yields(holder)
        if other is None:
            return False
        self.end(other, "had to give way to other questions")
        other.flight.gave_way(other, now)
        return True

    def end(self, attempt: Attempt, outcome: str = "") -> None:
        """Stop listening; nothing more is told of this attempt."""
        handle, attempt.handle = attempt.handle, None
        attempt.outcome = outcome
        if handle is None:
            return
        attempt.places.leave(attempt.flight.holder, attempt)
        if isinstance(handle, asyncio.Task):
            handle.cancel()
        else:
            self._datagrams.close_one(handle)

    # -- what comes back -------------------------------------------------------------------

    def _on_datagrams(self, arrived: list[tuple[Attempt, bytes | OSError]]) -> None:
        """Read all that arrived in one wake-up, and then land what is usable.

        Two loops, as a processor does quicker what it has just done: of 64 together each takes
        17 µs instead of 18. A bug in handling one is noted and loses no other.
        """
        now = self._clock()
        replies: list[tuple[Attempt, Reply]] = []
        for attempt, data in arrived:
            try:
                if (reply := self._reply_in(attempt, data)) is not None:
                    replies.append((attempt, reply))
            except Exception as error:
                self._on_bug(attempt, error)
        for attempt, reply in replies:
            try:
                self._land(attempt, reply, now)
            except Exception as error:
                self._on_bug(attempt, error)

    def _on_bug(self, attempt: Attempt, error: Exception) -> None:
        """Go on without this attempt, unless its flight is over; its server is not to blame."""
        self._faults.note("an upstream's answer", error)
        if attempt in attempt.flight.attempts:
            attempt.flight.spent.append(attempt.server)
            with self._faults.contain("an upstream's answer"):
                self.end(attempt, "gave an answer that met an error of sinkhole's own")
                self._missed(attempt)

    def _reply_in(self, attempt: Attempt, data: bytes | OSError) -> Reply | None:
        """The usable reply, if that is what arrived; else what must follow is done, and None."""
        if attempt.handle is None:
            return None  # ended by what arrived together with this
        if isinstance(data, OSError):
            self.end(attempt)
            self._note_os_error(attempt, data)
            self._missed(attempt)
        elif not (answers_question(data, attempt.query) or self._is_same(attempt, data)):
            pass  # and what must follow is done
        elif data[2] & _TC_BIT:
            now = self._clock()
            attempt.server.answered(now, now - attempt.sent_at)
            self._ask_by_tcp(attempt, "gave a truncated answer", self._try_s)
        elif (rcode := data[3] & n.RCODE_MASK) in _EDNS_UNKNOWN and attempt.edns:
            outcome = f"answered {n.rcode_name(rcode)} to EDNS"
            self._doubt(attempt, outcome, edns=False, lower=attempt.lower)
        elif data[5] != 1 and not self._was_tried_by_tcp(attempt):
            outcome = f"answered {n.rcode_name(rcode)} without repeating the question"
            self._ask_by_tcp(attempt, outcome, attempt.patience_s)
        else:
            return self._usable(attempt, data)
        return None

    def _is_same(self, attempt: Attempt, data: bytes) -> bool:
        """Whether it may be taken for the answer though not everything in it is as we asked."""
        if not answers_but_for_case(data, attempt.query):
            self._on_stray(attempt)
        elif attempt.lower:
            return True
        else:
            self._doubt(attempt, "answered in another letter case", attempt.edns, lower=True)
        return False

    def _usable(self, attempt: Attempt, wire: bytes) -> Reply | None:
        """The reply in a message known to answer the query; of no use, it is missed, and None."""
        try:
            reply = read_reply(wire, attempt.flight.question.name)
        except WireError as error:
            self._fail(attempt, f"sent a malformed answer ({error})")
            return None
        if attempt.flight.is_probe or (reply.rcode in USABLE and wire[5] == 1 and not reply.tc):
            return reply
        attempt.server.unhelpful(self._clock(), attempt.flight.holder.zone)
        attempt.flight.spent.append(attempt.server)
        attempt.errors = reply.errors
        self.end(attempt, uselessness(reply))
        self._missed(attempt)
        return None

    def _land(self, attempt: Attempt, reply: Reply, now: float) -> None:
        if not attempt.flight.attempts:
            return  # it is over: another answer that arrived together with this one was first
        server = attempt.server
        rtt_s = now - attempt.sent_at
        note = server.answered if attempt.flight.is_probe else server.helped
        note(now, None if attempt.tcp else rtt_s)
        self._judge_abilities(attempt, now)
        self.end(attempt, "answered")
        self._landed(attempt, reply, rtt_s)

    def _judge_abilities(self, attempt: Attempt, now: float) -> None:
        """What an answer that was used says of how its server can be asked."""
        server = attempt.server
        if attempt.edns:
            server.edns.doubts = 0
        elif now >= server.edns.lacking_until:
            server.edns.doubted(now)
        if not attempt.lower:
            server.letter_case.doubts = 0
        elif self._randomize_case and now >= server.letter_case.lacking_until:
            server.letter_case.doubted(now)

    def _on_stray(self, attempt: Attempt) -> None:
        """Ignore what is not an answer to this query, but not for ever."""
        flight = attempt.flight
        self.strays += 1
        flight.strays += 1
        if flight.strays >= STRAYS_TO_TCP:
            self.forged_at[attempt.server.name] = self._clock()
            self._ask_by_tcp(attempt, "seemed to send wrong answers", self._try_s)

    def _note_os_error(self, attempt: Attempt, error: OSError) -> None:
        """Note what the kernel said instead of sending or receiving."""
        reason = error.strerror or type(error).__name__
        attempt.flight.spent.append(attempt.server)
        if error.errno in _OUR_LIMITS:
            self.unsent += 1
            attempt.outcome = f"was not asked ({reason}, on our side)"
            attempt.flight.is_crowded = True
            return
        is_closed = error.errno == errno.ECONNREFUSED
        said = "has no DNS server listening there" if is_closed else f"cannot be reached ({reason})"
        attempt.outcome = said
        attempt.server.failed(said)

    def _fail(self, attempt: Attempt, outcome: str) -> None:
        attempt.server.failed(outcome, attempt.flight.judged_zone)
        self.end(attempt, outcome)
        self._missed(attempt)

    # -- asking the same server differently ------------------------------------------------

    def _doubt(self, attempt: Attempt, outcome: str, edns: bool, lower: bool) -> None:
        """Ask by TCP whether the server really wants to be asked so; without TCP, ask so."""
        if self._was_tried_by_tcp(attempt):
            self._ask_again(attempt, outcome, (edns, lower))
        else:
            self._ask_by_tcp(attempt, outcome, attempt.patience_s, (edns, lower))

    def _ask_again(self, attempt: Attempt, outcome: str, how: tuple[bool, bool]) -> None:
        """Ask the same server by UDP in another way, unless it was asked enough."""
        flight, server, now = attempt.flight, attempt.server, self._clock()
        edns, lower = how
        self.end(attempt, outcome)
        if sum(not each.tcp and each.server is server for each in flight.attempts) >= MOST_BY_UDP:
            flight.spent.append(server)
        elif (again := self.send(flight, server, now, edns=edns, lower=lower)) is not None:
            again.patience_s = attempt.patience_s
            flight.wait(now, attempt.patience_s, self._try_s)
            return
        self._missed(attempt)

    def _was_tried_by_tcp(self, attempt: Attempt) -> bool:
        return any(each.tcp and each.server is attempt.server for each in attempt.flight.attempts)

    def _ask_by_tcp(
        self,
        attempt: Attempt,
        outcome: str,
        patience_s: float,
        fallback: tuple[bool, bool] | None = None,
    ) -> None:
        """Ask the same server by TCP, once a flight: it is then spent, whatever comes of it.

        Another server is asked as well after `patience_s`.
        """
        flight, server, now = attempt.flight, attempt.server, self._clock()
        self.end(attempt, outcome)
        if self._was_tried_by_tcp(attempt):
            self._missed(attempt)
            return
        by_tcp = self._prepare(flight, server, now, edns=attempt.edns, lower=attempt.lower)
        by_tcp.tcp, by_tcp.places, by_tcp.fallback = True, self._tcp, fallback
        by_tcp.patience_s = self._try_s
        flight.spent.append(server)
        task = None
        if self._tcp.free > 0 or self._make_room(self._tcp, flight.holder, now):
            task = self._tasks.start(f"TCP to {server.name}", self._exchange_by_tcp(by_tcp))
        if task is None:
            flight.is_crowded = True
            self._without_tcp(by_tcp, f"was not asked over TCP ({MOST_TCP} connections are open)")
            return
        by_tcp.handle = task
        self._tcp.take(flight.holder, by_tcp)
        server.queries += 1
        flight.wait(now, patience_s, self._try_s * TCP_TRIES_LONG)

    def _without_tcp(self, attempt: Attempt, outcome: str) -> None:
        """Go on where TCP was not to be had."""
        if attempt.fallback is not None:
            self._ask_again(attempt, outcome, attempt.fallback)
        else:
            self.end(attempt, outcome)
            self._missed(attempt)

    async def _exchange_by_tcp(self, attempt: Attempt) -> None:
        try:
            await self._hear_by_tcp(attempt)
        except Exception as error:
            self._on_bug(attempt, error)

    async def _hear_by_tcp(self, attempt: Attempt) -> None:
        server = attempt.server
        outcome, wire = "", b""
        try:
            limit_s = self._try_s * TCP_TRIES_LONG
            wire = await exchange_by_tcp(
                server.name, server.ip, server.port, attempt.query, limit_s
            )
        except UpstreamError as error:
            outcome = error.cause
        attempt.handle = None  # it ends by itself now
        self._tcp.leave(attempt.flight.holder, attempt)
        if outcome:
            if attempt.fallback is None:
                server.failed(outcome, attempt.flight.judged_zone)
            self._without_tcp(attempt, outcome)
        else:
            self._on_answer_by_tcp(attempt, wire)

    def _on_answer_by_tcp(self, attempt: Attempt, wire: bytes) -> None:
        """Take what came by TCP, and what it says of the server's abilities."""
        server, now = attempt.server, self._clock()
        if not attempt.lower and wire[5] == 1 and not answers_question(wire, attempt.query):
            server.letter_case.disproved(now)
            attempt.lower = True
        rcode = wire[3] & n.RCODE_MASK
        if rcode in _EDNS_UNKNOWN and attempt.edns:
            server.edns.disproved(now)
            outcome = f"answered {n.rcode_name(rcode)} to EDNS over TCP"
            self._ask_again(attempt, outcome, (False, attempt.lower))
        elif (reply := self._usable(attempt, wire)) is not None:
            self._land(attempt, reply, now)
