"""Stamps byte by byte, and why some are refused."""

from __future__ import annotations

from base64 import urlsafe_b64encode

import pytest

from sinkhole.control.settings.stamps import decode_stamp, encode_stamp
from sinkhole.model.upstream_url import UpstreamUrl

SAID = b"\x07" + bytes(7)
ADDRESS = "192.0.2.1"
DIGEST = bytes(range(32))


def stamp(data: bytes) -> str:
    return "sdns://" + urlsafe_b64encode(data).decode().rstrip("=")


@pytest.mark.parametrize(
    ("data", "url"),
    [
        (b"\x00" + SAID + b"\x09192.0.2.1", UpstreamUrl("udp", "192.0.2.1", 53)),
        (b"\x00" + SAID + b"\x12[2001:db8::1]:5353", UpstreamUrl("udp", "2001:db8::1", 5353)),
        (
            b"\x02" + SAID + b"\x09192.0.2.1\x20" + DIGEST + b"\x0bdns.example\x0a/dns-query",
            UpstreamUrl("https", "dns.example", 443, "/dns-query", "", (), (DIGEST,), (ADDRESS,)),
        ),
        (
            b"\x02" + SAID + b"\x05:8443\x00\x0bdns.example\x00\x0a192.0.2.53",
            UpstreamUrl("https", "dns.example", 8443, "/dns-query"),
        ),
        (
            b"\x03" + SAID + b"\x00\xa0" + DIGEST + b"\x20" + DIGEST + b"\x10dns.example:8853",
            UpstreamUrl("tls", "dns.example", 8853, hashes=(DIGEST, DIGEST)),
        ),
        (b"\x03" + SAID + b"\x09192.0.2.1\x00\x00", UpstreamUrl("tls", "192.0.2.1", 853)),
        (b"\x04" + SAID + b"\x00\x00\x0bdns.example", UpstreamUrl("quic", "dns.example", 853)),
    ],
)  # fmt: skip
def test_a_stamp_is_an_upstream(data: bytes, url: UpstreamUrl) -> None:
    assert decode_stamp(stamp(data)) == url
    assert decode_stamp(stamp(data) + "==") == url


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x01" + SAID, "it is for DNSCrypt, and sinkhole speaks plain DNS, DNS over"),
        (b"\x05", "it is for Oblivious DoH"),
        (b"\x81", "it is for a DNSCrypt relay"),
        (b"\x85", "it is for an Oblivious DoH relay"),
        (b"\x77", "it is for a protocol that is not known here (0x77)"),
        (b"\x00" + SAID + b"\x09192.0", "it is not whole, copy all of it"),
        (b"\x00" + SAID + b"\x09192.0.2.1x", "it goes on behind its end"),
        (b"\x00" + SAID + b"\x0bdns.example", '"dns.example" in it is not an IP address'),
        (b"\x00" + SAID + b"\x070.0.0.0", '"0.0.0.0" is not the address of one server'),
        (b"\x03" + SAID + b"\x00\x03abc\x0bdns.example", "a hash in it is no SHA-256"),
        (b"\x03" + SAID + b"\x00\x00\x00", "it names no server"),
        (b"\x03" + SAID + b"\x00\x00\x01\x00", "it has characters in it that no host"),
        (b"\x03" + SAID + b"\x00\x00\x0ddns.example:0", "it must be 1..65535"),
        (b"\x02" + SAID + b"\x00\x00\x0bdns.example\x03dns", '"dns" in it is no path'),
        (b"\x02" + SAID + b"\x00\x00\x0bdns.example\x04/a?b", '"/a?b" in it is no path'),
    ],
)  # fmt: skip
def test_what_cannot_be_used_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(ValueError) as caught:
        decode_stamp(stamp(data))
    assert "cannot be used: " in str(caught.value) and reason in str(caught.value)


@pytest.mark.parametrize("text", ["sdns://", "sdns://a b", "sdns://A", "sdns://ÄÄ", "sdns://A+/="])
def test_what_is_no_base64_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="cannot be used"):
        decode_stamp(text)


@pytest.mark.parametrize(
    "url",
    [
        UpstreamUrl("https", "dns.example", 443, "/dns-query/tablet"),
        UpstreamUrl("https", "dns.example", 8443, "/dns-query"),
        UpstreamUrl("tls", "tablet.dns.example", 853),
        UpstreamUrl("quic", "dns.example", 8853),
    ],
)
def test_a_stamp_that_is_made_says_the_same_when_it_is_read(url: UpstreamUrl) -> None:
    assert decode_stamp(encode_stamp(url)) == url
