"""What upstreams say of their failures, read, cleaned and bounded."""

from __future__ import annotations

import dnslib
import pytest

from sinkhole.dns.wire.extended_errors import (
    MOST_ERRORS,
    MOST_TEXT,
    ExtendedError,
    bounded,
    read_errors,
)
from sinkhole.dns.wire.options import MOST_OPTIONS


def options(*codes_and_data: tuple[int, bytes]) -> bytes:
    """The rdata of OPT, as dnslib writes it."""
    buffer = dnslib.DNSBuffer()
    for code, data in codes_and_data:
        dnslib.EDNSOption(code, data).pack(buffer)
    return bytes(buffer.data)


def said(code: int, text: bytes) -> tuple[int, bytes]:
    return 15, code.to_bytes(2, "big") + text


def test_errors_are_read_among_other_options() -> None:
    data = options((10, bytes(8)), said(6, b"no signature"), (65_001, b""), said(65_535, b""))
    assert read_errors(data) == (ExtendedError(6, "no signature"), ExtendedError(65_535))


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"late\0", "late"),
        (b"two\r\nlines\tand \x1b[31mred", "two lines and [31mred"),
        ("für \u202ealle\u200b".encode(), "für alle"),
        (b"not \xff text", ""),
        (b"cut \xc3", ""),
        (b"\0\0", ""),
    ],
)
def test_a_text_is_what_people_can_be_shown(data: bytes, text: str) -> None:
    assert read_errors(options(said(22, data))) == (ExtendedError(22, text),)


def test_the_same_is_said_once_and_no_more_than_a_few_words_in_all() -> None:
    many = options(*(said(code // 2, b"x%d" % (code // 2)) for code in range(40)))
    assert [error.code for error in read_errors(many)] == list(range(MOST_ERRORS))
    long = read_errors(options(said(1, "ü".encode() * 60), said(2, b"y" * 500), said(3, b"z")))
    assert [len(text.encode()) for _, text in long] == [120, MOST_TEXT - 120, 0]
    assert bounded([*long, *long]) == long
    odd = bounded([ExtendedError(1, "x" + "ü" * 100)])
    assert odd == (ExtendedError(1, "x" + "ü" * 79),), "whole characters"


def test_of_very_many_options_the_first_are_looked_at() -> None:
    padding = [(12, b"")] * (MOST_OPTIONS - 1)
    assert read_errors(options(*padding, said(6, b""))) == (ExtendedError(6),)
    assert read_errors(options(*padding, (12, b""), said(6, b""))) == ()


@pytest.mark.parametrize(
    "data", [b"", b"\x00\x0f", b"\x00\x0f\x00\x09\x00", b"\x00\x0f\x00\x01x", b"\x00\x0f\x00\x00"]
)
def test_what_is_malformed_says_nothing(data: bytes) -> None:
    assert read_errors(data) == ()
    before = options(said(6, b""))
    assert read_errors(before + data) == (ExtendedError(6),)


def test_people_are_told_name_and_text() -> None:
    assert str(ExtendedError(6, "no signature")) == "extended error 6, DNSSEC Bogus: no signature"
    assert str(ExtendedError(24)) == "extended error 24, Invalid Data"
    assert str(ExtendedError(49_152, "own")) == "extended error 49152: own"
