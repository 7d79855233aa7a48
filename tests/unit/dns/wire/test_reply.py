"""Reading what upstreams say, with dnslib as the independent writer."""

from __future__ import annotations

import dnslib
import pytest

from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.question import Question
from sinkhole.dns.wire.reply import (
    Record,
    answers_question,
    chain_of,
    covered,
    read_reply,
    signer,
)
from sinkhole.model.errors import WireError

QUESTION = Question(from_text("www.example.org"), 1)


def reply(
    zone: str, *, name: str = "www.example.org", qtype: str = "A", section: str = "rr"
) -> bytes:
    record = dnslib.DNSRecord.question(name, qtype).reply()
    getattr(record, section).extend(dnslib.RR.fromZone(zone))
    return bytes(record.pack())


@pytest.mark.parametrize(
    ("zone", "rdata"),
    [
        ("www.example.org. 60 A 192.0.2.1", b"\xc0\x00\x02\x01"),
        ("www.example.org. 60 CNAME a.example.org.", from_text("a.example.org")),
        ("www.example.org. 60 MX 10 mx.example.org.", b"\x00\x0a" + from_text("mx.example.org")),
        (
            "www.example.org. 60 SRV 1 2 3 s.example.org.",
            b"\0\1\0\2\0\3" + from_text("s.example.org"),
        ),
        ("www.example.org. 60 TXT hello", b"\x05hello"),
    ],
)
def test_rdata_is_read_with_its_names_expanded(zone: str, rdata: bytes) -> None:
    (record,) = read_reply(reply(zone)).answer
    assert record.name == from_text("www.example.org")
    assert record.ttl == 60
    assert record.rdata == rdata


def test_soa_is_expanded_whole() -> None:
    zone = "example.org. 300 SOA ns.example.org. admin.example.org. 1 2 3 4 60"
    (record,) = read_reply(reply(zone, section="auth")).authority
    assert record.rdata[:16] == from_text("ns.example.org")
    assert record.rdata[-4:] == (60).to_bytes(4, "big")


def test_the_chain_leaves_out_what_nobody_asked_for() -> None:
    wire = reply(
        "www.example.org. 60 CNAME a.example.net.\n"
        "evil.example.com. 60 A 192.0.2.66\n"
        "a.example.net. 60 A 192.0.2.1\n"
        "a.example.net. 60 TXT no\n"
    )
    chain = chain_of(read_reply(wire), QUESTION)
    assert [(r.name, r.rtype) for r in chain] == [
        (from_text("www.example.org"), 5),
        (from_text("a.example.net"), 1),
    ]


def test_a_chain_in_a_circle_or_too_long_is_refused() -> None:
    circle = "www.example.org. 60 CNAME a.example.net.\na.example.net. 60 CNAME www.example.org."
    with pytest.raises(WireError, match="circle"):
        chain_of(read_reply(reply(circle)), QUESTION)
    links = ["www.example.org. 60 CNAME n0.example.net."]
    links += [f"n{i}.example.net. 60 CNAME n{i + 1}.example.net." for i in range(20)]
    with pytest.raises(WireError, match="longer"):
        chain_of(read_reply(reply("\n".join(links))), QUESTION)


def test_a_question_about_cname_is_answered_by_the_cname() -> None:
    wire = reply("www.example.org. 60 CNAME a.example.net.", qtype="CNAME")
    chain = chain_of(read_reply(wire), QUESTION._replace(qtype=5))
    assert [r.rtype for r in chain] == [5]


def test_a_dname_stays_with_the_cname_made_from_it() -> None:
    record = dnslib.DNSRecord.question("www.example.org").reply()
    dname = dnslib.RD(from_text("example.net"))
    record.add_answer(dnslib.RR("example.org", 39, ttl=60, rdata=dname))
    record.rr.extend(
        dnslib.RR.fromZone(
            "www.example.org. 60 CNAME www.example.net.\nwww.example.net. 60 A 192.0.2.1"
        )
    )
    chain = chain_of(read_reply(bytes(record.pack())), QUESTION)
    assert [r.rtype for r in chain] == [39, 5, 1]


