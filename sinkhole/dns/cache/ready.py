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

RECORD_BYTES: Final = 48
"""What each record of an answer costs besides its bytes, for its TTL and the place of it."""

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
        self._write_ttls(answer, [max(ttl - elapsed, 0) for ttl in answer.tail.ttls])
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
        self._write_ttls(answer, [STALE_TTL_S] * len(answer.tail.ttls))
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

    def _write_ttls(self, answer: Answer, ttls: list[int]) -> None:
        data = bytearray(answer.tail.data)
        for offset, ttl in zip(answer.tail.ttl_offsets, ttls, strict=True):
            _TTL.pack_into(data, offset, ttl)
        self.tail = bytes(data)


def ready_answer(
    answer: Answer,
    report: Report,
    generation: int,
    *,
    do: bool,
    cd: bool,
    errors: Sequence[tuple[int, str]] = (),
) -> Ready:
    """The Ready of an upstream's answer; one with `ttl_s` 0 is good for this moment only.

    An answer that was just received needs no ageing; others are aged before they are given.
    """
    ready = Ready(report, generation, answer.tail, rcode=answer.rcode, do=do, cd=cd, errors=errors)
    ready.answer = answer
    ready.expires = answer.expires
    ready.fresh_until = min(answer.received + 1, answer.expires)
    return ready
