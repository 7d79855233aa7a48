"""What an upstream said about a question, and how long it may be kept.

All times are seconds of one monotonic clock, given as `now`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, NamedTuple

from sinkhole.dns.wire import numbers as n
from sinkhole.dns.wire.extended_errors import ExtendedError
from sinkhole.dns.wire.name import is_below
from sinkhole.dns.wire.query import render_query
from sinkhole.dns.wire.question import HEADER_SIZE, Question
from sinkhole.dns.wire.reply import Record, Reply, chain_of, covered, read_reply, signer
from sinkhole.dns.wire.svcb import without_hints
from sinkhole.dns.wire.write import Tail, write_head, write_tail
from sinkhole.model.errors import WireError

_SOA_TIMERS_SIZE: Final = 20

MAX_LINKS: Final = 12
"""CNAMEs in an answer, those made here included."""

_CLASS_IN: Final = n.CLASS_IN.to_bytes(2, "big")
_ADDRESS_HEADS: Final = {
    n.Type.A: (b"\0\x01" + _CLASS_IN, b"\0\4"),
    n.Type.AAAA: (b"\0\x1c" + _CLASS_IN, b"\0\x10"),
}
"""What stands before and behind the TTL of an address record: type and class, size of rdata."""

_PROOFS: Final = frozenset({n.Type.NSEC, n.Type.NSEC3})
_PROVING: Final = _PROOFS | {n.Type.RRSIG}

MOST_PROOFS: Final = 64
"""Records of an authority section that are looked at; a chain of the longest needs no more."""

MOST_SERVICES: Final = 100
MOST_SERVICE_BYTES: Final = 16_384
"""HTTPS or SVCB records of an answer, and what they may take up: the target and each address in
each is judged. Real answers have a few."""

_SERVICE_TYPES: Final = frozenset({n.Type.HTTPS, n.Type.SVCB})

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
    The first `links` of them no upstream said: they are CNAMEs made here, which led to it.
    `errors` are what the upstream said of a negative answer; a restart forgets them. `via` is the
    upstream set that said it: about another set it says nothing. `subnet` is the client subnet
    that it is for (as in `Question`), b"" where it is for everybody. `dns64` are the settings of
    DNS64 under which addresses were asked for, b"" where these had no say.
    """

    rcode: int
    ad: bool
    tail: Tail
    ttl_s: int
    received: float
    targets: tuple[bytes, ...] = ()
    links: int = 0
    errors: tuple[ExtendedError, ...] = ()
    via: str = ""
    subnet: bytes = b""
    dns64: bytes = b""

    def addresses(self, rtype: int) -> list[bytes]:
        """The addresses in its records of type A or AAAA; 0.4 µs for one.

        Read from the bytes it is kept as: they are rarely asked for, and would be as many objects
        again.
        """
        data, before, behind = self.tail.data, *_ADDRESS_HEADS[rtype]
        size = behind[1]
        return [
            data[at + 6 : at + 6 + size]
            for at in self.tail.ttl_offsets
            if data[at + 4 : at + 6] == behind and data[at - 4 : at] == before
        ]

    def rdatas(self, rtype: int) -> list[bytes]:
        """The rdata of its records of a type that has no compressed names."""
        data, before = self.tail.data, rtype.to_bytes(2, "big") + _CLASS_IN
        return [
            data[at + 6 : at + 6 + int.from_bytes(data[at + 4 : at + 6], "big")]
            for at in self.tail.ttl_offsets
            if data[at - 4 : at] == before
        ]

    def without_hints(self, question: Question, hints: Collection[bytes]) -> Tail:
        """What is given of it to who may not know some addresses of services (`svcb.IPV4_HINT`,
        `IPV6_HINT`); without signatures, as these are about all of it."""
        query = render_query(question, 0, edns=False)
        head = write_head(self.rcode, self.tail.counts, edns=False)
        reply = read_reply(query[:2] + head + query[HEADER_SIZE:] + self.tail.data)
        records = tuple(
            each._replace(rdata=without_hints(each.rdata, hints))
            if each.rtype in _SERVICE_TYPES
            else each
            for each in reply.answer
            if each.rtype != n.Type.RRSIG or covered(each) not in _SERVICE_TYPES
        )
        return write_tail(question.name, records, reply.authority)

    @property
    def expires(self) -> float:
        """When it must not be given any more, but in need (RFC 8767)."""
        return self.received + self.ttl_s


