"""What an upstream said about a question, and how long it may be kept.

All times are seconds of one monotonic clock, given as `now`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from sinkhole.errors import WireError
from sinkhole.wire import numbers as n
from sinkhole.wire.name import is_below
from sinkhole.wire.question import Question
from sinkhole.wire.reply import Record, Reply, chain_of
from sinkhole.wire.write import Tail, write_tail

_SOA_TIMERS_SIZE: Final = 20

_MOST_BYTES: Final = n.MAX_MESSAGE - 512
"""What the records may take up: header, question and OPT must fit into a message with them."""


@dataclass(frozen=True, slots=True)
class TtlLimits:
    """Bounds in seconds for how long answers are kept (RFC 2181 §8, RFC 2308 §5)."""

    min_ttl_s: int = 0
    max_ttl_s: int = 86_400
    max_negative_ttl_s: int = 3_600


class Answer(NamedTuple):
    """A reply from upstream, cut down to what is about the question, and written anew.

    `ttl_s` is how long it may be kept from `received` on; 0 means do not keep it. `targets` are
    the CNAME targets in it (lower-cased wire names): a list can refuse the whole answer for one.
    """

    rcode: int
    ad: bool
    tail: Tail
    ttl_s: int
    received: float
    targets: tuple[bytes, ...] = ()

    @property
    def expires(self) -> float:
        """When it must not be given any more, but in need (RFC 8767)."""
        return self.received + self.ttl_s


def answer_of(reply: Reply, question: Question, limits: TtlLimits, now: float) -> Answer:
    """Keep of a reply what is about the question, and decide how long it may be kept.

    Positive: the smallest TTL of the chain, within the limits. Negative (NXDOMAIN, or no record
    of the type): the SOA decides, if it is the SOA of a zone above the name; a foreign or
    missing SOA means the reply is passed on but not kept (RFC 2308 §5). Other rcodes are not
    kept either. Raises WireError for a CNAME chain that is too long or a circle, and for records
    that fill more than a message once their names are written out.
    """
    chain = chain_of(reply, question)
    asked = [record.ttl for record in chain if record.rtype == question.qtype]
    negative = reply.rcode == n.Rcode.NXDOMAIN or not asked
    if not negative and reply.rcode == n.Rcode.NOERROR:
        chain = _with_ttls(chain, limits.min_ttl_s, limits.max_ttl_s)
        return _written(reply, question, chain, (), min([record.ttl for record in chain]), now)
    authority = _soa_and_proofs(reply.authority, question, chain) if negative else ()
    ttl_s = 0
    if reply.rcode in (n.Rcode.NOERROR, n.Rcode.NXDOMAIN):
        ttl_s = _negative_ttl(chain, authority, limits)
    authority = tuple(r._replace(ttl=min(r.ttl, ttl_s)) for r in authority)
    chain = _with_ttls(chain, 0, limits.max_ttl_s)
    return _written(reply, question, chain, authority, ttl_s, now)


def _written(
    reply: Reply,
    question: Question,
    chain: tuple[Record, ...],
    authority: tuple[Record, ...],
    ttl_s: int,
    now: float,
) -> Answer:
    targets = tuple([r.rdata.lower() for r in chain if r.rtype == n.Type.CNAME])
    tail = write_tail(question.name, chain, authority)
    if len(tail.data) > _MOST_BYTES:
        raise WireError(f"{len(tail.data)} bytes of records, at most {_MOST_BYTES} fit a message")
    return Answer(reply.rcode, reply.ad, tail, ttl_s, now, targets)


def _soa_and_proofs(
    authority: tuple[Record, ...], question: Question, chain: tuple[Record, ...]
) -> tuple[Record, ...]:
    """The authority records that belong to a negative answer: the SOA of a zone above the name.

    With DO set, the DNSSEC proofs stay with it (RFC 4035 §3.1.3).
    """
    last = next((r.rdata.lower() for r in reversed(chain) if r.rtype == n.Type.CNAME), None)
    name = question.name if last is None else last
    kinds = {int(n.Type.SOA)}
    if question.do:
        kinds |= {n.Type.NSEC, n.Type.NSEC3, n.Type.RRSIG}
    soa = next((r for r in authority if r.rtype == n.Type.SOA and is_below(name, r.name)), None)
    if soa is None:
        return ()
    return tuple(r for r in authority if r.rtype in kinds and is_below(r.name, soa.name))


def _negative_ttl(
    chain: tuple[Record, ...], authority: tuple[Record, ...], limits: TtlLimits
) -> int:
    """min(SOA TTL, SOA MINIMUM, TTLs of the chain before it), capped; 0 without an SOA."""
    soa = next((r for r in authority if r.rtype == n.Type.SOA), None)
    if soa is None or len(soa.rdata) < _SOA_TIMERS_SIZE:
        return 0
    minimum = int.from_bytes(soa.rdata[-4:], "big")
    return min(soa.ttl, minimum, limits.max_negative_ttl_s, *(r.ttl for r in chain))


def _with_ttls(chain: tuple[Record, ...], least: int, most: int) -> tuple[Record, ...]:
    """The chain with every TTL within bounds and equal inside an rrset (RFC 2181 §5.2)."""
    if len(chain) == 1 and least <= chain[0].ttl <= most:
        return chain  # nearly every answer
    smallest: dict[tuple[bytes, int], int] = {}
    for r in chain:
        rrset = (r.name, r.rtype)
        smallest[rrset] = min(r.ttl, smallest.get(rrset, r.ttl))
    return tuple(r._replace(ttl=_clamp(smallest[r.name, r.rtype], least, most)) for r in chain)


def _clamp(value: int, least: int, most: int) -> int:
    return max(least, min(value, most))
