"""Plain DNS by UDP, with TCP where that does not do (RFC 1035, RFC 7766): `udp://`.

A question's way, with two seconds until its deadline:

    0 ms      a query from a socket of its own, with random port, id and letter case
    1.0 s     another one like it, in case a datagram was lost; the first is listened to still
    2.0 s     "gave no answer"

What a reply can be, and what follows:
    not ours (id, question)             keep listening; the third: ask by TCP
    truncated                           ask by TCP
    ours, but in other letter case,     ask by TCP, as a forger may have sent it without knowing
      without the question, or            ours; where there is no TCP, by UDP as the reply wants
      FORMERR or NOTIMP with EDNS         it: name lower-cased, without EDNS
    cannot be read                      a failure
    anything else                       the answer, whatever it says

A question in other letter case is the same question (RFC 4343): where we asked in lower case, or
by TCP, it is taken as it comes. What a server cannot do is remembered for a while (`ability`). One
question is never more than MOST_BY_UDP queries by UDP and one by TCP (RFC 9520 §3.1).
"""

from __future__ import annotations

import errno
from collections import Counter
from ipaddress import ip_address
from math import inf
from typing import Final

from sinkhole.dns.upstream.links.ability import Ability
from sinkhole.dns.upstream.links.link import Blame, Cancel, Failure, LinkAnswer, LinkState, OnReply
from sinkhole.dns.upstream.links.plain_engine import (
    MOST_BY_TCP,
    TRIES,
    PlainAsking,
    PlainEngine,
    Try,
)
from sinkhole.dns.upstream.links.tcp import exchange_by_tcp
from sinkhole.dns.upstream.usable import USABLE
from sinkhole.dns.wire import numbers as n
from sinkhole.dns.wire.query import answers_but_for_case, render_query
from sinkhole.dns.wire.question import Question
from sinkhole.dns.wire.reply import Reply, answers_question, read_reply
from sinkhole.model.errors import UpstreamError, WireError
from sinkhole.model.socket_address import SocketAddress, family_of, is_link_local, socket_address

MOST_BY_UDP: Final = 3
"""Queries by UDP for one question, whatever the reasons (RFC 9520 §3.1)."""

MOST_PER_SERVER: Final = 500
"""Questions underway to one server, of two sockets each at most."""

STRAYS_TO_TCP: Final = 3
"""So many wrong replies to one question are taken for a forger at work (RFC 5452 §9.3)."""

