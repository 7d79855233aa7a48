"""Invariant: `read_certificate` reads any bytes to the end or raises ValueError; `cryptography`
finds the same names and digests in whatever both can read."""

from hashlib import sha256

import pytest
from certificates import leaf
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from sinkhole.model.certificate import Certificate, read_certificate

DER = leaf("dns.example.org", "*.example.net", "2001:db8::1").x509.public_bytes(Encoding.DER)


def read(der: bytes) -> Certificate | None:
    try:
        return read_certificate(der)
    except ValueError:
        return None


@given(st.binary(max_size=300))
def test_any_bytes(der: bytes) -> None:
    read(der)


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@given(st.integers(0, len(DER) - 1), st.binary(min_size=1, max_size=3))
def test_a_certificate_with_a_few_bytes_changed(at: int, other: bytes) -> None:
    changed = DER[:at] + other + DER[at + len(other) :]
    ours = read(changed)
    try:
        theirs = x509.load_der_x509_certificate(changed)
    except ValueError:
        return
    if ours is not None:
        assert ours.tbs_sha256 == sha256(theirs.tbs_certificate_bytes).digest()


@given(st.integers(0, len(DER) - 1))
def test_a_certificate_that_ends_early(size: int) -> None:
    with pytest.raises(ValueError, match="certificate"):
        read_certificate(DER[:size])
