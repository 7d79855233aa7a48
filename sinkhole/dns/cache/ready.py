"""A finished reply, kept for the next client who asks the same, and the life it has.

A block, a local name and an upstream's answer are all a `Ready`: giving it out is one look-up and
one concatenation, whoever decided it. Its life, which only this file writes:

               +------- age: TTLs counted down -------+
               v                                      |
    made ->  FRESH  --- a second later (answers) -->  AGING  --- the TTL ends --+
              ^ |                                                               |
     renew    | | the policy changes                                            |
              | v                                                               v
            OUTDATED  ------------- the TTL ends ------------------------->   STALE  --->  GONE
                                                                                |
              FRESH  <------- revive: no upstream gives a newer one ------------+

What was made here has no TTL to count down: it is fresh until the policy changes, then outdated,
and never stale. A failure, and what is given in place of an answer, are gone when their time is
up. A failure ages each second, too, as an upstream that recovers ends it, and the time of a revived
answer. An answer from disk begins outdated.

All times are seconds of one monotonic clock, given as `now`.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from functools import lru_cache
from math import inf
from struct import Struct
from typing import Final

from sinkhole.dns.cache.answer import Answer
from sinkhole.dns.wire import numbers as n
from sinkhole.dns.wire.write import Tail, write_head, write_opt
from sinkhole.model.record import Report

STALE_TTL_S: Final = 30
"""TTL of an expired answer given out because nothing newer could be had, RFC 8767 §4."""

OVERHEAD_BYTES: Final = 840
"""What a Ready costs in memory besides its tail (objects, key, dict entry); measured."""

AGAIN_BYTES: Final = 400
"""The same of a ReadyAgain, which has no bytes of its own; measured."""

RECORD_BYTES: Final = 48
"""What each record of an answer costs besides its bytes, for its TTL and the place of it."""

NEVER_JUDGED: Final = 0
"""The generation of what comes from disk, or is kept for nobody; policies count from 1."""

_TTL: Final = Struct("!I")
_PLAIN_OPT: Final = (write_opt(do=False), write_opt(do=True))


@lru_cache(maxsize=4096)
def _heads(rcode: int, cd: bool, counts: tuple[int, int, int]) -> tuple[bytes, bytes]:
    """The head without and with EDNS; there are few different ones, so replies share them."""
    flags = n.QR | n.RD | n.RA | rcode | (n.CD if cd else 0)
    return write_head(flags, counts, edns=False), write_head(flags, counts, edns=True)


class State(Enum):
    """Where in its life a Ready is."""

    FRESH = "fresh"
    """It may be given as it is."""
    AGING = "aging"
    """It may be given when its TTLs have been counted down (`age`)."""
    OUTDATED = "outdated"
    """Another policy judged it: it may be given when this one has judged it too (`renew`)."""
    STALE = "stale"
    """An answer that expired: it may be given when no upstream has a newer one (`revive`)."""
    GONE = "gone"
    """It may not be given any more."""


class Ready:
    """A reply ready to send: `id + head + question + tail`, and `opt` behind it with EDNS.

    `heads` are the head without and with EDNS. `generation` is that of the policy that judged it.
    `fresh_until` and `expires` are when the next thing happens to it and when it ends; the hot
    path compares the first two itself, as a call would cost a tenth of all it does. `failures` is
    how often in a row the question had failed, this time included. `used` and `weight` are the
    table's: whether it was given since it was last looked at (the pipeline says so), and how many
    bytes it counts for. `ages` and `saves_from` are the prefetching's: how often it was aged, which
    is at most once a second while it is asked for, and when the answer before it would have ended.

    `answer` is all that the upstream said, `shown` what of it is given, None for all.
    """

    __slots__ = (
        "ages",
        "answer",
        "expires",
        "failures",
        "fresh_until",
        "generation",
        "heads",
        "opt",
        "report",
        "saves_from",
        "shown",
        "tail",
        "used",
        "weight",
    )

    def __init__(
        self,
        report: Report,
        generation: int,
        tail: Tail,
        *,
        rcode: int,
        do: bool = False,
        cd: bool = False,
        errors: Sequence[tuple[int, str]] = (),
        until: float = inf,
        failures: int = 0,
    ) -> None:
        """What was made here, good `until` a time or, without one, until the policy changes."""
        self.report = report
        self.generation = generation
        self.heads = _heads(rcode, cd, tail.counts)
        self.opt = write_opt(do=do, errors=errors) if errors else _PLAIN_OPT[do]
        self.tail = tail.data
        self.fresh_until = self.expires = until
        self.answer: Answer | None = None
        self.shown: Tail | None = None
        self.failures = failures
        self.used = False
        self.weight = self.ages = 0
        self.saves_from = inf

    @property
    def size_bytes(self) -> int:
        """Memory it takes in a table: rather somewhat too much than too little."""
        size = OVERHEAD_BYTES + len(self.tail) + len(self.report.refused)
        if self.answer is not None:
            size += len(self.answer.tail.data) + RECORD_BYTES * len(self.answer.tail.ttls)
        return size

    def give(self, query: bytes, end: int, *, edns: bool) -> bytes:
        """The reply to `query`, whose name ends at `end`; the client's own spelling comes back.

        RD is copied by the caller for the rare query without it.
        """
        if edns:
            return query[:2] + self.heads[1] + query[12 : end + 4] + self.tail + self.opt
        return query[:2] + self.heads[0] + query[12 : end + 4] + self.tail

    def age(self, now: float) -> bool:
        """Count the TTLs down to `now`; False if it has expired. Cost: 1 µs and 0.2 a record."""
        answer = self.answer
        if now >= self.expires:
            return False
        if answer is None or now >= answer.expires:  # failed or revived: no TTL runs on
            self.fresh_until = min(now + 1, self.expires)
            return True
        self.ages += 1
        elapsed = int(now - answer.received)
        tail = self.shown or answer.tail
        self._write_ttls(tail, [max(ttl - elapsed, 0) for ttl in tail.ttls])
        self.fresh_until = min(answer.received + elapsed + 1, self.expires)
        return True

    def state(self, now: float, generation: int, stale_s: float = 0.0) -> State:
        """Where it is in its life, for a policy, if answers may be `stale_s` over their time."""
        if self.generation == generation and now < self.expires:
            return State.FRESH if now < self.fresh_until else State.AGING
        answer = self.answer
        if now < (self.expires if answer is None else answer.expires):
            return State.OUTDATED
        is_kept = answer is not None and now < answer.expires + stale_s
        return State.STALE if is_kept else State.GONE

    def is_answer_since(self, arrived: float) -> bool:
        """Whether it is an upstream's answer that came at this time or later."""
        return self.answer is not None and self.answer.received >= arrived

    def renew(self, now: float, generation: int, report: Report) -> None:
        """Take over an answer that another policy lets pass too: its TTLs run on."""
        self.generation = generation
        self.report = report
        self.age(now)

    def revive(self, now: float, report: Report, errors: Sequence[tuple[int, str]] = ()) -> None:
        """Give out the expired answer for STALE_TTL_S more seconds, marked as stale.

        `errors` are what upstreams said instead of giving a newer one.
        """
        answer = self.answer
        assert answer is not None
        tail = self.shown or answer.tail
        self._write_ttls(tail, [STALE_TTL_S] * len(tail.ttls))
        self.opt = write_opt(
            do=bool(self.opt[7] & 0x80),
            errors=((n.Ede.STALE_ANSWER, "no upstream answers"), *errors),
        )
        self.report = report
        self.expires = now + STALE_TTL_S
        self.age(now)

    def end(self, now: float) -> None:
        """Its time is up before it was over: it was only given for want of a newer answer."""
        self.fresh_until = self.expires = now

    def _write_ttls(self, tail: Tail, ttls: list[int]) -> None:
        data = bytearray(tail.data)
        for offset, ttl in zip(tail.ttl_offsets, ttls, strict=True):
            _TTL.pack_into(data, offset, ttl)
        self.tail = bytes(data)


