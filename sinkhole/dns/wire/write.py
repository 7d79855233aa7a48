"""Records to bytes: the parts of a reply, and error replies.

A reply is put together from four parts, so that a finished one can be kept and given to the next
client without copying it apart again:

    id (2 bytes, the client's) + head (10) + question (the client's own bytes) + tail

The question stands at offset 12 whoever asks, and has the same length however the client spells
the name, so compression pointers and TTL offsets inside a tail stay true for every client.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from struct import Struct
from typing import Final, NamedTuple

from sinkhole.dns.wire import numbers as n
from sinkhole.dns.wire.question import HEADER_SIZE, deserves_reply
from sinkhole.dns.wire.reply import Record

_HEAD: Final = Struct("!HHHHH")
_FIXED: Final = Struct("!HHIH")
_OPT: Final = Struct("!xHHBBHH")
_OPTION: Final = Struct("!HHH")
_QUESTION_NAME: Final = b"\xc0\x0c"

_REACH: Final = 0x4000
"""A pointer can't say an offset from here on, RFC 1035 §4.1.4."""

_MOST_TEXT: Final = 120
"""Bytes of the text of one extended error."""

_NOTHING: Final[dict[bytes, int]] = {}

# Of an answer of one record: there are many of them, and they share these.
_ONE_OFFSET: Final = (len(_QUESTION_NAME) + 4,)
_ONE_COUNTED: Final = (1, 0, 0)

# Bytes before the name inside rdata, for the types whose names may be compressed when sent:
# the ones RFC 1035 defines and no others (RFC 3597 §4).
_COMPRESSIBLE: Final[dict[int, int]] = {
    n.Type.NS: 0,
    n.Type.CNAME: 0,
    n.Type.PTR: 0,
    n.Type.MX: 2,
}


class Tail(NamedTuple):
    """Everything of a reply behind the question, without OPT.

    `ttl_offsets` tells where in `data` the TTLs stand, and `ttls` what they were when written,
    in the same order.
    """

    data: bytes
    ttl_offsets: tuple[int, ...]
    ttls: tuple[int, ...]
    counts: tuple[int, int, int]


def write_head(flags: int, counts: tuple[int, int, int], *, edns: bool) -> bytes:
    """The 10 bytes behind the id: flags, one question, the counts (plus OPT with `edns`)."""
    answers, authorities, additionals = counts
    return _HEAD.pack(flags, 1, answers, authorities, additionals + edns)


def write_tail(
    qname: bytes,
    answer: Sequence[Record],
    authority: Sequence[Record] = (),
    additional: Sequence[Record] = (),
) -> Tail:
    """The records of a reply to a question about `qname` (lower-cased wire name).

    Owner names are compressed against the question and what was written before (RFC 1035
    §4.1.4). Names inside NS, CNAME, PTR and MX keep their letter case: they are compressed
    against each other where that is the same, and never against the question, which every client
    spells as it likes. Cost: about 1.5 µs a record, 0.5 µs for a single one of the name asked for.
    """
    if len(answer) == 1 and not authority and not additional:
        name, rtype, ttl, rdata = answer[0]
        if name == qname:
            data = _QUESTION_NAME + _FIXED.pack(rtype, n.CLASS_IN, ttl, len(rdata)) + rdata
            return Tail(data, _ONE_OFFSET, (ttl,), _ONE_COUNTED)
    out = bytearray()
    base = HEADER_SIZE + len(qname) + 4
    names = _Names(qname)
    offsets: list[int] = []
    ttls: list[int] = []
    for section in (answer, authority, additional):
        for name, rtype, ttl, rdata in section:
            out += _QUESTION_NAME if name == qname else names.owner(name, base + len(out))
            offsets.append(len(out) + 4)
            ttls.append(ttl)
            before = _COMPRESSIBLE.get(rtype)
            if before is not None:
                at = base + len(out) + _FIXED.size + before
                rdata = rdata[:before] + names.inside(rdata[before:], at)
            out += _FIXED.pack(rtype, n.CLASS_IN, ttl, len(rdata))
            out += rdata
    counts = (len(answer), len(authority), len(additional))
    return Tail(bytes(out), tuple(offsets), tuple(ttls), counts)


def write_opt(*, do: bool, rcode: int = 0, errors: Iterable[tuple[int, str]] = ()) -> bytes:
    """An OPT record of ours, with extended errors (codes and texts) if there are any.

    RFC 6891 §6.1.2 and §6.1.3 (the upper bits of `rcode`), RFC 3225 §3 (DO is copied back),
    RFC 8914 §2.
    """
    options = b""
    for code, words in errors:
        text = words.encode()[:_MOST_TEXT].decode(errors="ignore").encode()  # whole characters
        options += _OPTION.pack(n.Option.EDE, len(text) + 2, code) + text
    flags = n.EDNS_DO if do else 0
    return _OPT.pack(n.Type.OPT, n.EDNS_PAYLOAD, rcode >> 4, 0, flags, len(options)) + options