_EDNS_UNKNOWN: Final = frozenset({n.Rcode.FORMERR, n.Rcode.NOTIMP})
_TC_BIT: Final = n.TC >> 8
_OUR_LIMITS: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class PlainLink:
    """Asks one address and port by plain DNS; `Link` has the rest.

    Raises ValueError when `ip` is not an address. One that is link-local has its interface behind
    it, as in `fe80::1%eth0`.
    """

    kind = "udp"

    def __init__(
        self, ip: str, port: int, engine: PlainEngine, most: int = MOST_PER_SERVER
    ) -> None:
        ip_address(ip)
        self.engine = engine
        self.most = most
        self.edns = Ability()
        self.letter_case = Ability()
        """To repeat a question in the letter case in which it was asked."""
        self._ip, self._port, self._family = ip, port, int(family_of(ip))
        self._fixed = None if is_link_local(ip) else socket_address(ip, port)
        """Where one is that needs no interface, so that not every query asks for it."""
        self._strays = 0
        self._unsent = 0
        self._forged_at = -inf

    # -- Link ------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin, within a running event loop."""
        self.engine.start(self)

    async def close(self) -> None:
        """Close everything; questions must have been cancelled before."""
        await self.engine.leave(self)

    def ask(self, question: Question, deadline: float, on_reply: OnReply) -> Cancel | Failure:
        """Send the first query, see `Link.ask`. Cost: 2.5 times the kernel's for the socket."""
        now = self.engine.clock()
        asking = PlainAsking(self, question, now, deadline, on_reply)
        try:
            self._send(asking, now)
        except OSError as error:
            return self._failure_of(error)
        self.engine.keep(asking)
        return asking.cancel

    def renew(self) -> None:
        """Nothing is connected: each query goes as the network is when it leaves."""

    def state(self) -> LinkState:
        """What people are shown, with why it cannot be asked at all while that is so."""
        try:
            self._where()
        except OSError as error:
            return LinkState(self._ip, problem=str(error.strerror))
        return LinkState(
            self._ip, strays=self._strays, unsent=self._unsent, forged_at=self._forged_at
        )

    # -- asking ----------------------------------------------------------------------------

    def _where(self) -> SocketAddress:
        """Its address now. Raises OSError when its interface is not there."""
        return self._fixed or socket_address(self._ip, self._port)

    def _send(
        self, asking: PlainAsking, now: float, *, edns: bool = True, lower: bool = False
    ) -> None:
        """Ask from a new socket, with EDNS or without, in random letter case unless `lower`, but
        as the server is known to want it. Raises OSError when it could not be sent."""
        edns = edns and now >= self.edns.lacking_until
        lower = lower or not self.engine.randomize_case or now < self.letter_case.lacking_until
        made = self._query(asking, edns, lower)
        where = self._fixed or self._where()
        made.sock = self.engine.datagrams.send(self._family, where, made.query, made)
        asking.tries.append(made)
        asking.sent += 1

    def _query(self, asking: PlainAsking, edns: bool, lower: bool) -> Try:
        """A query with a new id, and letter case, if it is to be random."""
        question = asking.question
        random = int.from_bytes(self.engine.draw(2 if lower else 2 + len(question.name)), "big")
        query = render_query(question, random & 0xFFFF, case_bits=random >> 16, edns=edns)
        return Try(asking, query, edns, lower)

    def move_on(self, asking: PlainAsking, now: float) -> None:
        """Its time to be asked again has come, or its end. Without a socket the first try does."""
        if now >= asking.deadline:
            asking.told.append("gave no answer over TCP" if asking.by_tcp else "gave no answer")
            self._fail(asking, Blame.NAME)
            return
        asking.again_at = asking.deadline
        if asking.by_tcp is None and asking.sent < TRIES:
            latest = asking.tries[-1]
            try:
                self._send(asking, now, edns=latest.edns, lower=latest.lower)
            except OSError as error:
                self._failure_of(error)

    def _failure_of(self, error: OSError) -> Failure:
        """What the kernel said instead of sending or receiving."""
        reason = error.strerror or type(error).__name__
        if error.errno in _OUR_LIMITS:
            self._unsent += 1
            return Failure(f"was not asked ({reason}, on our side)", Blame.NOBODY)
        if error.errno == errno.ECONNREFUSED:
            return Failure("has no DNS server listening there", Blame.SERVER)
        return Failure(f"cannot be reached ({reason})", Blame.SERVER)

    def _fail(self, asking: PlainAsking, blame: Blame) -> None:
        self.engine.end(asking, Failure(in_words(asking.told), blame))

    # -- what comes back -------------------------------------------------------------------

    def read(self, made: Try, data: bytes | OSError, now: float) -> LinkAnswer | None:
        """The answer, if that is what arrived; else what must follow is done, and None."""
        asking = made.asking
        if isinstance(data, OSError):
            self.engine.end(asking, self._failure_of(data))
        elif not (answers_question(data, made.query, made.end) or self._is_same(made, data)):
            pass  # and what must follow is done
        elif data[2] & _TC_BIT:
            asking.rtt_s = now - asking.began_at
            self._ask_by_tcp(made, "gave a truncated answer")
        elif (rcode := data[3] & n.RCODE_MASK) in _EDNS_UNKNOWN and made.edns:
            said = f"answered {n.rcode_name(rcode)} to EDNS"
            self._ask_by_tcp(made, said, wanted=(False, made.lower))
        elif data[5] != 1 and not asking.has_tried_tcp:
            said = f"answered {n.rcode_name(rcode)} without repeating the question"
            self._ask_by_tcp(made, said)
        elif (reply := self._readable(asking, data)) is not None:
            self._learn(made, now)
            return LinkAnswer(
                reply, now - asking.began_at, "udp", in_words(asking.told) if asking.told else ""
            )
        return None

    def _is_same(self, made: Try, data: bytes) -> bool:
        """Whether it may be taken for the answer though not everything in it is as we asked."""
        if not answers_but_for_case(data, made.query):
            self._on_stray(made)
        elif made.lower:
            return True
        else:
            said = "answered in another letter case"
            self._ask_by_tcp(made, said, wanted=(made.edns, True))
        return False

    def _readable(self, asking: PlainAsking, wire: bytes) -> Reply | None:
        """The reply; None, and the end of asking, where it is malformed or about nothing."""
        try:
            reply = read_reply(wire, asking.question.name)
        except WireError as error:
            asking.told.append(f"sent a malformed answer ({error})")
        else:
            if wire[5] == 1 or reply.rcode not in USABLE:
                return reply
            said = f"answered {n.rcode_name(reply.rcode)} without repeating the question"
            asking.told.append(said)
        self._fail(asking, Blame.NAME)
        return None

    def _learn(self, made: Try, now: float) -> None:
        """What an answer that was used says of how the server can be asked."""
        if made.edns:
            self.edns.doubts = 0
        elif now >= self.edns.lacking_until:
            self.edns.doubted(now)
        if not made.lower:
            self.letter_case.doubts = 0
        elif self.engine.randomize_case and now >= self.letter_case.lacking_until:
            self.letter_case.doubted(now)

    def _on_stray(self, made: Try) -> None:
        """Ignore what is not an answer to this query, but not for ever."""
        self._strays += 1
        made.asking.strays += 1
        if made.asking.strays >= STRAYS_TO_TCP:
            self._forged_at = self.engine.clock()
            self._ask_by_tcp(made, "seemed to send wrong answers")

    # -- asking differently ----------------------------------------------------------------

    def _ask_by_tcp(self, made: Try, said: str, *, wanted: tuple[bool, bool] | None = None) -> None:
        """Ask by TCP, once a question. `wanted` is how to ask by UDP where TCP is of no use."""
        asking = made.asking
        asking.told.append(said)
        asking.wanted = wanted
        asking.again_at = asking.deadline
        self.engine.close_tries(asking)
        if asking.has_tried_tcp:
            self._ask_as_wanted(asking)
            return
        asking.has_tried_tcp = True
        work = self._exchange_by_tcp(asking, self._query(asking, made.edns, made.lower))
        asking.by_tcp = self.engine.tasks.start("a question by TCP", work)
        if asking.by_tcp is None:
            asking.told.append(f"was not asked over TCP ({MOST_BY_TCP} connections are open)")
            self._ask_as_wanted(asking, Blame.NOBODY)

    def _ask_as_wanted(self, asking: PlainAsking, blame: Blame = Blame.NAME) -> None:
        """Ask by UDP as the server seems to want it; if that is not known, it failed."""
        if asking.wanted is None or asking.sent >= MOST_BY_UDP:
            self._fail(asking, blame)
            return
        edns, lower = asking.wanted
        try:
            self._send(asking, self.engine.clock(), edns=edns, lower=lower)
        except OSError as error:
            self.engine.end(asking, self._failure_of(error))

    async def _exchange_by_tcp(self, asking: PlainAsking, made: Try) -> None:
        try:
            wire = await exchange_by_tcp(self._ip, self._port, made.query)
        except UpstreamError as error:
            asking.by_tcp = None
            asking.told.append(error.cause)
            self._ask_as_wanted(asking)
        else:
            asking.by_tcp = None  # it ends by itself now
            try:
                self._on_answer_by_tcp(made, wire)
            except Exception as error:
                self.engine.meet_bug(asking, error)

    def _on_answer_by_tcp(self, made: Try, wire: bytes) -> None:
        """Take what came by TCP, and what it says of the server's abilities."""
        asking, lower, now = made.asking, made.lower, self.engine.clock()
        if not lower and wire[5] == 1 and not answers_question(wire, made.query):
            self.letter_case.disproved(now)
            lower = True
        rcode = wire[3] & n.RCODE_MASK
        if rcode in _EDNS_UNKNOWN and made.edns:
            self.edns.disproved(now)
            asking.told.append(f"answered {n.rcode_name(rcode)} to EDNS over TCP")
            asking.wanted = (False, lower)
            self._ask_as_wanted(asking)
        elif (reply := self._readable(asking, wire)) is not None:
            made.lower = lower
            self._learn(made, now)
            self.engine.end(asking, LinkAnswer(reply, asking.rtt_s, "tcp", in_words(asking.told)))


def in_words(told: list[str]) -> str:
    """What a server did, one thing after the other, as one phrase."""
    return " and ".join(
        what if times == 1 else f"{what} ({times} times)" for what, times in Counter(told).items()
    )