class ReadyAgain(Ready):
    """The whole answer that another Ready has, too, for clients of another class.

    It has a life of its own, but no bytes: these are of the `first` one, to whom they count, and
    whose TTLs are counted down for all together, by whoever asks first in a second.
    """

    __slots__ = ("first",)

    def __init__(
        self,
        known: Ready,
        report: Report,
        generation: int,
        *,
        do: bool,
        errors: Sequence[tuple[int, str]] = (),
    ) -> None:
        """Of a Ready whose answer is given whole; it has to be aged before it is given."""
        answer = known.answer
        assert answer is not None and known.shown is None
        self.first: Ready = known.first if isinstance(known, ReadyAgain) else known
        self.report, self.generation = report, generation
        self.heads, self.answer, self.shown = known.heads, answer, None
        self.opt = write_opt(do=do, errors=errors) if errors else _PLAIN_OPT[do]
        self.fresh_until = answer.received
        self.expires = answer.expires
        self.failures = self.weight = 0
        self.used = False
        self.saves_from = inf

    @property
    def ages(self) -> int:
        """In how many seconds it was asked for by anybody, see `Ready`."""
        return self.first.ages

    @ages.setter
    def ages(self, count: int) -> None:
        """Count for all."""
        self.first.ages = count

    @property
    def tail(self) -> bytes:
        """The records, their TTLs as they were last counted down."""
        return self.first.tail

    @tail.setter
    def tail(self, data: bytes) -> None:
        """Count the TTLs of all down."""
        self.first.tail = data

    @property
    def size_bytes(self) -> int:
        """Memory it takes in a table besides the first one's."""
        return AGAIN_BYTES

    def give(self, query: bytes, end: int, *, edns: bool) -> bytes:
        """See `Ready.give`; in one piece, as a property takes twice as long."""
        if edns:
            return query[:2] + self.heads[1] + query[12 : end + 4] + self.first.tail + self.opt
        return query[:2] + self.heads[0] + query[12 : end + 4] + self.first.tail

    def age(self, now: float) -> bool:
        """See `Ready.age`; the first one stays in the table as long as this is asked for. What was
        counted down for another class within this second is not again."""
        first = self.first
        first.used = True
        if now < first.fresh_until and now < first.expires:
            self.fresh_until = min(first.fresh_until, self.expires)
            return True
        is_alive = super().age(now)
        if now < first.expires:
            first.fresh_until = min(self.fresh_until, first.expires)
        return is_alive


def ready_answer(
    answer: Answer,
    report: Report,
    generation: int,
    *,
    do: bool,
    cd: bool,
    errors: Sequence[tuple[int, str]] = (),
    shown: Tail | None = None,
) -> Ready:
    """The Ready of an upstream's answer; one with `ttl_s` 0 is good for this moment only.

    An answer that was just received needs no ageing; others are aged before they are given.
    """
    tail = shown or answer.tail
    ready = Ready(report, generation, tail, rcode=answer.rcode, do=do, cd=cd, errors=errors)
    ready.answer, ready.shown = answer, shown
    ready.expires = answer.expires
    ready.fresh_until = min(answer.received + 1, answer.expires)
    return ready
