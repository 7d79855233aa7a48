"""Reading queries."""

from __future__ import annotations

import dnslib
import pytest

from sinkhole.dns.wire import numbers as n
from sinkhole.dns.wire.question import MOST_OPTIONS, deserves_reply, name_in, peek
from sinkhole.model.errors import WireError

HEADER = b"\xab\xcd\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
NAME = b"\x07eXample\x03org\x00"
A_IN = b"\x00\x01\x00\x01"


def query(
    *, flags: int = 0x0100, counts: tuple[int, ...] = (1, 0, 0, 0), rest: bytes = A_IN
) -> bytes:
    head = b"".join(value.to_bytes(2, "big") for value in (0xABCD, flags, *counts))
    return head + NAME + rest


def opt(size: int = 1232, version: int = 0, flags: int = 0, options: bytes = b"") -> bytes:
    fixed = (
        b"\x00\x00\x29" + size.to_bytes(2, "big") + bytes((0, version)) + flags.to_bytes(2, "big")
    )
    return fixed + len(options).to_bytes(2, "big") + options


def test_a_plain_query() -> None:
    end, shape = peek(query())
    assert end == 12 + len(NAME)
    assert (shape.qtype, shape.qclass, shape.edns, shape.payload) == (1, 1, False, 512)
    assert shape.flags & n.RD and shape.plain and not shape.do and not shape.cd
    question = shape.question(NAME.lower())
    assert question.name == b"\x07example\x03org\x00"


@pytest.mark.parametrize(("announced", "taken"), [(0, 512), (511, 512), (1000, 1000), (4096, 1232)])
def test_the_payload_size_is_bounded_both_ways(announced: int, taken: int) -> None:
    _, shape = peek(query(counts=(1, 0, 0, 1), rest=A_IN + opt(announced)))
    assert shape.edns
    assert shape.payload == taken


def test_do_cd_and_class_are_part_of_the_key() -> None:
    keys = {
        peek(query())[1].key,
        peek(query(flags=0x0110))[1].key,
        peek(query(counts=(1, 0, 0, 1), rest=A_IN + opt(flags=0x8000)))[1].key,
        peek(query(rest=b"\x00\x01\x00\x03"))[1].key,
        peek(query(rest=b"\x00\x41\x00\x01"))[1].key,
    }
    assert len(keys) == 5
    assert peek(query())[1].key == peek(query(counts=(1, 0, 0, 1), rest=A_IN + opt()))[1].key


def test_options_are_walked_and_make_a_shape_not_worth_remembering() -> None:
    cookie = b"\x00\x0a\x00\x08" + b"c" * 8
    _, shape = peek(query(counts=(1, 0, 0, 1), rest=A_IN + opt(options=cookie)))
    assert shape.edns and not shape.plain


@pytest.mark.parametrize(
    ("wire", "rcode"),
    [
        (query(flags=0x2900), 4),
        (query(counts=(0, 0, 0, 0)), 1),
        (query(counts=(2, 0, 0, 0)), 1),
        (query(counts=(1, 1, 0, 0)), 1),
        (query(counts=(1, 0, 1, 0)), 1),
        (query(counts=(1, 0, 0, 2), rest=A_IN + opt() + opt()), 1),
        (query(rest=A_IN + b"x"), 1),
        (query(rest=b"\x00\x01\x00"), 1),
        (query(counts=(1, 0, 0, 1), rest=A_IN), 1),
        (query(counts=(1, 0, 0, 1), rest=A_IN + opt() + b"x"), 1),
        (query(counts=(1, 0, 0, 1), rest=A_IN + b"\x01a" + opt()), 1),
        (query(counts=(1, 0, 0, 1), rest=A_IN + opt(options=b"\x00\x0a\x00\x09" + b"c" * 8)), 1),
        (query(counts=(1, 0, 0, 1), rest=A_IN + opt(options=b"\x00\x0a\x00")), 1),
        (query(counts=(1, 0, 0, 1), rest=A_IN + opt(version=1)), 16),
        (HEADER + b"\xc0\x0c" + A_IN, 1),
        (HEADER, 1),
        (HEADER + NAME[:-3], 1),
    ],
)
def test_malformed_queries_are_refused_with_the_right_code(wire: bytes, rcode: int) -> None:
    with pytest.raises(WireError) as caught:
        peek(wire)
    assert caught.value.rcode == rcode


@pytest.mark.parametrize("wire", [b"", HEADER[:11], HEADER[:2] + b"\x81\x80" + HEADER[4:]])
def test_short_messages_and_replies_deserve_nothing(wire: bytes) -> None:
    assert not deserves_reply(wire)


def test_the_name_of_a_query_that_nobody_read() -> None:
    wire = query()
    assert name_in(wire, 12 + len(NAME)) == NAME.lower()
    assert name_in(wire, 12 + 8) == b"\0", "not where a name ends"
    assert name_in(HEADER + b"\x40" + bytes(64) + b"\0", 78) == b"\0"


def test_what_dnslib_asks_is_understood() -> None:
    record = dnslib.DNSRecord.question("www.example.org", "AAAA")
    record.add_ar(dnslib.EDNS0(flags="do", udp_len=1400))
    _, shape = peek(bytes(record.pack()))
    assert (shape.qtype, shape.do, shape.payload) == (28, True, 1232)


def test_options_are_walked_within_a_bound() -> None:
    empty = b"\xfd\xe9\0\0"
    _, shape = peek(query(counts=(1, 0, 0, 1), rest=A_IN + opt(options=empty * MOST_OPTIONS)))
    assert shape.edns
    with pytest.raises(WireError) as caught:
        peek(query(counts=(1, 0, 0, 1), rest=A_IN + opt(options=empty * (MOST_OPTIONS + 1))))
    assert caught.value.rcode == n.Rcode.FORMERR
