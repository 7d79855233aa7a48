"""What refused names are answered with."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest

from sinkhole.policy.blocking import Blocking, Mode
from sinkhole.wire.name import from_text

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
