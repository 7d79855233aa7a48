"""Any two files are a certificate with its key, or a CertificateError that says why not."""

from __future__ import annotations

import tempfile
from pathlib import Path

from certificates import behind_intermediate, leaf
from hypothesis import given, settings
from hypothesis import strategies as st

from sinkhole.app.server_certificate import read_pair
from sinkhole.model.errors import CertificateError

GOOD = behind_intermediate("dns.example.org", "192.0.2.1")
PIECES = st.sampled_from(
    [
        *(GOOD.chain_pem, GOOD.key_pem, leaf("other.example.org").chain_pem),
        *(b"-----BEGIN CERTIFICATE-----\n", b"-----END CERTIFICATE-----\n"),
        *(b"-----BEGIN PRIVATE KEY-----\n", b"-----END PRIVATE KEY-----\n", b"MIIB\n", b"\0"),
    ]
)


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    at = draw(st.integers(0, len(whole) - 1))
    return whole[:at] + draw(st.binary(max_size=3)) + whole[at + draw(st.integers(0, 40)) :]


FILES = (
    st.binary(max_size=50)
    | st.lists(PIECES, max_size=4).map(b"".join)
    | damaged(GOOD.chain_pem)
    | damaged(GOOD.key_pem)
    | st.just(GOOD.key_pem)
    | st.just(GOOD.chain_pem)
)


@settings(deadline=None)
@given(FILES, FILES)
def test_any_two_files_are_a_pair_or_told(certificate: bytes, key: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        paths = Path(folder, "c.pem"), Path(folder, "k.pem")
        for path, data in zip(paths, (certificate, key), strict=True):
            path.write_bytes(data)
        try:
            pair = read_pair(*paths)
        except CertificateError as error:
            assert "c.pem" in str(error) or "k.pem" in str(error)
        else:
            assert pair.context() and pair.complaints(0.0) is not None
