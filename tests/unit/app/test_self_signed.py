"""What is made to try encrypted DNS out with: trusted for its names, and by its authority alone."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sinkhole.app.self_signed import SelfSigned, self_signed
from sinkhole.app.server_certificate import ServerCertificate, read_pair

NAMES = ("dns.example.org", "192.0.2.1", "2001:db8::1")


@pytest.fixture(scope="module")
def made() -> SelfSigned:
    return self_signed(NAMES, 30)


@pytest.fixture
def pair(made: SelfSigned, tmp_path: Path) -> ServerCertificate:
    chain, key = tmp_path / "c.pem", tmp_path / "k.pem"
    chain.write_bytes(made.chain_pem)
    key.write_bytes(made.key_pem)
    return read_pair(chain, key)


def shake_hands(pair: ServerCertificate, authority: bytes, name: str) -> None:
    ours, theirs = ssl.MemoryBIO(), ssl.MemoryBIO()
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.load_verify_locations(cadata=authority.decode())
    client = trusting.wrap_bio(ours, theirs, server_hostname=name)
    server = pair.context().wrap_bio(theirs, ours, server_side=True)
    waiting = [client, server]
    while waiting:
        for side in list(waiting):
            try:
                side.do_handshake()
                waiting.remove(side)
            except ssl.SSLWantReadError:
                continue


@pytest.mark.parametrize("name", [*NAMES, "tablet.dns.example.org"])
def test_who_trusts_the_authority_accepts_it_for_its_names(
    made: SelfSigned, pair: ServerCertificate, name: str
) -> None:
    shake_hands(pair, made.authority_pem, name)


@pytest.mark.parametrize("name", ["example.org", "a.b.dns.example.org", "192.0.2.2"])
def test_it_is_for_nothing_else(made: SelfSigned, pair: ServerCertificate, name: str) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        shake_hands(pair, made.authority_pem, name)


def test_nobody_else_trusts_it(pair: ServerCertificate) -> None:
    other = self_signed(NAMES, 30).authority_pem
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(pair, other, NAMES[0])


def test_there_is_nothing_to_complain_of(pair: ServerCertificate) -> None:
    now = datetime.now(UTC)
    assert pair.complaints(now.timestamp()) == []
    assert timedelta(days=29) < pair.leaf.not_after - now <= timedelta(days=30)
    assert pair.host_names == ("dns.example.org",)
