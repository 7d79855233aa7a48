"""How long an HTTP cache may keep a DNS message; dnslib makes the messages."""

import dnslib
import pytest

from sinkhole.dns.http.freshness import max_age_of


def reply(*answers: str, authority: str = "", rcode: str = "NOERROR") -> bytes:
    record = dnslib.DNSRecord.question("www.example.org").reply()
    record.header.id = 0  # else the tests' names would differ from run to run
    record.header.rcode = getattr(dnslib.RCODE, rcode)
    for each in answers:
        record.add_answer(*dnslib.RR.fromZone(each))
    if authority:
        record.add_auth(*dnslib.RR.fromZone(authority))
    record.add_ar(dnslib.EDNS0(flags="do", udp_len=1232))
    return bytes(record.pack())


SOA = "example.org {} SOA ns.example.org. x.example.org. 1 2 3 4 {}"


@pytest.mark.parametrize(
    ("wire", "age"),
    [
        (reply("www.example.org 300 A 192.0.2.1"), 300),
        (reply("www.example.org 300 CNAME b.example.org", "b.example.org 20 A 192.0.2.1"), 20),
        (reply("www.example.org 0 A 192.0.2.1"), 0),
        (reply("www.example.org 3000000000 A 192.0.2.1"), 0),
        (reply("www.example.org 300 A 192.0.2.1", authority="example.org 5 NS n.example.org"), 300),
        (reply(authority=SOA.format(600, 50)), 50),
        (reply(authority=SOA.format(30, 50)), 30),
        (reply(authority=SOA.format(600, 50), rcode="NXDOMAIN"), 50),
        (
            reply(
                "www.example.org 9 CNAME b.example.org",
                authority=SOA.format(600, 50),
                rcode="NXDOMAIN",
            ),
            9,
        ),
        (reply(), 0),
        (reply(rcode="NXDOMAIN"), 0),
        (reply(authority="example.org 500 NS ns.example.org"), 0),
        (reply("www.example.org 300 A 192.0.2.1", rcode="SERVFAIL"), 0),
        (reply("www.example.org 300 A 192.0.2.1", rcode="REFUSED"), 0),
        (reply("www.example.org 300 A 192.0.2.1")[:-12], 0),
        (b"", 0),
    ],
)
def test_as_long_as_what_is_in_it(wire: bytes, age: int) -> None:
    assert max_age_of(wire) == age
