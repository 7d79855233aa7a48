"""Certificates made by `cryptography`, read by us."""

from __future__ import annotations

import pytest
from certificates import DAY, Certificate, authority, by_strangers, leaf
from cryptography.hazmat.primitives.serialization import Encoding

from sinkhole.model.certificate import MOST_NAMES, read_certificate


def der(certificate: Certificate) -> bytes:
    return certificate.x509.public_bytes(Encoding.DER)


def test_what_a_certificate_says() -> None:
    issued = by_strangers("DNS.example.org", "*.example.net", "192.0.2.1", "2001:db8::1")
    read = read_certificate(der(issued))
    assert read.names == ("dns.example.org", "*.example.net", "192.0.2.1", "2001:db8::1")
    assert (read.subject, read.issuer) == ("DNS.example.org", "Stranger")
    assert read.not_before == issued.x509.not_valid_before_utc
    assert read.not_after == issued.x509.not_valid_after_utc
    assert read.key_sha256 == issued.pin
    assert read.tbs_sha256 == issued.tbs_hash


def test_the_names_that_a_certificate_is_for() -> None:
    read = read_certificate(der(leaf("dns.example.org", "*.example.net")))
    names = ("dns.example.org", "a.example.net", "example.net", "a.b.example.net", "org")
    assert [read.is_for(name) for name in names] == [True, True, False, False, False]


def test_a_certificate_for_nobody() -> None:
    assert read_certificate(der(authority())).names == ()


def test_a_certificate_valid_for_long() -> None:
    issued = leaf("example.org", ends=40 * 365 * DAY)  # a GeneralizedTime
    assert read_certificate(der(issued)).not_after == issued.x509.not_valid_after_utc


def test_more_names_than_anybody_reads() -> None:
    issued = leaf(*(f"n{number}.example.org" for number in range(MOST_NAMES + 10)))
    assert len(read_certificate(der(issued)).names) == MOST_NAMES


@pytest.mark.parametrize(
    "garbage",
    [b"", b"\x30", b"\x30\x80", b"\x30\x00", b"\x30\x02\x30\x00", b"\x02\x01\x00", b"\xff" * 9],
)
def test_what_is_no_certificate(garbage: bytes) -> None:
    with pytest.raises(ValueError, match="certificate"):
        read_certificate(garbage)
