"""A finished reply, kept for the next client who asks the same.

A block, a local name and a cached answer are all a `Ready`: giving it out is one look-up and one
concatenation, whoever decided it. What differs is how it ages:

    fixed     blocks, local names: the TTL is always the same; good until the policy changes
    ageing    answers: TTLs count down, re-written at most once a second, until they expire
    expired   kept a while longer, for the day when no upstream answers (RFC 8767); when that
              comes, it is revived: given with a short TTL for as long, until asking again is due

All times are seconds of one monotonic clock, given as `now`.
"""

from __future__ import annotations

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


class Ready:
    """A reply ready to send: `id + head + question + tail`, and `opt` behind it with EDNS.

    `heads` are the head without and with EDNS. `fresh_until` is when it must be aged or thrown
    away: one comparison on the hot path covers both. `generation` is that of the policy that
    judged it. `used` and `weight` are for the table.
    """

    __slots__ = (
        "answer",
        "expires",
        "failures",
        "fresh_until",
        "generation",
        "heads",
        "opt",
        "report",
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
        ede: tuple[int, str] | None = None,
    ) -> None:
        self.report = report
        self.generation = generation
        self.heads = _heads(rcode, cd, tail.counts)
        self.opt = _PLAIN_OPT[do] if ede is None else write_opt(do=do, ede=ede)
        self.tail = tail.data
        self.fresh_until = inf
        self.expires = inf
        self.answer: Answer | None = None
        self.failures = 0
        self.used = False
        self.weight = 0

    @property
    def size_bytes(self) -> int:
        """Memory it takes in a table: rather somewhat too much than too little."""
        size = OVERHEAD_BYTES + len(self.tail)
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
        if answer is None or now >= self.expires:
            return now < self.expires
        if now >= answer.expires:  # revived: the TTL stays, but look out for a newer answer
            self.fresh_until = min(now + 1, self.expires)
            return True
        elapsed = int(now - answer.received)
        self._write_ttls(answer, [max(ttl - elapsed, 0) for ttl in answer.tail.ttls])
        self.fresh_until = min(answer.received + elapsed + 1, self.expires)
        return True

    def is_revivable(self, now: float, stale_s: float) -> bool:
        """Whether it is an upstream's answer that expired at most `stale_s` ago, if at all."""
        return self.answer is not None and stale_s > 0 and now < self.answer.expires + stale_s

    def is_since(self, arrived: float, now: float, generation: int) -> bool:
        """Whether it is an upstream's answer of after `arrived` that may be given as it is."""
        is_since = self.answer is not None and self.answer.received >= arrived
        return is_since and self.is_good(now, generation)

    def is_good(self, now: float, generation: int) -> bool:
        """Whether it may be given as it is, under the policy of this generation."""
        return now < self.fresh_until and self.generation == generation

    def revive(self, now: float, report: Report) -> None:
        """Give out the expired answer for STALE_TTL_S more seconds, marked as stale."""
        answer = self.answer
        assert answer is not None
        self._write_ttls(answer, [STALE_TTL_S] * len(answer.tail.ttls))
        self.opt = write_opt(
            do=bool(self.opt[7] & 0x80), ede=(n.Ede.STALE_ANSWER, "no upstream answers")
        )
        self.report = report
        self.expires = now + STALE_TTL_S
        self.age(now)

    def _write_ttls(self, answer: Answer, ttls: list[int]) -> None:
        data = bytearray(answer.tail.data)
        for offset, ttl in zip(answer.tail.ttl_offsets, ttls, strict=True):
            _TTL.pack_into(data, offset, ttl)
        self.tail = bytes(data)


def ready_answer(answer: Answer, report: Report, generation: int, *, do: bool, cd: bool) -> Ready:
    """The Ready of an upstream's answer; one with `ttl_s` 0 is good for this moment only.

    An answer that was just received needs no ageing; others are aged before they are given.
    """
    ready = Ready(report, generation, answer.tail, rcode=answer.rcode, do=do, cd=cd)
    ready.answer = answer
    ready.expires = answer.expires
    ready.fresh_until = min(answer.received + 1, answer.expires)
    return ready
