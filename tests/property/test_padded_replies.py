"""Any bytes can be asked whether they want padding, and any reply of ours to padded queries stays
readable and is a multiple of the block."""

from __future__ import annotations

import dnslib
from hypothesis import given, settings
from hypothesis import strategies as st

from sinkhole.dns.wire.padding import BLOCK, padded, wants_padding
from sinkhole.dns.wire.reply import Record
from sinkhole.dns.wire.write import write_head, write_opt, write_tail

label = st.binary(min_size=1, max_size=20).map(lambda each: bytes((len(each),)) + each)
name = st.lists(label, max_size=4).map(lambda labels: b"".join(labels).lower() + b"\0")
records = st.lists(
    st.builds(
        Record, name, st.sampled_from([1, 16, 65280]), st.integers(0, 9), st.binary(max_size=90)
    ),
    max_size=5,
)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=90), st.binary(max_size=40))
def test_any_bytes_can_be_asked_whether_they_want_padding(wire: bytes, behind: bytes) -> None:
    assert wants_padding(wire) in (True, False)
    query = dnslib.DNSRecord.question("example.org")
    query.add_ar(dnslib.EDNS0(opts=[dnslib.EDNSOption(65001, behind)]))
    assert not wants_padding(bytes(query.pack()))
    query.ar[0].rdata.append(dnslib.EDNSOption(12, behind))
    assert wants_padding(bytes(query.pack()))


@settings(max_examples=300, deadline=None)
@given(name, records, records, st.text(max_size=60))
def test_a_reply_keeps_all_its_bytes_but_the_length_of_opt(
    qname: bytes, answer: list[Record], authority: list[Record], why: str
) -> None:
    tail = write_tail(qname, answer, authority)
    opt = write_opt(do=False, errors=[(15, why)])
    head = write_head(0x8180, tail.counts, edns=True)
    before = b"\0\7" + head + qname + b"\0\1\0\1" + tail.data
    made = padded(before + opt)
    assert len(made) % BLOCK == 0
    assert made.startswith(before + opt[:9])
    behind = made[len(before) + 11 :]
    assert int.from_bytes(made[len(before) + 9 : len(before) + 11], "big") == len(behind)
    assert behind.startswith(opt[11:] + b"\0\x0c")
