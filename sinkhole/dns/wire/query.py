"""The queries we send: bytes of one question to an upstream.

An upstream gets a query of our own making and nothing of a client's message but the question:
no client id, no client's letter case, no client's EDNS options (RFC 6891 §6.2.6).
"""

from __future__ import annotations

from typing import Final

from sinkhole.dns.wire import numbers as n
from sinkhole.dns.wire.question import HEADER_SIZE, OPT_FIXED_SIZE, Question

_QUESTION_FIXED_SIZE: Final = 5
"""The root's empty label, type and class."""

_CASE_BIT: Final = 0x20
_LETTERS: Final = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")

# Length bytes are at most 63, below every letter, so a whole wire name can be translated at once.
_CASE_MASK: Final = bytes(_CASE_BIT if byte in _LETTERS else 0 for byte in range(256))


def _head(cd: bool, edns: bool) -> bytes:
    """Flags and counts: RD, CD, one question, and one additional record with EDNS."""
    flags = n.RD | (n.CD if cd else 0)
    return flags.to_bytes(2, "big") + bytes((0, 1, 0, 0, 0, 0, 0, int(edns)))


def _tail(do: bool) -> bytes:
    """Class IN, then OPT: root, type, our payload, version 0, DO, no options (RFC 6891 §6.1.2)."""
    ttl = n.EDNS_DO if do else 0
    opt = n.Type.OPT.to_bytes(2, "big") + n.EDNS_PAYLOAD.to_bytes(2, "big")
    return b"\0\1" + b"\0" + opt + ttl.to_bytes(4, "big") + b"\0\0"


PADDED_TO: Final = 128
"""Queries that nobody on the way can read are made as long as a multiple of this (RFC 8467 §4.1),
so that their length says little of the name."""

_PADDING: Final = 12  # RFC 7830 §3
_OPTION_HEAD: Final = 4


def _option(code: int, data: bytes) -> bytes:
    return code.to_bytes(2, "big") + len(data).to_bytes(2, "big") + data


def _tail_with(do: bool, options: bytes) -> bytes:
    """As `_tail`, with options."""
    return _tail(do)[:-2] + len(options).to_bytes(2, "big") + options


def _padded_tail(do: bool, padding: int) -> bytes:
    """As `_tail`, with one option: so many zero bytes of padding."""
    return _tail_with(do, _option(_PADDING, bytes(padding)))


def _subnet_tail(question: Question, padded: bool) -> bytes:
    """As `_tail`, with what is told of where the client is (RFC 7871 §6), and padding."""
    options = _option(n.Option.ECS, question.subnet)
    if padded:
        size = _LEAST_PADDED + len(question.name) + len(options)
        options += _option(_PADDING, bytes(-size % PADDED_TO))
    return _tail_with(question.do, options)


_HEADS: Final = {(cd, edns): _head(cd, edns) for cd in (False, True) for edns in (False, True)}
_TAILS: Final = {do: _tail(do) for do in (False, True)}
_BARE_TAIL: Final = b"\0\1"
_PADDED_TAILS: Final = {
    (do, padding): _padded_tail(do, padding) for do in (False, True) for padding in range(PADDED_TO)
}
_LEAST_PADDED: Final = HEADER_SIZE + 4 + OPT_FIXED_SIZE + _OPTION_HEAD
"""Bytes of a query with an empty padding option, but for its name."""


def render_query(
    question: Question,
    query_id: int,
    *,
    case_bits: int = 0,
    edns: bool = True,
    padded: bool = False,
) -> bytes:
    """The query for a question, with the id and letter case that the caller drew at random.

    `case_bits` holds eight bits for each byte of the wire name (more are ignored, 0 leaves the
    name lower-cased); see `spell`. Both must come from the operating system's random source, for
    they are what a forger has to guess (RFC 5452 §9.2). `padded` is for encrypted transports.
    Without EDNS there is no place for that, for DO and for the client's subnet: they are left out.
    Cost: about 1 µs.
    """
    name = spell(question.name, case_bits) if case_bits else question.name
    if not edns:
        tail = _BARE_TAIL
    elif question.subnet:
        tail = _subnet_tail(question, padded)
    elif padded:
        tail = _PADDED_TAILS[question.do, -(_LEAST_PADDED + len(name)) % PADDED_TO]
    else:
        tail = _TAILS[question.do]
    return (
        query_id.to_bytes(2, "big")
        + _HEADS[question.cd, edns]
        + name
        + question.qtype.to_bytes(2, "big")
        + tail
    )


def spell(wire_name: bytes, case_bits: int) -> bytes:
    """The name with the case of each letter flipped where its bit 0x20 of `case_bits` is set.

    A resolver copies the question into its reply as it was spelled, so every letter adds one
    bit to what a forger has to guess (draft-vixie-dnsext-dns0x20).
    """
    letters = int.from_bytes(wire_name.translate(_CASE_MASK), "big")
    flipped = int.from_bytes(wire_name, "big") ^ (letters & case_bits)
    return flipped.to_bytes(len(wire_name), "big")


def question_end(query: bytes) -> int:
    """The offset behind the question of a query of ours."""
    end = HEADER_SIZE
    while size := query[end]:
        end += size + 1
    return end + _QUESTION_FIXED_SIZE


def answers_but_for_case(wire: bytes, query: bytes) -> bool:
    """Whether a response has the query's id and question, letter case aside.

    True of servers that lower-case what they are asked; `answers_question` refuses those.
    """
    end = question_end(query)
    name_end = end - 4
    return (
        len(wire) >= end
        and wire[0:2] == query[0:2]
        and bool(wire[2] & 0x80)
        and wire[4:6] == b"\0\1"
        and wire[HEADER_SIZE:name_end].lower() == query[HEADER_SIZE:name_end].lower()
        and wire[name_end:end] == query[name_end:end]
    )


def is_reply_to(wire: bytes, question: Question) -> bool:
    """Whether a message is a response to a question, letter case and id aside.

    For transports that know by themselves what a message answers, and that nobody can write into.
    Responses that leave the question out (some servers do for FORMERR and NOTIMP) count when they
    hold no records at all.
    """
    if len(wire) < HEADER_SIZE or not wire[2] & 0x80:
        return False
    if wire[4:6] == b"\0\0":
        return wire[6:10] == b"\0\0\0\0" and wire[3] & n.RCODE_MASK != n.Rcode.NOERROR
    end = HEADER_SIZE + len(question.name)
    return (
        wire[4:6] == b"\0\1"
        and wire[HEADER_SIZE:end].lower() == question.name
        and wire[end : end + 4] == question.qtype.to_bytes(2, "big") + b"\0\1"
    )
