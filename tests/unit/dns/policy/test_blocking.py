"""What refused names are answered with."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest

from sinkhole.dns.policy.blocking import MOST_BYTES, MOST_RECORDS, Blocking, Mode
from sinkhole.dns.wire.name import from_text

NAME = from_text("ads.example.org")


@pytest.mark.parametrize(
    ("mode", "qtype", "rcode", "rdata", "has_soa"),
    [
        ("null_ip", 1, 0, bytes(4), False),
        ("null_ip", 28, 0, bytes(16), False),
        ("null_ip", 65, 0, None, True),
        ("null_ip", 16, 0, None, True),
        ("custom_ip", 1, 0, b"\xc0\x00\x02\x09", False),
        ("custom_ip", 28, 0, IPv6Address("2001:db8::9").packed, False),
        ("custom_ip", 65, 0, None, True),
        ("nxdomain", 1, 3, None, True),
        ("nxdomain", 65, 3, None, True),
        ("nxdomain", 15, 0, None, True),
        ("nodata", 1, 0, None, True),
        ("refused", 28, 5, None, False),
        ("refused", 16, 0, None, True),
    ],
)
def test_each_mode(mode: str, qtype: int, rcode: int, rdata: bytes | None, has_soa: bool) -> None:
    blocking = Blocking(Mode(mode), 10, IPv4Address("192.0.2.9"), IPv6Address("2001:db8::9"))
    if mode == "null_ip":
        blocking = Blocking()
    refusal = blocking.refuse(NAME, qtype)
    assert refusal.rcode == rcode
    assert [r.rdata for r in refusal.answer] == ([] if rdata is None else [rdata])
    assert bool(refusal.authority) == has_soa
    assert all(r.ttl == 10 for r in refusal.answer + refusal.authority)
    if has_soa:
        assert refusal.authority[0].rdata[-4:] == (10).to_bytes(4, "big")


@pytest.mark.parametrize(
    ("mode", "qtype", "given", "rdata"),
    [
        ("default", 1, ["192.0.2.7"], ["c0000207"]),
        ("default", 28, ["192.0.2.7"], ["00" * 16]),
        ("default", 1, ["192.0.2.7", "2001:db8::7", "192.0.2.8"], ["c0000207", "c0000208"]),
        ("default", 28, ["192.0.2.7", "2001:db8::7"], ["20010db8" + "00" * 11 + "07"]),
        ("default", 1, [], ["00000000"]),
        ("default", 65, ["192.0.2.7"], []),
        ("null_ip", 1, ["192.0.2.7"], ["00000000"]),
        ("custom_ip", 1, ["192.0.2.7"], ["c0000209"]),
        ("nxdomain", 1, ["192.0.2.7"], []),
    ],
)
def test_addresses_of_hosts_lines_count_in_the_mode_default(
    mode: str, qtype: int, given: list[str], rdata: list[str]
) -> None:
    ipv4 = IPv4Address("192.0.2.9" if mode == "custom_ip" else "0.0.0.0")
    refusal = Blocking(Mode(mode), 10, ipv4).refuse(NAME, qtype, map(ip_address, given))
    assert [record.rdata.hex() for record in refusal.answer] == rdata


def test_no_more_is_given_than_a_reply_can_hold() -> None:
    addresses = [IPv4Address(i) for i in range(3 * MOST_RECORDS)]
    refusal = Blocking(Mode.DEFAULT).refuse(NAME, 1, addresses)
    assert len(refusal.answer) == MOST_RECORDS
    texts = [(16, bytes(MOST_BYTES // 10))] * 20
    assert len(Blocking().rewrite(NAME, 0, texts).answer) == 10


@pytest.mark.parametrize(
    ("rcode", "records", "expected", "has_soa"),
    [
        (0, [(1, b"\xc0\0\2\1")], 0, False),
        (0, [], 0, True),
        (3, [], 3, True),
        (2, [], 2, False),
        (5, [], 5, False),
        (16, [], 2, False),
    ],
    ids=["record", "nothing", "nxdomain", "servfail", "refused", "beyond-the-header"],
)
def test_rewrites(
    rcode: int, records: list[tuple[int, bytes]], expected: int, has_soa: bool
) -> None:
    made = Blocking(ttl_s=30).rewrite(NAME, rcode, records)
    assert made.rcode == expected
    assert [(r.rtype, r.rdata) for r in made.answer] == records
    assert bool(made.authority) == has_soa
    assert {r.ttl for r in made.answer + made.authority} <= {30}
