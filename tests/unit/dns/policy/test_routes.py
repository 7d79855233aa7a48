"""Which upstreams are asked about a name."""

from __future__ import annotations

import pytest

from sinkhole.dns.policy.routes import NO_ROUTE, UNQUALIFIED, USUAL, Routes
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.numbers import Type

ROUTES = Routes(
    {
        "fritz.box": "fritz.box",
        "corp.example": "office",
        "vpn.corp.example": USUAL,
        "*.lab.example": "lab",
        "lab.example": "office",
        "*.inner.example": "inner",
        "nas": "nas",
        UNQUALIFIED: "router",
    }
)


def key_of(name: str, qtype: int = Type.A) -> str:
    return ROUTES.of(from_text(name), qtype).key


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("fritz.box", "fritz.box"),
        ("a.b.fritz.box", "fritz.box"),
        ("notfritz.box", ""),
        ("box", UNQUALIFIED),
        ("www.corp.example", "corp.example"),
        ("a.vpn.corp.example", "vpn.corp.example"),
        ("lab.example", "lab.example"),
        ("a.lab.example", "*.lab.example"),
        ("inner.example", ""),
        ("a.inner.example", "*.inner.example"),
        ("a.b.inner.example", "*.inner.example"),
        ("nas", "nas"),
        ("printer", UNQUALIFIED),
        ("a.nas", "nas"),
        (".", ""),
        ("www.example.org", ""),
        (r"fritz\.box", UNQUALIFIED),  # one label with a dot in it
    ],
)
def test_the_most_specific_route_wins(name: str, key: str) -> None:
    assert key_of(name) == key


def test_a_route_leads_to_its_set_or_back_to_the_usual_one() -> None:
    assert ROUTES.of(from_text("corp.example"), Type.A).via == "office"
    assert ROUTES.of(from_text("vpn.corp.example"), Type.A) == ("vpn.corp.example", USUAL)
    assert Routes().of(from_text("corp.example"), Type.A) is NO_ROUTE
    assert (len(ROUTES), len(Routes())) == (8, 0)


def test_what_validators_ask_about_top_level_domains_is_not_about_hosts() -> None:
    assert key_of("example", Type.AAAA) == UNQUALIFIED
    for qtype in (Type.DS, Type.DNSKEY, Type.NS, Type.SOA):
        assert key_of("example", qtype) == ""
        assert key_of("nas", qtype) == "nas"  # which is asked for by its name


def test_a_key_may_be_written_as_names_are() -> None:
    routes = Routes({"Fritz.BOX.": "a", "*.Müller.example": "b"})
    assert routes.of(from_text("x.fritz.box"), Type.A).via == "a"
    assert routes.of(from_text("x.xn--mller-kva.example"), Type.A).via == "b"


@pytest.mark.parametrize("key", [".", "", "*.", "a..b", "x" * 64])
def test_what_is_no_name_is_no_route(key: str) -> None:
    with pytest.raises(ValueError, match=r"empty label|64 bytes|for every name"):
        Routes({key: "a"})
