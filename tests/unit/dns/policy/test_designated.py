"""How clients find the encrypted DNS of this server."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from sinkhole.dns.policy.designated import MOST_HINTS, MOST_SERVICES, Designated, DesignatedService
from sinkhole.dns.policy.special_use import Reserved
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.numbers import Type
from sinkhole.dns.wire.text.rdata import rdata_to_text

HOME = (ip_address("192.0.2.1"), ip_address("2001:db8::1"))
DOH = DesignatedService("dns.example.org", ("h2", "h3"), 443, "/dns-query{?dns}", HOME)
DOT = DesignatedService("dns.example.org", ("dot",), 853, addresses=HOME)
OTHER = DesignatedService("other.example.net.", ("doq",), 8853)


def told(designated: Designated, name: str, qtype: int = Type.SVCB) -> list[str] | None:
    answer = designated.answer(from_text(name), qtype)
    if answer is None:
        return None
    assert len(answer.authority) == (not answer.answer)
    return [rdata_to_text(record.rtype, record.rdata) for record in answer.answer]


def test_each_service_is_told_the_preferred_one_first() -> None:
    assert told(Designated([DOH, DOT, OTHER]), "_dns.resolver.arpa") == [
        "1 dns.example.org alpn=h2,h3 port=443 ipv4hint=192.0.2.1 ipv6hint=2001:db8::1"
        " dohpath=/dns-query{?dns}",
        "2 dns.example.org alpn=dot port=853 ipv4hint=192.0.2.1 ipv6hint=2001:db8::1",
        "3 other.example.net alpn=doq port=8853",
    ]


def test_a_name_has_its_own_services() -> None:
    designated = Designated([DOH, DOT, OTHER])
    assert told(designated, "_dns.other.example.net") == ["3 other.example.net alpn=doq port=8853"]
    assert told(designated, "_dns.other.example.net", Type.A) == []
    assert told(designated, "other.example.net") is None
    assert told(designated, "_dns.example.org") is None
    assert told(Designated(), "_dns.resolver.arpa") is None


def test_only_so_many_addresses_are_told() -> None:
    many = tuple(ip_address(f"192.0.2.{last}") for last in range(100))
    (text,) = told(Designated([DOT._replace(addresses=many)]), "_dns.resolver.arpa") or []
    assert text.count("192.0.2.") == MOST_HINTS


def test_only_so_many_services_are_told_but_each_name_has_its_own() -> None:
    services = [DOT._replace(name=f"dns{i}.example.org") for i in range(20)]
    designated = Designated(services)
    assert len(told(designated, "_dns.resolver.arpa") or []) == MOST_SERVICES
    assert len(told(designated, "_dns.dns19.example.org") or []) == 1


@pytest.mark.parametrize(
    "service", [DOT._replace(name="a..b"), DOT._replace(alpn=()), DOT._replace(port=70_000)]
)
def test_what_cannot_be_told_is_an_error(service: DesignatedService) -> None:
    with pytest.raises(ValueError, match=r"."):
        Designated([service])


def test_what_is_not_to_be_discovered_is_not_told() -> None:
    name = from_text("_dns.dns.example.org")
    assert Reserved(designated=Designated([DOT])).answer(name, Type.SVCB) is not None
    assert Reserved(discovery=False, designated=Designated([DOT])).answer(name, Type.SVCB) is None
