"""The data of records, as text and on the wire."""

from __future__ import annotations

import pytest

from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.numbers import Type
from sinkhole.dns.wire.text.rdata import MAX_RDATA, rdata_from_text, rdata_to_text

NAS = from_text("nas.example")
ALPN = b"\x00\x01\x00\x06\x02h2\x02h3"

# Type, text, wire form, and how we write it (None: the same).
RECORDS: list[tuple[int, str, bytes, str | None]] = [
    (Type.A, "192.0.2.10", bytes((192, 0, 2, 10)), None),
    (Type.A, " 192.0.2.10 ", bytes((192, 0, 2, 10)), "192.0.2.10"),
    (Type.AAAA, "2001:db8::10", b"\x20\x01\x0d\xb8" + bytes(11) + b"\x10", None),
    (Type.AAAA, "2001:DB8:0::10", b"\x20\x01\x0d\xb8" + bytes(11) + b"\x10", "2001:db8::10"),
    (Type.CNAME, "nas.example", NAS, None),
    (Type.CNAME, "NAS.example.", NAS, "nas.example"),
    (Type.CNAME, "_x.nas.example", b"\x02_x" + NAS, None),
    (Type.CNAME, "bücher.example", from_text("xn--bcher-kva.example"), "xn--bcher-kva.example"),
    (Type.CNAME, r"a\"b\.c.example", b'\x05a"b.c\x07example\0', None),
    (Type.PTR, ".", b"\0", None),
    (Type.NS, "nas.example", NAS, None),
    (Type.MX, "10 nas.example", b"\x00\x0a" + NAS, None),
    (Type.MX, "0 .", b"\0\0\0", None),
    (Type.TXT, '"one string"', b"\x0aone string", None),
    (Type.TXT, '"one" "two"', b"\x03one\x03two", None),
    (Type.TXT, "one two", b"\x03one\x03two", '"one" "two"'),
    (Type.TXT, '""', b"\x00", None),
    (Type.TXT, r'"say \"hi\" \\ \000"', b'\x0csay "hi" \\ \x00', None),
    (Type.TXT, "ü", b"\x02\xc3\xbc", r'"\195\188"'),
    (Type.TXT, '"v=spf1 -all; x"', b"\x0ev=spf1 -all; x", None),
    (Type.TXT, f'"{"a" * 255}"', b"\xff" + b"a" * 255, None),
    (Type.SRV, "0 5 8080 nas.example", b"\x00\x00\x00\x05\x1f\x90" + NAS, None),
    (Type.HTTPS, "1 .", b"\x00\x01\x00", None),
    (Type.HTTPS, "1 . alpn=h2,h3", b"\x00\x01\x00" + ALPN, None),
    (Type.HTTPS, "32 nas.example alpn=h2,h3", b"\x00\x20" + NAS + ALPN, None),
    (Type.SVCB, "0 nas.example", b"\x00\x00" + NAS, None),
]


def test_names_keep_their_letter_case_where_that_is_asked_for() -> None:
    for rtype, text in ((5, "NAS.home"), (15, "10 Mail.home"), (65, "1 Web.home dohpath=/Q{?dns}")):
        assert rdata_to_text(rtype, rdata_from_text(rtype, text, keep_case=True)) == text
        lowered = rdata_to_text(rtype, rdata_from_text(rtype, text))
        assert lowered.split(" dohpath")[0] == text.split(" dohpath")[0].lower()
        assert lowered.endswith("/Q{?dns}") == text.endswith("/Q{?dns}")


@pytest.mark.parametrize(("rtype", "text", "wire", "written"), RECORDS)
def test_data_to_the_wire_and_back(rtype: int, text: str, wire: bytes, written: str | None) -> None:
    assert rdata_from_text(rtype, text) == wire
    assert rdata_to_text(rtype, wire) == (text if written is None else written)
    assert rdata_from_text(rtype, rdata_to_text(rtype, wire)) == wire


WRONG = [
    (Type.A, "", "A takes an IPv4 address, not ''"),
    (Type.A, "192.0.2.1 192.0.2.2", "A takes an IPv4 address"),
    (Type.A, "192.0.2.256", "not permitted"),
    (Type.A, "2001:db8::1", "Expected 4 octets"),
    (Type.AAAA, "192.0.2.1", "At least 3 parts"),
    (Type.AAAA, "fe80::1%eth0", "has a zone"),
    (Type.CNAME, "", "CNAME takes a name"),
    (Type.CNAME, "a..example", "empty label"),
    (Type.CNAME, '"nas.example"', "has a quote"),
    (Type.CNAME, "a.example b.example", "CNAME takes a name"),
    (Type.MX, "nas.example", "MX takes a preference, a name"),
    (Type.MX, "65536 nas.example", "no number from 0 to 65535"),
    (Type.MX, "ten nas.example", "no number"),
    (Type.MX, "² nas.example", "no number"),
    (Type.TXT, "", "at least one string"),
    (Type.TXT, '"open', "without its end"),
    (Type.TXT, "a" * 256, "a string of 256 bytes"),
    (Type.TXT, " ".join(["a" * 255] * 17), f"at most {MAX_RDATA}"),
    (Type.SRV, "0 5 nas.example", "SRV takes a priority, a weight, a port, a name"),
    (Type.HTTPS, "1", "HTTPS takes a priority, a name, parameters"),
    (Type.HTTPS, "1 . colour=red", "'colour' is no parameter"),
    (Type.SOA, "a b 1 2 3 4 5", "SOA records can't be written here, only A, "),
    (65280, "x", "TYPE65280 records can't be written here"),
]


@pytest.mark.parametrize(("rtype", "text", "problem"), WRONG)
def test_wrong_data_says_what_is_wrong(rtype: int, text: str, problem: str) -> None:
    with pytest.raises(ValueError) as caught:
        rdata_from_text(rtype, text)
    assert problem in str(caught.value)


SOA_TIMES = (1, 3600, 600, 86400, 0xFFFFFFFF)


def test_the_start_of_a_zone_is_shown_though_it_can_not_be_written() -> None:
    times = b"".join(each.to_bytes(4, "big") for each in SOA_TIMES)
    soa = NAS + from_text("mail.example") + times
    assert rdata_to_text(Type.SOA, soa) == "nas.example mail.example 1 3600 600 86400 4294967295"
    assert rdata_to_text(Type.SOA, soa[:-1]) == f"\\# {len(soa) - 1} {soa[:-1].hex()}"
    assert rdata_to_text(Type.SOA, soa + b"x") == f"\\# {len(soa) + 1} {(soa + b'x').hex()}"


@pytest.mark.parametrize(
    ("rtype", "wire", "text"),
    [
        (Type.A, b"\xc0\x00\x02", r"\# 3 c00002"),
        (Type.A, b"", r"\# 0"),
        (Type.A, bytes(5), r"\# 5 0000000000"),
        (Type.CNAME, b"\x05nas", r"\# 4 056e6173"),
        (Type.CNAME, b"\xc0\x0c", r"\# 2 c00c"),
        (Type.MX, b"\x00", r"\# 1 00"),
        (Type.TXT, b"", r"\# 0"),
        (Type.TXT, b"\x05a", r"\# 2 0561"),
        (Type.HTTPS, b"\x00\x01\x00\x00", r"\# 4 00010000"),
        (Type.SOA, b"\x00", r"\# 1 00"),
    ],
)
def test_data_without_a_text_of_its_type_is_written_as_bytes(
    rtype: int, wire: bytes, text: str
) -> None:
    assert rdata_to_text(rtype, wire) == text
