"""What is an upstream, and what to write instead of what is none."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from sinkhole.control.settings.upstream_urls import parse_upstream
from sinkhole.model.upstream_url import UpstreamUrl

PIN = bytes(range(32))
ONES = b"\xff" * 32
PIN_TEXT = b64encode(PIN).decode()


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("192.0.2.1", UpstreamUrl("udp", "192.0.2.1", 53)),
        (" 192.0.2.1:5353 ", UpstreamUrl("udp", "192.0.2.1", 5353)),
        ("2001:0DB8::1", UpstreamUrl("udp", "2001:db8::1", 53)),
        ("[2001:db8::1]:53", UpstreamUrl("udp", "2001:db8::1", 53)),
        ("fe80::1%eth0", UpstreamUrl("udp", "fe80::1%eth0", 53)),
        ("udp://192.0.2.1", UpstreamUrl("udp", "192.0.2.1", 53)),
        ("udp://dns.example.org", UpstreamUrl("udp", "dns.example.org", 53)),
        ("tcp://[2001:db8::1]:54", UpstreamUrl("tcp", "2001:db8::1", 54)),
        ("tcp://[fe80::1%25eth0]", UpstreamUrl("tcp", "fe80::1%eth0", 53)),
        ("TLS://DNS.Example.org.", UpstreamUrl("tls", "dns.example.org", 853)),
        (
            "tls://192.0.2.1:8853#dns.example.org",
            UpstreamUrl("tls", "192.0.2.1", 8853, server_name="dns.example.org"),
        ),
        ("tls://dns.example.org#dns.example.org", UpstreamUrl("tls", "dns.example.org", 853)),
        ("quic://dns.example.org", UpstreamUrl("quic", "dns.example.org", 853)),
        ("https://dns.example.org", UpstreamUrl("https", "dns.example.org", 443, "/dns-query")),
        ("https://dns.example.org/", UpstreamUrl("https", "dns.example.org", 443, "/")),
        ("https://a.example/dns-query{?dns}", UpstreamUrl("https", "a.example", 443, "/dns-query")),
        ("h3://bücher.example:8443/a/b", UpstreamUrl("h3", "xn--bcher-kva.example", 8443, "/a/b")),
        (f"tls://a.example?pin={PIN_TEXT}", UpstreamUrl("tls", "a.example", 853, pins=(PIN,))),
        (
            f"https://a.example/q?pin={PIN_TEXT}&hash={PIN_TEXT}&pin={'A' * 43}=#b.example",
            UpstreamUrl("https", "a.example", 443, "/q", "b.example", (PIN, bytes(32)), (PIN,)),
        ),
        (f"tls://a.example?pin={'_' * 42}8=", UpstreamUrl("tls", "a.example", 853, pins=(ONES,))),
        (
            "udp://a.example?address=192.0.2.1&address=2001:db8::1",
            UpstreamUrl("udp", "a.example", 53, addresses=("192.0.2.1", "2001:db8::1")),
        ),
    ],
)  # fmt: skip
def test_an_upstream_is_read_and_written_back(text: str, url: UpstreamUrl) -> None:
    assert parse_upstream(text) == url
    assert parse_upstream(url.text) == url


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("http://dns.example.org", "is not encrypted, and so not taken: write https://"),
        ("doh://dns.example.org", "is DNS over HTTPS: write https://"),
        ("ftp://dns.example.org", "is no upstream, write an address, or udp://, tcp://, tls://"),
        ("dns.example.org", 'write how it is to be asked: "tls://dns.example.org"'),
        ("tls:dns.example.org", 'lacks //, write "tls://dns.example.org"'),
        ("[/corp.example/]192.0.2.1", "is for some names only, write it in upstream.routes"),
        ("192.0.2.1#53", 'is not an IP address with a port, write one such as "192.0.2.1:53"'),
        ("192.0.2.1.5", "is not an IP address with a port"),
        ("tls://192.0.2", "has neither a name nor a whole IP address in it"),
        ("tls://256.0.2.1", "has neither a name nor a whole IP address in it"),
        ("192.0.2.1:0", "it must be 1..65535"),
        ("tls://dns.example.org:65536", "it must be 1..65535"),
        ("tls://", 'names no server, write "tls://dns.example.org" or "tls://192.0.2.1:853"'),
        ("https:///dns-query", "names no server"),
        ("tls://2001:db8::1", 'write IPv6 in brackets, "tls://[2001:db8::1]"'),
        ("tls://[192.0.2.1]", "names no server"),
        ("tls://dns example.org", "is not a host name"),
        ("tls://user:secret@dns.example.org", "has a user in it, which means nothing here"),
        ("0.0.0.0", '"0.0.0.0" is not the address of one server'),
        ("tls://[ff02::1]", "is not the address of one server"),
        ("tls://[2001:db8::1%eth0]", "is not link-local, so it has no interface"),
        ("tls://dns.example.org/", "has a path, which only https:// and h3:// have"),
        ("https://dns.example.org/ä", "its path has characters that need %-encoding"),
        ("https://dns.example.org/a b", "its path has characters that need %-encoding"),
        ("tls://192.0.2.1#", "has no name behind #"),
        ("tls://192.0.2.1#192.0.2.2", "is an address, write a name"),
        ("tls://192.0.2.1#a.example?pin=x", "what begins with ? stands in front of #"),
        ("tcp://192.0.2.1#a.example", "has no certificate, so no name behind # and no pin="),
        (f"udp://192.0.2.1?pin={PIN_TEXT}", "has no certificate"),
        ("tls://192.0.2.1?pin=abc", "pin= takes the SHA-256 of the public key in base64"),
        ("tls://192.0.2.1?hash=%%%", "hash= takes the SHA-256 of a certificate of the chain"),
        ("tls://192.0.2.1?token=abc", "behind ? stand pin=, hash= or address= only"),
        ("tls://192.0.2.1?address=192.0.2.1", "is an address already, remove address="),
        ("tls://a.example?address=b.example", '"b.example" is not an IP address'),
        ("tls://a.example?address=::", "is not the address of one server"),
        ("sdns://AQ", "it is for DNSCrypt"),
        ("", "is empty"),
        (5, "5 is not text"),
        ("tls://" + "a" * 5000, "takes 5006 bytes, at most 4096 are allowed"),
    ],
)  # fmt: skip
def test_what_is_no_upstream_says_what_to_write(text: Any, reason: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_upstream(text)
    assert reason in str(caught.value)
    assert "secret" not in str(caught.value)
