"""What a client asks: reading one query without a full parse.

    0   2       4          12             end        end+4
    +---+-------+----------+--------------+----------+----------------------+
    |id | flags | 4 counts | qname        | type,cls | OPT record, if EDNS  |
    +---+-------+----------+--------------+----------+----------------------+
        '------ shape -----'              '----------- shape ---------------'

A query is its id, its name and its *shape*: everything else. Clients send few different shapes
(type x EDNS settings), so a shape is read once and looked up by its bytes from then on. What is
left to do per query is to find the end of the name.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from sinkhole.dns.wire import numbers as n
from sinkhole.dns.wire.name import ROOT, end_of
from sinkhole.dns.wire.options import NO_SUBNET, check_option, wants_no_subnet
from sinkhole.model.errors import WireError

HEADER_SIZE: Final = 12
OPT_FIXED_SIZE: Final = 11

HIDDEN: Final = 1 << 4
"""The bit of `Shape.key` that says so."""

MOST_OPTIONS: Final = 32
"""EDNS options of a query. Clients send a handful; a query of nothing else keeps us reading."""


class Question(NamedTuple):
    """What is asked, with everything that can change the answer (RFC 4035 §3.2).

    `name` is the lower-cased wire name; the class is always IN. `subnet` is what is told of where
    the client is: the content of that option (RFC 7871 §6), b"" for no such option.
    """

    name: bytes
    qtype: int
    do: bool = False
    cd: bool = False
    subnet: bytes = b""


class Shape(NamedTuple):
    """Everything of a query but its id and its name.

    `flags` is the header's flags field. `payload` is the largest UDP reply the client takes:
    512 without EDNS, else what it announces within 512..1232 (RFC 6891 §6.2.3). `key` is what
    identifies the question together with the lower-cased name: type (2 bytes), then one byte,
    bit 0 DO and bit 1 CD; for a class other than IN bit 2, then the class (2 bytes); bit 4 where
    nobody may be told of the client (`hidden`). `plain` is True when the same bytes are likely to
    come again: there are no EDNS options.
    """

    qtype: int
    qclass: int
    flags: int
    edns: bool
    do: bool
    payload: int
    key: bytes
    plain: bool
    hidden: bool = False

    @property
    def cd(self) -> bool:
        """Checking disabled: copied into the reply and passed upstream (RFC 4035 §3.2.2)."""
        return bool(self.flags & n.CD)

    def question(self, lower_name: bytes) -> Question:
        """The question this shape asks about a lower-cased wire name."""
        subnet = NO_SUBNET if self.hidden else b""
        return Question(lower_name, self.qtype, self.do, self.cd, subnet)


def peek(wire: bytes) -> tuple[int, Shape]:
    """Read a query: the end of its name, and its shape.

    Raises WireError with the rcode to answer: NOTIMP for an opcode other than QUERY, BADVERS
    for an EDNS version above 0 (RFC 6891 §6.1.3), FORMERR for everything malformed. A query has
    exactly one question (RFC 9619 §4), no answer or authority records, at most one additional
    record, which is OPT (RFC 6891 §6.1.1), and nothing behind it. Messages that deserve no
    reply at all (under 12 bytes, or QR set) must be dropped before, see `deserves_reply`.
    """
    flags = int.from_bytes(wire[2:4], "big")
    if flags & n.OPCODE_MASK:
        raise WireError("opcode is not QUERY", n.Rcode.NOTIMP)
    if wire[4:6] != b"\0\1":
        raise WireError("a query must have exactly one question")
    if wire[6:10] != b"\0\0\0\0":
        raise WireError("a query must have no answer or authority records")
    end = end_of(wire, HEADER_SIZE)
    return end, read_shape(wire[2:HEADER_SIZE], wire[end:])


def deserves_reply(wire: bytes) -> bool:
    """Whether a datagram is a query at all; answering replies would start a ping-pong."""
    return len(wire) >= HEADER_SIZE and not wire[2] & 0x80


def name_in(wire: bytes, end: int) -> bytes:
    """The lower-cased name of a query that was only walked over, up to `end`; the root if none."""
    try:
        return wire[HEADER_SIZE:end].lower() if end_of(wire, HEADER_SIZE) == end else ROOT
    except WireError:
        return ROOT


def read_shape(header: bytes, rest: bytes) -> Shape:
    """Read the shape from the header behind the id (10 bytes) and all behind the name.

    Raises WireError as `peek` does; expects opcode and the first three counts to be checked.
    """
    flags = int.from_bytes(header[0:2], "big")
    additional = int.from_bytes(header[8:10], "big")
    if len(rest) < 4:
        raise WireError("message ends within the question")
    qtype = int.from_bytes(rest[0:2], "big")
    qclass = int.from_bytes(rest[2:4], "big")
    if additional > 1:
        raise WireError("a query may have one additional record only, OPT")
    if additional == 0:
        if len(rest) > 4:
            raise WireError("bytes behind the question")
        payload, do, plain, hidden = n.CLASSIC_PAYLOAD, False, True, False
    else:
        payload, do, plain, hidden = _read_opt(rest[4:])
    foreign = qclass != n.CLASS_IN
    bits = do | bool(flags & n.CD) << 1 | foreign << 2 | (HIDDEN if hidden else 0)
    key = rest[0:2] + bytes((bits,))
    if foreign:
        key += rest[2:4]
    return Shape(qtype, qclass, flags, additional == 1, do, payload, key, plain, hidden)


def _read_opt(record: bytes) -> tuple[int, bool, bool, bool]:
    """Payload size, DO, "has no options" and "tell nobody of me" of an OPT record, RFC 6891
    §6.1.2."""
    if len(record) < OPT_FIXED_SIZE:
        raise WireError("message ends within the additional record")
    if record[0:3] != b"\0\0\x29":
        raise WireError("the additional record of a query must be OPT, owned by the root")
    size = int.from_bytes(record[9:11], "big")
    if len(record) != OPT_FIXED_SIZE + size:
        raise WireError("OPT does not end where the message ends")
    if record[6]:  # looked at first: what the options of that version look like is not known
        raise WireError(f"EDNS version {record[6]} is not known here", n.Rcode.BADVERS)
    position, left, hidden = OPT_FIXED_SIZE, MOST_OPTIONS, False
    while position < len(record):
        left -= 1
        if left < 0:
            raise WireError(f"more than {MOST_OPTIONS} EDNS options")
        if position + 4 > len(record):
            raise WireError("an EDNS option ends within its head")
        code = int.from_bytes(record[position : position + 2], "big")
        data_at = position + 4
        position = data_at + int.from_bytes(record[position + 2 : data_at], "big")
        if position > len(record):
            raise WireError("an EDNS option overruns OPT")
        check_option(code, data := record[data_at:position])
        hidden = hidden or wants_no_subnet(code, data)
    announced = int.from_bytes(record[3:5], "big")
    payload = min(max(announced, n.CLASSIC_PAYLOAD), n.EDNS_PAYLOAD)
    return payload, bool(record[7] & 0x80), size == 0, hidden
