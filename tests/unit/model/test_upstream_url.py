"""How an upstream is shown, and what it is before anybody asks it."""

from __future__ import annotations

import pytest

from sinkhole.model.upstream_url import UpstreamUrl


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (UpstreamUrl("udp", "192.0.2.1", 53), "192.0.2.1"),
        (UpstreamUrl("udp", "2001:db8::1", 5353), "[2001:db8::1]:5353"),
        (UpstreamUrl("udp", "fe80::1%eth0", 53), "fe80::1%eth0"),
        (UpstreamUrl("udp", "dns.example.org", 53), "udp://dns.example.org"),
        (UpstreamUrl("tcp", "2001:db8::1", 53), "tcp://[2001:db8::1]"),
        (UpstreamUrl("tls", "dns.example.org", 8853), "tls://dns.example.org:8853"),
        (UpstreamUrl("https", "dns.example.org", 443, "/dns-query"), "https://dns.example.org"),
        (UpstreamUrl("h3", "192.0.2.1", 443, "/", "a.example"), "h3://192.0.2.1/#a.example"),
        (
            UpstreamUrl("https", "a.example", 443, "/x1y2z3w4v5u6t7s8r9/q", pins=(bytes(32),)),
            "https://a.example/***/q",
        ),
    ],
)
def test_people_are_shown_what_they_need_and_no_secret(url: UpstreamUrl, shown: str) -> None:
    assert str(url) == shown


def test_a_name_has_to_be_found_and_an_address_not() -> None:
    named = UpstreamUrl("tls", "dns.example.org", 853)
    assert named.is_named and named.is_encrypted and named.tls_name == "dns.example.org"
    at = UpstreamUrl("tls", "fe80::1%eth0", 853, server_name="dns.example.org")
    assert not at.is_named and at.tls_name == "dns.example.org"
    assert not UpstreamUrl("tcp", "192.0.2.1", 53).is_encrypted


def test_the_text_has_all_of_it() -> None:
    url = UpstreamUrl(
        "https", "a.example", 8443, "/q", "b.example", (bytes(32),), (b"\xff" * 32,), ("::1",)
    )
    digest = "A" * 43 + "="
    assert url.text == (
        f"https://a.example:8443/q?pin={digest}&hash={'/' * 42}8=&address=::1#b.example"
    )
