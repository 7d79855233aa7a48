"""Upstreams and routes, as each of the others writes them."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from imported import told, wanted

from sinkhole.control.imports.plan import Plan
from sinkhole.control.imports.servers import (
    Read,
    adguardhome_server,
    blocky_server,
    pihole_server,
    reverse_zones,
    split_lines,
)


@pytest.mark.parametrize(
    ("read", "text", "ours"),
    [
        (adguardhome_server, "192.0.2.1:5353", "192.0.2.1:5353"),
        (adguardhome_server, "dns.example.org:53", "udp://dns.example.org"),
        (adguardhome_server, "h3://dns.example.org/dns-query", "h3://dns.example.org"),
        (pihole_server, "127.0.0.1#5335", "127.0.0.1:5335"),
        (pihole_server, "2001:db8::1#53", "2001:db8::1"),
        (pihole_server, "unbound#5335", "udp://unbound:5335"),
        (blocky_server, "tcp-tls:dns.example.org:853", "tls://dns.example.org"),
        (blocky_server, "tcp-tls:192.0.2.1#dns.example.org", "tls://192.0.2.1#dns.example.org"),
        (blocky_server, "https://dns.example.org/q", "https://dns.example.org/q"),
        (blocky_server, "quic:dns.example.org", "quic://dns.example.org"),
        (blocky_server, "tcp+udp:2001:db8::1", "2001:db8::1"),
    ],
)
def test_servers_are_written_as_ours(read: Read, text: str, ours: str) -> None:
    assert read(text) == ours


@pytest.mark.parametrize("read", [adguardhome_server, pihole_server, blocky_server])
@pytest.mark.parametrize("text", ["", "ftp://example.org", "192.0.2.1:99999", "a b"])
def test_what_is_no_server_is_told(read: Read, text: str) -> None:
    with pytest.raises(ValueError):
        read(text)


def test_lines_for_some_names_become_routes() -> None:
    plan = Plan("x")
    lines = ["# all", "", "192.0.2.9", "[/a.example/B.example/]192.0.2.1 tls://192.0.2.2"]
    lines += ["[/*.c.example/]192.0.2.3", "[/www.a.example/]#", "[//]192.0.2.4", "[/a.example/]"]
    lines += ["[/a.example/]192.0.2.5", "[/unqualified/]192.0.2.6", "[/bad name/]192.0.2.7"]
    assert split_lines(plan, "about", lines) == ["192.0.2.9"]
    assert wanted(plan) == {
        "upstream.routes[a.example]": ["192.0.2.1", "tls://192.0.2.2", "192.0.2.5"],
        "upstream.routes[b.example]": ["192.0.2.1", "tls://192.0.2.2"],
        "upstream.routes[*.c.example]": ["192.0.2.3"],
        "upstream.routes[www.a.example]": "default",
        "upstream.routes[unqualified]": ["192.0.2.4"],
        "upstream.routes[unqualified.]": ["192.0.2.6"],
    }
    assert len(plan.notes) == 2


@pytest.mark.parametrize(
    ("network", "zones"),
    [
        ("192.0.2.0/24", ["2.0.192.in-addr.arpa"]),
        ("198.51.100.0/23", ["100.51.198.in-addr.arpa", "101.51.198.in-addr.arpa"]),
        ("192.0.2.7/32", ["7.2.0.192.in-addr.arpa"]),
        ("fc00::/7", ["c.f.ip6.arpa", "d.f.ip6.arpa"]),
        ("2001:db8::/32", ["8.b.d.0.1.0.0.2.ip6.arpa"]),
    ],
)
def test_networks_are_asked_about_backwards(network: str, zones: list[str]) -> None:
    assert reverse_zones(ip_network(network)) == zones
    assert not told(Plan("x"))