SIGNED = " 13 2 60 20300101000000 20200101000000 12345 Example.org. bm90IGEgcmVhbCBvbmU="


def test_signatures_are_of_what_they_stand_beside() -> None:
    zone = (
        "www.example.org. 60 CNAME a.example.org.\n"
        f"www.example.org. 60 RRSIG CNAME{SIGNED}\n"
        f"www.example.org. 60 RRSIG TXT{SIGNED}\n"
        "a.example.org. 60 A 192.0.2.1\n"
        f"a.example.org. 60 RRSIG A{SIGNED}\n"
        f"a.example.org. 60 RRSIG NSEC{SIGNED}\n"
    )
    read = read_reply(reply(zone))
    assert [r.rtype for r in chain_of(read, QUESTION)] == [5, 1]
    chain = chain_of(read, QUESTION._replace(do=True))
    assert [(r.rtype, covered(r)) for r in chain if r.rtype == 46] == [(46, 5), (46, 1)]
    assert {signer(r) for r in chain if r.rtype == 46} == {from_text("example.org")}


def test_a_dname_brings_its_signature_as_nobody_signs_the_cname() -> None:
    record = dnslib.DNSRecord.question("www.example.org").reply()
    record.add_answer(dnslib.RR("example.org", 39, ttl=60, rdata=dnslib.RD(from_text("a.net"))))
    record.rr.extend(
        dnslib.RR.fromZone(
            f"example.org. 60 RRSIG TYPE39{SIGNED}\n"
            "www.example.org. 60 CNAME www.a.net.\nwww.a.net. 60 A 192.0.2.1"
        )
    )
    read = read_reply(bytes(record.pack()))
    assert [r.rtype for r in chain_of(read, QUESTION)] == [39, 5, 1]
    assert [r.rtype for r in chain_of(read, QUESTION._replace(do=True))] == [39, 46, 5, 1]


@pytest.mark.parametrize(
    "rdata", [b"", bytes(18), bytes(18) + b"\3com", bytes(18) + b"\3net\0", bytes(18) + b"\xc0\x0c"]
)
def test_who_cannot_have_signed_is_nobody(rdata: bytes) -> None:
    assert signer(Record(from_text("www.example.org"), 46, 60, rdata)) == b""


def test_knowing_the_name_that_was_asked_changes_nothing() -> None:
    zone = "www.example.org. 60 CNAME a.example.net.\na.example.net. 60 A 192.0.2.1"
    wire = reply(zone, name="WWW.example.org")
    assert read_reply(wire, QUESTION.name) == read_reply(wire)
    bare = b"\x12\x34\x81\x81" + bytes(8)  # an error without its question
    assert read_reply(bare, QUESTION.name) == read_reply(bare)


@pytest.mark.parametrize("asked", [QUESTION.name, b""])
def test_letter_case_is_that_of_who_made_the_record_and_not_the_one_we_drew(asked: bytes) -> None:
    """Servers compress names against the question, whose letter case was drawn at random."""
    question = b"\3wWw\7eXaMple\3oRg\0"
    fixed = b"\0\x06\0\1\0\0\0\x3c"  # SOA, IN, 60 s
    rdata = b"\2NS\xc0\x10" + b"\4Host\7Example\3ORG\0" + bytes(20)
    head = b"\x12\x34\x81\x83\0\1\0\0\0\1\0\0" + question + b"\0\1\0\1"
    wire = head + b"\xc0\x10" + fixed + len(rdata).to_bytes(2, "big") + rdata
    (soa,) = read_reply(wire, asked).authority
    assert soa.rdata == b"\2NS\7example\3org\0" + b"\4Host\7Example\3ORG\0" + bytes(20)
    assert soa.name == from_text("example.org")