def answer_of(
    reply: Reply,
    question: Question,
    limits: TtlLimits,
    now: float,
    front: tuple[Record, ...] = (),
    via: str = "",
) -> Answer:
    """Keep of a reply what is about the question, and decide how long it may be kept.

    `front` are CNAMEs made here, from the question's name to the one that was asked for in its
    place; the answer begins with them. `via` is the upstream set that was asked.

    Positive: the smallest TTL of the chain and of what proves it, within the limits. Negative
    (NXDOMAIN, or no record of the type): the SOA decides, if it is the SOA of a zone above the
    name; a foreign or missing SOA means the reply is passed on but not kept (RFC 2308 §5). Other
    rcodes are not kept either. Raises WireError for a CNAME chain that is too long or a circle,
    for records that fill more than a message once their names are written out, and for more
    services than anybody needs.
    """
    chain = chain_of(reply, question) if not front else _chain_behind(front, reply, question)
    if question.qtype in _SERVICE_TYPES:
        _check_services(chain)
    links = len(front)
    asked = [record.ttl for record in chain if record.rtype == question.qtype]
    negative = reply.rcode == n.Rcode.NXDOMAIN or not asked
    if not negative and reply.rcode == n.Rcode.NOERROR:
        proofs = _proofs(reply.authority, _signers(chain)) if question.do else ()
        whole = _with_ttls(chain + proofs, limits.min_ttl_s, limits.max_ttl_s)
        ttl_s = min([record.ttl for record in whole])
        chain, proofs = whole[: len(chain)], whole[len(chain) :]
        return _written(reply, question, chain, proofs, ttl_s, now, links, via)
    authority = _soa_and_proofs(reply.authority, question, chain) if negative else ()
    ttl_s = 0
    if reply.rcode in (n.Rcode.NOERROR, n.Rcode.NXDOMAIN):
        ttl_s = _negative_ttl(chain, authority, limits)
    authority = tuple(r._replace(ttl=min(r.ttl, ttl_s)) for r in authority)
    chain = _with_ttls(chain, 0, limits.max_ttl_s)
    answer = _written(reply, question, chain, authority, ttl_s, now, links, via)
    return answer._replace(errors=reply.errors) if reply.errors else answer


def _check_services(chain: tuple[Record, ...]) -> None:
    sizes = [len(record.rdata) for record in chain if record.rtype in _SERVICE_TYPES]
    if len(sizes) > MOST_SERVICES or sum(sizes) > MOST_SERVICE_BYTES:
        raise WireError(
            f"{len(sizes)} services of {sum(sizes)} bytes, at most {MOST_SERVICES} of "
            f"{MOST_SERVICE_BYTES} are taken"
        )


def _chain_behind(
    front: tuple[Record, ...], reply: Reply, question: Question
) -> tuple[Record, ...]:
    """The chain of a reply about the name that `front` leads to, with `front` before it."""
    asked = question._replace(name=front[-1].rdata.lower())
    chain = chain_of(reply, asked, MAX_LINKS - len(front))
    if {record.name for record in front} & {record.name for record in chain}:
        raise WireError("a CNAME leads back to a name that is answered here")
    return front + chain


def _written(
    reply: Reply,
    question: Question,
    chain: tuple[Record, ...],
    authority: tuple[Record, ...],
    ttl_s: int,
    now: float,
    links: int,
    via: str,
) -> Answer:
    targets = tuple([r.rdata.lower() for r in chain if r.rtype == n.Type.CNAME])
    tail = write_tail(question.name, chain, authority)
    if len(tail.data) > _MOST_BYTES:
        raise WireError(f"{len(tail.data)} bytes of records, at most {_MOST_BYTES} fit a message")
    return Answer(reply.rcode, reply.ad, tail, ttl_s, now, targets, links, via=via)


def _soa_and_proofs(
    authority: tuple[Record, ...], question: Question, chain: tuple[Record, ...]
) -> tuple[Record, ...]:
    """The authority records that belong to a negative answer: the SOA of a zone above the name.

    With DO set, its signatures and the proofs stay with it (RFC 4035 §3.1.3).
    """
    last = next((r.rdata.lower() for r in reversed(chain) if r.rtype == n.Type.CNAME), None)
    name = question.name if last is None else last
    soa = next((r for r in authority if r.rtype == n.Type.SOA and is_below(name, r.name)), None)
    if not question.do:
        return () if soa is None else (soa,)
    zones = _signers(chain) | ({soa.name} if soa is not None else set())
    return _proofs(authority, zones, soa)


def _proofs(
    authority: tuple[Record, ...], zones: set[bytes], soa: Record | None = None
) -> tuple[Record, ...]:
    """The NSEC and NSEC3 records of some zones, and `soa`, each with its signatures.

    They prove that a name or a type is not there, or of an answer made from a wildcard, that no
    name fits better (RFC 4035 §3.1.3.3). What else an upstream puts there proves nothing.
    """
    if not (authority and zones):
        return ()
    looked_at = [r for r in authority if r is soa or r.rtype in _PROVING][:MOST_PROOFS]
    kept = {
        (r.name, r.rtype)
        for r in looked_at
        if r is soa or (r.rtype in _PROOFS and any(is_below(r.name, zone) for zone in zones))
    }
    return tuple(
        r for r in looked_at if (r.name, covered(r) if r.rtype == n.Type.RRSIG else r.rtype) in kept
    )


def _signers(chain: tuple[Record, ...]) -> set[bytes]:
    """The zones that signed what is in an answer."""
    signatures = [r for r in chain if r.rtype == n.Type.RRSIG][:MOST_PROOFS]
    return {signer(r) for r in signatures} - {b""}


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
    is_right = True
    for name, rtype, ttl, _ in chain:
        before = smallest.setdefault((name, rtype), ttl)
        if ttl != before or not least <= ttl <= most:
            is_right = False
            smallest[name, rtype] = min(ttl, before)
    if is_right:
        return chain
    return tuple(r._replace(ttl=_clamp(smallest[r.name, r.rtype], least, most)) for r in chain)


def _clamp(value: int, least: int, most: int) -> int:
    return max(least, min(value, most))
