"""Replies to those who ask for it have one of few sizes."""

from __future__ import annotations

import dnslib
import pytest

from sinkhole.dns.wire.padding import BLOCK, padded, wants_padding
from sinkhole.dns.wire.write import write_error, write_failed, write_opt


def query(*options: tuple[int, bytes], edns: bool = True) -> bytes:
    record = dnslib.DNSRecord(dnslib.DNSHeader(id=7, rd=1), q=dnslib.DNSQuestion("www.example.org"))
    if edns:
        record.add_ar(dnslib.EDNS0(opts=[dnslib.EDNSOption(*each) for each in options]))
    return bytes(record.pack())


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        (query((12, b"")), True),
        (query((12, bytes(70))), True),
        (query((10, bytes(8)), (12, bytes(3))), True),
        (query((10, bytes(8)), (65001, b"\0\x0c\0\0")), False),
        (query(), False),
        (query(edns=False), False),
        (query((12, b""))[:20], False),
        (b"", False),
    ],
)
def test_padding_is_wanted_where_the_option_stands(asked: bytes, wanted: bool) -> None:
    assert wants_padding(asked) == wanted


def reply(size: int = 0) -> bytes:
    """With an answer whose data is so long, an authority record and OPT with an extended error."""
    record = dnslib.DNSRecord.question("www.example.org").reply()
    record.add_answer(dnslib.RR("www.example.org", 65280, rdata=dnslib.RD(bytes(size))))
    record.add_auth(*dnslib.RR.fromZone("example.org. 60 NS ns.example.org."))
    opt = write_opt(do=True, errors=[(15, "Starter")])
    written = record.pack()
    return bytes(written[:10]) + b"\0\1" + bytes(written[12:]) + opt


@pytest.mark.parametrize("size", [1, 300, 363, 364, 365, 366, 367, 368, 500, 2000])
def test_a_padded_reply_says_the_same_and_is_a_multiple_of_the_block(size: int) -> None:
    plain = reply(size)
    made = padded(plain)
    assert len(made) % BLOCK == 0
    assert 0 <= len(made) - len(plain) - 4 < BLOCK
    read, expected = dnslib.DNSRecord.parse(made), dnslib.DNSRecord.parse(plain)
    assert (read.rr, read.auth, read.header) == (expected.rr, expected.auth, expected.header)
    *options, padding = read.ar[0].rdata
    assert options == expected.ar[0].rdata
    assert (padding.code, set(padding.data) <= {0}) == (12, True)


def test_no_reply_grows_beyond_what_a_message_may_have() -> None:
    for size in range(65_300, 65_470):
        plain = reply(size)
        if len(plain) <= 65_535:
            assert len(plain) <= len(padded(plain)) <= 65_535


def test_what_has_no_opt_stays_as_it_is() -> None:
    asked = query(edns=False)
    for plain in (write_error(asked, 1), write_failed(asked, len(asked), edns=False, do=False)):
        assert padded(plain) == plain


def test_errors_are_padded_as_well() -> None:
    asked = query((12, b""))
    assert len(padded(write_failed(asked, len(asked) - 15, edns=True, do=False))) == BLOCK
    assert len(padded(write_error(asked, 16))) == BLOCK