def write_error(query: bytes, rcode: int) -> bytes:
    """A header-only reply to a query that may be broken beyond its header.

    The id, opcode and RD are copied (RFC 1035 §4.1.1); no question is repeated, as it may be
    the part that cannot be read. BADVERS needs OPT for its upper bits (RFC 6891 §6.1.3). The
    query must be one that `deserves_reply`.
    """
    assert deserves_reply(query)
    flags = n.QR | n.RA | rcode & n.RCODE_MASK
    flags |= int.from_bytes(query[2:4], "big") & (n.OPCODE_MASK | n.RD)
    edns = rcode > n.RCODE_MASK
    head = query[0:2] + _HEAD.pack(flags, 0, 0, 0, int(edns))
    return head + write_opt(do=False, rcode=rcode) if edns else head


def write_truncated(query: bytes, question_end: int, *, edns: bool, do: bool) -> bytes:
    """A reply with TC set and nothing in it: "ask again over TCP" (RFC 2181 §9).

    `question_end` is the offset behind the question's class.
    """
    return _write_empty(query, question_end, n.TC, edns=edns, do=do)


def write_refused(query: bytes, question_end: int, *, edns: bool, do: bool) -> bytes:
    """A reply that says REFUSED, to a query that can be read.

    It repeats the question: stub resolvers take a reply without it for somebody else's, and wait.
    """
    return _write_empty(query, question_end, n.Rcode.REFUSED, edns=edns, do=do)


def write_failed(query: bytes, question_end: int, *, edns: bool, do: bool) -> bytes:
    """A reply that says SERVFAIL, to a query that can be read; it repeats the question as well."""
    return _write_empty(query, question_end, n.Rcode.SERVFAIL, edns=edns, do=do)


def _write_empty(query: bytes, question_end: int, flag: int, *, edns: bool, do: bool) -> bytes:
    flags = n.QR | n.RA | flag | int.from_bytes(query[2:4], "big") & (n.RD | n.CD)
    head = write_head(flags, (0, 0, 0), edns=edns)
    opt = write_opt(do=do) if edns else b""
    return query[0:2] + head + query[HEADER_SIZE:question_end] + opt


def without_rd(reply: bytes) -> bytes:
    """The reply to a query that did not set RD, which is copied (RFC 1035 §4.1.1)."""
    return reply[:2] + bytes((reply[2] & ~(n.RD >> 8) & 0xFF,)) + reply[3:]


class _Names:
    """The names of a message being written, and where they can be pointed at."""

    __slots__ = ("_asked", "_beyond", "_qname", "_spelled")

    def __init__(self, qname: bytes) -> None:
        self._qname = qname
        self._spelled: dict[bytes, int] = {}
        """What stands in the message letter for letter."""
        self._asked: dict[bytes, int] = {}
        """The question and what ends in it: spelled as the client does."""
        self._beyond: dict[bytes, bytes] = {}
        """Owners as they are written where nothing new can be pointed at: the same every time."""

    def owner(self, name: bytes, at: int) -> bytes:
        """An owner name, other than the question's, as it is to be written at offset `at`."""
        there = self._spelled.get(name)
        if there is not None:
            return (0xC000 | there).to_bytes(2, "big")
        if not self._asked:
            _remember(self._qname, HEADER_SIZE, self._asked, len(self._qname) - 1)
        if at < _REACH:
            return _compress(name, at, self._spelled, self._asked)
        written = self._beyond.get(name)
        if written is None:
            written = self._beyond[name] = _compress(name, at, self._spelled, self._asked)
        return written

    def inside(self, name: bytes, at: int) -> bytes:
        """A name inside rdata, in its own letter case, as it is to be written at offset `at`."""
        return _compress(name, at, self._spelled, _NOTHING)


def _remember(name: bytes, at: int, known: dict[bytes, int], end: int) -> None:
    """Note where a name, written at `at`, and the names above it stand, up to the one at `end`.

    Pointers reach 14 bits only.
    """
    position = 0
    while position < end and at + position < _REACH:
        known[name[position:]] = at + position
        position += name[position] + 1


def _compress(name: bytes, at: int, spelled: dict[bytes, int], asked: dict[bytes, int]) -> bytes:
    """The name as it is to be written at offset `at` of the message.

    `spelled` has names that stand there letter for letter, `asked` such as end in the question.
    """
    position = 0
    while size := name[position]:
        rest = name[position:]
        target = spelled.get(rest)
        if target is not None:
            _remember(name, at, spelled, position)
            return name[:position] + (0xC000 | target).to_bytes(2, "big")
        target = asked.get(rest)
        if target is not None:
            _remember(name, at, asked, position)
            return name[:position] + (0xC000 | target).to_bytes(2, "big")
        position += size + 1
    _remember(name, at, spelled, position)
    return name
