"""Whatever stands in an authority section, a client gets of it what proves its answer, all of that
and nothing else; read back by dnslib."""

from __future__ import annotations

import dnslib
from hypothesis import given, settings
from hypothesis import strategies as st

from sinkhole.dns.cache.answer import TtlLimits, answer_of
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.question import Question
from sinkhole.dns.wire.reply import read_reply
from sinkhole.dns.wire.write import write_head

NAME = "x.wild.example.org"
OWNERS = ["example.org", "wild.example.org", "a.example.org", "example.com", "org", "."]
DATA = {
    "NSEC": "z.example.org. A RRSIG NSEC",
    "NSEC3": "0100000100",
    "NS": "ns.example.net.",
    "A": "192.0.2.66",
    "SOA": "ns.example.org. host.example.org. 1 2 3 4 300",
    "DS": "12345 13 2 " + "00" * 32,
}
TYPES = [*DATA, "RRSIG NSEC", "RRSIG NSEC3", "RRSIG SOA", "RRSIG NS"]
SIGNED = "13 2 300 20300101000000 20200101000000 12345 example.org. bm90IGEgcmVhbCBvbmU="
ROWS = st.lists(st.tuples(st.sampled_from(OWNERS), st.sampled_from(TYPES)), max_size=12)


def records(rows: list[tuple[str, str]]) -> list[dnslib.RR]:
    lines = []
    for owner, rtype in rows:
        data = f"{rtype} {SIGNED}" if rtype.startswith("RRSIG") else f"{rtype} {DATA[rtype]}"
        lines.append(f"{owner.removesuffix('.')}. 300 {data}")
    return [rr for line in lines for rr in dnslib.RR.fromZone(line)]


def authority_of(rows: list[tuple[str, str]], *, positive: bool, do: bool) -> list[tuple[str, str]]:
    """Owner and type, with what a signature covers, of what a client gets."""
    said = dnslib.DNSRecord.question(NAME).reply()
    if positive:
        said.add_answer(*dnslib.RR.fromZone(f"{NAME}. 300 A 192.0.2.1"))
        said.add_answer(*dnslib.RR.fromZone(f"{NAME}. 300 RRSIG A {SIGNED}"))
    said.auth.extend(records(rows))
    question = Question(from_text(NAME), 1, do=do)
    tail = answer_of(read_reply(bytes(said.pack())), question, TtlLimits(), 0.0).tail
    wire = bytes(2) + write_head(0x8180, tail.counts, edns=False)
    read = dnslib.DNSRecord.parse(wire + question.name + b"\0\1\0\1" + tail.data)
    return [(str(rr.rname).rstrip(".") or ".", _type_of(rr)) for rr in read.auth]


def _type_of(rr: dnslib.RR) -> str:
    name = str(dnslib.QTYPE[rr.rtype])
    return f"{name} {dnslib.QTYPE[rr.rdata.covered]}" if name == "RRSIG" else name


def _in_zone(owner: str, zone: str) -> bool:
    return zone == "." or owner == zone or owner.endswith("." + zone)


@settings(max_examples=200, deadline=None)
@given(ROWS, st.booleans(), st.booleans())
def test_what_proves_an_answer_is_what_a_client_gets(
    rows: list[tuple[str, str]], positive: bool, do: bool
) -> None:
    soas = [owner for owner, rtype in rows if rtype == "SOA" and _in_zone(NAME, owner)]
    soa = soas[0] if soas and not positive else None
    zone = "example.org" if positive else soa
    kept = {(soa, "SOA")} if soa else set()
    if do and zone:
        kept |= {row for row in rows if row[1] in ("NSEC", "NSEC3") and _in_zone(row[0], zone)}
    expected, soa_seen = [], False
    for owner, rtype in rows:
        if rtype.startswith("RRSIG"):
            is_kept = do and (owner, rtype.removeprefix("RRSIG ")) in kept
        elif rtype == "SOA":
            is_kept, soa_seen = (owner == soa and not soa_seen), soa_seen or owner == soa
        else:
            is_kept = (owner, rtype) in kept
        expected += [(owner, rtype)] * is_kept
    assert authority_of(rows, positive=positive, do=do) == expected
