"""The data of records survives the way to text and back, and dnslib reads it as we do."""

from __future__ import annotations

import dnslib
from hypothesis import given, settings
from hypothesis import strategies as st

from sinkhole.dns.wire.numbers import Type, type_name
from sinkhole.dns.wire.text.rdata import rdata_from_text, rdata_to_text

TYPES = st.sampled_from([1, 2, 5, 12, 15, 16, 28, 33, 64, 65])
NUMBERS = st.integers(0, 65535).map(str)
NAMES = st.from_regex(r"[a-z0-9_-]{1,20}(\.[a-z0-9_-]{1,20}){0,4}", fullmatch=True)
STRINGS = st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S", "Zs"]), max_size=40)
TEXTS = {
    Type.A: st.ip_addresses(v=4).map(str),
    # Python 3.13 writes ::ffff:192.0.2.1 for what is mapped, which dnslib can't read.
    Type.AAAA: st.ip_addresses(v=6).filter(lambda address: not address.ipv4_mapped).map(str),
    Type.CNAME: NAMES,
    Type.PTR: NAMES,
    Type.MX: st.tuples(NUMBERS, NAMES).map(" ".join),
    Type.SRV: st.tuples(NUMBERS, NUMBERS, NUMBERS, NAMES).map(" ".join),
    Type.HTTPS: st.tuples(NUMBERS, NAMES, st.just("alpn=h2,h3 port=8443")).map(" ".join),
}


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(TEXTS)).flatmap(lambda t: st.tuples(st.just(t), TEXTS[t])))
def test_dnslib_makes_the_same_bytes_of_the_same_text(record: tuple[int, str]) -> None:
    rtype, text = record
    # One hint more for HTTPS: dnslib takes a name as whole only with its final dot.
    whole = text.replace(" alpn", ". alpn") if rtype == Type.HTTPS else text
    (theirs,) = dnslib.RR.fromZone(f"example. 60 IN {type_name(rtype)} {whole}")
    buffer = dnslib.DNSBuffer()
    theirs.rdata.pack(buffer)
    assert rdata_from_text(rtype, text) == bytes(buffer.data)


@settings(max_examples=200, deadline=None)
@given(st.lists(STRINGS, min_size=1, max_size=4))
def test_dnslib_reads_the_strings_we_write(strings: list[str]) -> None:
    quoted = ('"' + string.replace("\\", "\\\\").replace('"', '\\"') + '"' for string in strings)
    wire = rdata_from_text(Type.TXT, " ".join(quoted))
    assert list(dnslib.TXT.parse(dnslib.DNSBuffer(wire), len(wire)).data) == [
        string.encode() for string in strings
    ]


@settings(max_examples=500, deadline=None)
@given(TYPES, st.binary(max_size=60))
def test_any_bytes_have_a_text_and_what_is_well_formed_comes_back(rtype: int, wire: bytes) -> None:
    text = rdata_to_text(rtype, wire)
    assert text.isascii()
    if not text.startswith("\\#"):
        try:
            back = rdata_from_text(rtype, text)
        except ValueError:  # parameters that stand twice, or need others, can be shown only
            assert rtype in (Type.HTTPS, Type.SVCB)
        else:
            assert sorted(back.lower()) == sorted(wire.lower())  # parameters come back sorted


@settings(max_examples=500, deadline=None)
@given(TYPES, st.text(max_size=60))
def test_any_text_is_data_or_an_error(rtype: int, text: str) -> None:
    try:
        wire = rdata_from_text(rtype, text)
    except ValueError as error:
        assert str(error)
    else:
        assert rdata_from_text(rtype, rdata_to_text(rtype, wire)) == wire
