"""What clients are told of the encrypted listeners of the settings."""

from __future__ import annotations

from typing import Any

from settings_file import settings_from

from sinkhole.app.designation import services
from sinkhole.control.settings.dns_schema import DnsSettings
from sinkhole.dns.policy.designated import Designated


def dns(**parts: Any) -> DnsSettings:
    pair = {"certificate": "/etc/a.pem", "certificate_key": "/etc/a.key"}
    return settings_from({"dns": {**pair, **parts}}).dns


def told(settings: DnsSettings, *names: str, quic: bool = True) -> list[str]:
    found = services(settings, names, quic=quic)
    assert Designated(found) is not None
    return [
        " ".join((each.name, *each.alpn, str(each.port), each.path, *map(str, each.addresses)))
        for each in found
    ]


def test_each_listener_is_told_by_each_name() -> None:
    settings = dns(https=["192.0.2.1:443", "[2001:db8::1]:443"], tls=["0.0.0.0:853"], http3=False)
    assert told(settings, "a.example.org", "b.example.org") == [
        "a.example.org h2 443 /dns-query{?dns} 192.0.2.1 2001:db8::1",
        "a.example.org dot 853 ",
        "b.example.org h2 443 /dns-query{?dns} 192.0.2.1 2001:db8::1",
        "b.example.org dot 853 ",
    ]
    assert told(settings) == []


def test_quic_is_told_where_there_is_some() -> None:
    settings = dns(https=["192.0.2.1:8443"], quic=["192.0.2.1:853"], http3=True)
    assert told(settings, "a.example.org") == [
        "a.example.org h2 h3 8443 /dns-query{?dns} 192.0.2.1",
        "a.example.org doq 853  192.0.2.1",
    ]
    assert told(settings, "a.example.org", quic=False) == [
        "a.example.org h2 8443 /dns-query{?dns} 192.0.2.1"
    ]


def test_ports_are_told_apart() -> None:
    settings = dns(tls=["192.0.2.1:853", "192.0.2.2:853", "192.0.2.1:8853"])
    assert told(settings, "a.example.org") == [
        "a.example.org dot 853  192.0.2.1 192.0.2.2",
        "a.example.org dot 8853  192.0.2.1",
    ]
