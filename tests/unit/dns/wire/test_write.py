"""Writing replies, read back by dnslib."""

from __future__ import annotations

from itertools import pairwise

import dnslib
import pytest

from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.question import peek
from sinkhole.dns.wire.reply import Record
from sinkhole.dns.wire.write import (
    without_rd,
    write_error,
    write_head,
    write_opt,
    write_refused,
    write_tail,
    write_truncated,
)

WWW = from_text("www.example.org")
A = Record(WWW, 1, 60, b"\xc0\x00\x02\x01")


def assemble(query: bytes, answer: list[Record], authority: list[Record] | None = None) -> bytes:
    tail = write_tail(WWW, answer, authority or [])
    return query[:2] + write_head(0x8180, tail.counts, edns=False) + query[12:] + tail.data


def ask(name: str = "www.example.org") -> bytes:
    return bytes(dnslib.DNSRecord.question(name).pack())


def test_a_reply_is_what_dnslib_reads() -> None:
    cname = Record(WWW, 5, 60, from_text("cdn.example.org"))
    target = Record(from_text("cdn.example.org"), 1, 30, b"\xc0\x00\x02\x02")
    mx = Record(WWW, 15, 60, b"\x00\x0a" + from_text("mail.cdn.example.org"))
    soa = Record(
        from_text("example.org"),
        6,
        60,
        from_text("ns.example.org") + from_text("x.org") + bytes(20),
    )
    read = dnslib.DNSRecord.parse(assemble(ask("WWW.example.org"), [cname, target, mx], [soa]))
    assert str(read.q.qname) == "WWW.example.org."
    assert [str(rr.rname).lower() for rr in read.rr] == [
        "www.example.org.",
        "cdn.example.org.",
        "www.example.org.",
    ]
    assert [str(rr.rdata).lower() for rr in read.rr] == [
        "cdn.example.org.",
        "192.0.2.2",
        "10 mail.cdn.example.org.",
    ]
    assert str(read.auth[0].rname).lower() == "example.org."


def test_names_in_data_keep_their_letter_case_whoever_asks() -> None:
    """Who asks spells the question as it likes, so no name in data may end in it."""
    targets = ["Mail.Example.org", "mail.example.org", "b.Mail.Example.org", "mail.example.org"]
    spelled = [from_text(target, keep_case=True) for target in targets]
    mx = [Record(WWW, 15, 60, b"\0\1" + target) for target in spelled]
    for query in (ask(), ask("WWW.eXample.ORG")):
        read = dnslib.DNSRecord.parse(assemble(query, [*mx, Record(spelled[1], 1, 60, bytes(4))]))
        assert [str(rr.rdata.label) for rr in read.rr[:4]] == [f"{each}." for each in targets]
        assert str(read.rr[4].rname) == "mail.example.org."
    sizes = [len(write_tail(WWW, mx[: i + 1]).data) for i in range(4)]
    assert [after - before for before, after in pairwise(sizes)] == [
        29,
        18,
        16,
    ]  # of the second name, "org" is spelled alike


def test_ttl_offsets_point_at_the_ttls() -> None:
    tail = write_tail(WWW, [A, A._replace(ttl=7)])
    assert [tail.data[at : at + 4] for at in tail.ttl_offsets] == [b"\0\0\0\x3c", b"\0\0\0\x07"]
    assert tail.ttls == (60, 7)


def test_names_far_into_a_message_are_still_right() -> None:
    """Pointers reach 16 KiB; what lies beyond is written in full."""
    filler = [Record(WWW, 16, 60, bytes(250)) for _ in range(80)]
    late = Record(from_text("late.example.net"), 1, 60, b"\xc0\x00\x02\x01")
    read = dnslib.DNSRecord.parse(assemble(ask(), [*filler, late, late]))
    assert [str(rr.rname) for rr in read.rr[-2:]] == ["late.example.net."] * 2


def test_opt_carries_do_and_the_extended_error() -> None:
    query = ask()
    tail = write_tail(WWW, [])
    opt = write_opt(do=True, errors=[(15, "Starter, line 12"), (6, "")])
    wire = query[:2] + write_head(0x8180, tail.counts, edns=True) + query[12:] + opt
    read = dnslib.DNSRecord.parse(wire).ar[0]
    assert read.edns_do
    assert read.rdata[0].code == 15
    assert [bytes(option.data) for option in read.rdata] == [b"\0\x0fStarter, line 12", b"\0\6"]


def test_the_text_of_an_extended_error_is_cut_between_characters() -> None:
    opt = write_opt(do=False, errors=[(15, "x" + "ü" * 100)])
    assert opt[17:].decode() == "x" + "ü" * 59
    assert len(opt) == 11 + int.from_bytes(opt[9:11], "big")


@pytest.mark.parametrize("rcode", [1, 4, 5])
def test_errors_repeat_id_opcode_and_rd_only(rcode: int) -> None:
    wire = write_error(b"\xab\xcd\x29\x00" + b"\xff" * 20, rcode)
    assert len(wire) == 12
    read = dnslib.DNSRecord.parse(wire)
    assert (read.header.id, read.header.rcode, read.header.opcode) == (0xABCD, rcode, 5)
    assert read.header.qr and read.header.rd


def test_badvers_needs_opt() -> None:
    read = dnslib.DNSRecord.parse(write_error(ask(), 16))
    assert read.header.rcode == 0
    assert read.ar[0].edns_rcode == 1


def test_a_truncated_reply_has_the_question_and_nothing_else() -> None:
    query = ask()
    end, _ = peek(query)
    read = dnslib.DNSRecord.parse(write_truncated(query, end + 4, edns=True, do=False))
    assert read.header.tc
    assert str(read.q.qname) == "www.example.org."
    assert not read.rr


def test_a_refusal_has_the_question_and_nothing_else() -> None:
    query = ask()
    end, _ = peek(query)
    read = dnslib.DNSRecord.parse(write_refused(query, end + 4, edns=True, do=True))
    assert (read.header.rcode, read.header.tc) == (5, 0)
    assert str(read.q.qname) == "www.example.org."
    assert not read.rr
    assert read.ar[0].edns_do


def test_only_rd_is_taken_out_of_a_reply() -> None:
    reply = assemble(ask(), [A])
    read = dnslib.DNSRecord.parse(without_rd(reply))
    assert (read.header.rd, read.header.ra, read.header.qr) == (0, 1, 1)
    assert without_rd(reply)[3:] == reply[3:]
