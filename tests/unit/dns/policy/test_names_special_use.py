"""Names that never leave the house."""

from __future__ import annotations

import pytest

from sinkhole.dns.policy.special_use import Reserved
from sinkhole.dns.wire.name import from_text, to_text

RESERVED = Reserved()


@pytest.mark.parametrize(
    ("name", "rcode"),
    [
        ("invalid", 0),
        ("a.invalid", 3),
        ("b.test", 3),
        ("x.onion", 3),
        ("printer.local", 3),
        ("x.alt", 3),
        ("nas.home.arpa", 3),
        ("1.0.0.10.in-addr.arpa", 3),
        ("1.1.168.192.in-addr.arpa", 3),
        ("5.20.172.in-addr.arpa", 3),
        ("1.64.100.in-addr.arpa", 3),
        ("1.0.0.0.d.f.ip6.arpa", 3),
        ("1.a.e.f.ip6.arpa", 3),
        ("resolver.arpa", 0),
        ("_dns.resolver.arpa", 0),
    ],
)
def test_reserved_names_are_answered_here_with_an_soa(name: str, rcode: int) -> None:
    found = RESERVED.answer(from_text(name), 1)
    assert found is not None
    refusal, _ = found
    assert refusal.rcode == rcode
    assert refusal.answer == ()
    assert from_text(name).endswith(refusal.authority[0].name)


@pytest.mark.parametrize(
    "name",
    [
        "example.org",
        "local.example.org",
        "notlocal",
        "arpa",
        "1.1.1.1.in-addr.arpa",
        "1.15.172.in-addr.arpa",
        "1.63.100.in-addr.arpa",
        "8.e.f.0.ip6.arpa",
        "home",
    ],
)
def test_other_names_are_not(name: str) -> None:
    assert RESERVED.answer(from_text(name), 1) is None


@pytest.mark.parametrize("name", ["localhost", "my.localhost"])
def test_localhost_is_the_loopback_address(name: str) -> None:
    for qtype, rdata in ((1, b"\x7f\0\0\1"), (28, bytes(15) + b"\1")):
        found = RESERVED.answer(from_text(name), qtype)
        assert found is not None
        assert [r.rdata for r in found[0].answer] == [rdata]
    found = RESERVED.answer(from_text(name), 16)
    assert found is not None
    assert (found[0].rcode, found[0].answer) == (0, ())


def test_the_loopback_address_is_localhost() -> None:
    found = RESERVED.answer(from_text("1.0.0.127.in-addr.arpa"), 12)
    assert found is not None
    assert [to_text(r.rdata) for r in found[0].answer] == ["localhost"]
    found = RESERVED.answer(from_text("1.0.0.127.in-addr.arpa"), 1)
    assert found is not None
    assert (found[0].rcode, found[0].answer) == (0, ())


def test_each_half_can_be_switched_off() -> None:
    name, discovery = from_text("printer.local"), from_text("_dns.resolver.arpa")
    assert Reserved(names=False).answer(name, 1) is None
    assert Reserved(names=False).answer(discovery, 64) is not None
    assert Reserved(discovery=False).answer(name, 1) is not None
    assert Reserved(discovery=False).answer(discovery, 64) is None
    assert Reserved(names=False, discovery=False).answer(discovery, 64) is None