def test_opt_is_taken_out_and_its_error_read() -> None:
    record = dnslib.DNSRecord.question("www.example.org").reply()
    record.add_ar(dnslib.EDNS0(opts=[dnslib.EDNSOption(15, b"\x00\x16late")]))
    read = read_reply(bytes(record.pack()))
    assert read.errors == ((22, "late"),)
    assert read.additional == ()


def test_records_of_another_class_are_left_out_and_what_follows_is_read() -> None:
    zone = (
        "www.example.org. 60 CH TXT no\n. 60 IN NS a.example.org.\nexample.org. 60 IN A 192.0.2.1"
    )
    read = read_reply(reply(zone))
    assert [(r.name, r.rtype) for r in read.answer] == [(b"\0", 2), (from_text("example.org"), 1)]


def test_a_ttl_with_its_top_bit_set_is_zero() -> None:
    wire = bytearray(reply("www.example.org. 60 A 192.0.2.1"))
    wire[-10] = 0x80
    assert read_reply(bytes(wire)).answer[0].ttl == 0


HEAD = b"\x12\x34\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00\x01a\x00\x00\x01\x00\x01"


@pytest.mark.parametrize(
    "wire",
    [
        b"",
        HEAD[:11],
        HEAD,
        HEAD + b"\xc0\x13",
        HEAD + b"\xc0\x40\x00\x01\x00\x01\x00\x00\x00\x01\x00\x00",
        HEAD + b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x01\x00\x04\x01",
        HEAD + b"\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x01\x00\x02\xc0\x1f",
        HEAD + b"\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x01\x00\x01\x01b\x00",
        HEAD + b"\x80\x00",
        b"\x12\x34\x81\x80\xff\xff\xff\xff\x00\x00\x00\x00",
    ],
)
def test_malformed_replies_are_refused(wire: bytes) -> None:
    with pytest.raises(WireError):
        read_reply(wire)


def test_a_reply_must_have_our_id_and_our_question_to_the_letter() -> None:
    query = dnslib.DNSRecord.question("wWw.example.org")
    wire = bytes(query.reply().pack())
    sent = bytes(query.pack())
    assert answers_question(wire, sent)
    assert not answers_question(wire.replace(b"wWw", b"www"), sent)
    assert not answers_question(b"\0\0" + wire[2:], sent)
    assert not answers_question(sent, sent)
    assert not answers_question(wire[:10], sent)
    assert not answers_question(wire[:-2] + b"\x00\x03", sent)


def test_an_error_without_a_question_counts_but_only_if_it_is_empty() -> None:
    sent = bytes(dnslib.DNSRecord.question("example.org").pack())
    assert answers_question(sent[:2] + b"\x81\x81" + bytes(8), sent)
    assert not answers_question(sent[:2] + b"\x81\x80" + bytes(8), sent)
    assert not answers_question(sent[:2] + b"\x81\x81\0\0\0\1\0\0\0\0", sent)


@pytest.mark.parametrize("rtype", [2, 5, 12, 15, 33, 39])
@pytest.mark.parametrize("extra", [b"x", b"\x03com\0", bytes(255)], ids=["byte", "name", "many"])
def test_bytes_behind_the_name_in_rdata_are_malformed(rtype: int, extra: bytes) -> None:
    before = {15: 2, 33: 6}.get(rtype, 0)
    rdata = bytes(before) + from_text("a.example.net") + extra
    fixed = rtype.to_bytes(2, "big") + b"\0\1\0\0\0\x3c" + len(rdata).to_bytes(2, "big")
    head = b"\0\1\x81\x80\0\1\0\1\0\0\0\0" + QUESTION.name + rtype.to_bytes(2, "big") + b"\0\1"
    with pytest.raises(WireError):
        read_reply(head + b"\xc0\x0c" + fixed + rdata)
