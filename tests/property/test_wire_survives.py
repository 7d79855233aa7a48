"""The decoders of `wire` give a value or WireError for any bytes, and agree with dnslib."""

from __future__ import annotations

import dnslib
from hypothesis import given, settings
from hypothesis import strategies as st

from sinkhole.dns.wire.extended_errors import MOST_ERRORS, MOST_TEXT, read_errors
from sinkhole.dns.wire.name import from_text, to_text
from sinkhole.dns.wire.question import peek
from sinkhole.dns.wire.reply import answers_question, read_reply
from sinkhole.dns.wire.write import write_head, write_tail
from sinkhole.model.errors import WireError

LABELS = st.lists(st.binary(min_size=1, max_size=20), min_size=1, max_size=6)
WIRE_NAMES = LABELS.map(lambda ls: b"".join(bytes((len(x),)) + x.lower() for x in ls) + b"\0")


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_query_or_a_wire_error(wire: bytes) -> None:
    try:
        end, shape = peek(wire)
    except WireError as error:
        assert error.rcode in (1, 4, 16)
    else:
        assert 13 <= end <= len(wire) - 4
        assert 512 <= shape.payload <= 1232


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_a_reply_or_a_wire_error(wire: bytes, with_header: bool) -> None:
    if with_header:
        wire = b"\x12\x34\x81\x80\x00\x01\x00\x02\x00\x00\x00\x00\x01a\x00\x00\x01\x00\x01" + wire
    try:
        reply = read_reply(wire)
    except WireError:
        return
    assert len(reply.answer) + len(reply.authority) + len(reply.additional) <= 1000


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.binary(max_size=9), st.just(b"\0\x0f\0\5\0\6"), st.just(b"ab\n"))))
def test_extended_errors_of_any_options_are_few_and_fit_to_be_shown(pieces: list[bytes]) -> None:
    errors = read_errors(b"".join(pieces))
    assert len(errors) <= MOST_ERRORS
    assert sum(len(text.encode()) for _, text in errors) <= MOST_TEXT
    assert all(0 <= code <= 0xFFFF and text.isprintable() for code, text in errors)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_answer_our_question_or_not(wire: bytes) -> None:
    query = bytes(dnslib.DNSRecord.question("example.org").pack())
    assert answers_question(wire, query) in (True, False)


@settings(max_examples=300, deadline=None)
@given(WIRE_NAMES)
def test_wire_names_survive_text(wire_name: bytes) -> None:
    assert from_text(to_text(wire_name)) == wire_name


SPELLINGS = st.sampled_from(["a.example.org", "A.example.org", "b.Example.net", "ORG", "org"])


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(
            SPELLINGS,
            st.one_of(
                st.sampled_from(["A 192.0.2.1", "TXT x"]),
                st.builds("{} c.{}.".format, st.sampled_from(["CNAME", "NS", "PTR"]), SPELLINGS),
                st.builds("MX 5 {}.".format, SPELLINGS),
                st.builds("SRV 1 2 3 {}.".format, SPELLINGS),
                st.builds("SOA {}. x.{}. 1 2 3 4 5".format, SPELLINGS, SPELLINGS),
            ),
            st.integers(0, 100_000),
        ),
        max_size=12,
    ),
    st.sampled_from(["a.example.org", "A.Example.ORG"]),
)
def test_what_is_written_is_read_back_by_us_and_by_dnslib(
    rows: list[tuple[str, str, int]], asker: str
) -> None:
    record = dnslib.DNSRecord.question("a.example.org").reply()
    for name, rest, ttl in rows:
        record.rr.extend(dnslib.RR.fromZone(f"{name}. {ttl} {rest}"))
    packed = bytes(record.pack())  # dnslib compresses names whatever their letter case
    read = read_reply(packed)
    name = from_text("a.example.org")
    tail = write_tail(name, read.answer)
    spelled = from_text(asker, keep_case=True)
    wire = b"\0\1" + write_head(0x8180, tail.counts, edns=False) + spelled + b"\0\1\0\1" + tail.data
    assert read_reply(wire) == read
    mine = [
        (str(rr.rname).lower(), rr.ttl, rr.rtype, str(rr.rdata))
        for rr in dnslib.DNSRecord.parse(wire).rr
    ]
    theirs = [
        (str(rr.rname).lower(), rr.ttl, rr.rtype, str(rr.rdata))
        for rr in dnslib.DNSRecord.parse(packed).rr
    ]
    assert mine == theirs
