"""Certificates made by `cryptography`, read by us."""

from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_der_x509_certificate
from pki import NOW, YEAR, Authority

from sinkhole.model.certificate import MOST_NAMES, read_certificate


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "Example authority")


def test_what_a_certificate_says(authority: Authority) -> None:
    issued = authority.issue("DNS.example.org", "*.example.net", "192.0.2.1", "2001:db8::1")
    theirs = load_der_x509_certificate(issued.der)
    read = read_certificate(issued.der)
    assert read.names == ("dns.example.org", "*.example.net", "192.0.2.1", "2001:db8::1")
    assert (read.subject, read.issuer) == ("DNS.example.org", "Example authority")
    assert read.not_before == theirs.not_valid_before_utc
    assert read.not_after == theirs.not_valid_after_utc
    key = theirs.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert read.key_sha256 == sha256(key).digest()
    assert read.tbs_sha256 == sha256(theirs.tbs_certificate_bytes).digest()


def test_a_certificate_for_nobody(authority: Authority) -> None:
    assert read_certificate(authority.issue().der).names == ()


def test_a_certificate_valid_for_long(authority: Authority) -> None:
    issued = authority.issue("example.org", not_after=NOW + 40 * YEAR)  # a GeneralizedTime
    assert read_certificate(issued.der).not_after == (NOW + 40 * YEAR).replace(microsecond=0)


def test_more_names_than_anybody_reads(authority: Authority) -> None:
    issued = authority.issue(*(f"n{number}.example.org" for number in range(MOST_NAMES + 10)))
    assert len(read_certificate(issued.der).names) == MOST_NAMES


@pytest.mark.parametrize(
    "der",
    [b"", b"\x30", b"\x30\x80", b"\x30\x00", b"\x30\x02\x30\x00", b"\x02\x01\x00", b"\xff" * 9],
)
def test_what_is_no_certificate(der: bytes) -> None:
    with pytest.raises(ValueError, match="certificate"):
        read_certificate(der)
