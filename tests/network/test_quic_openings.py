"""Connections over QUIC that can be had and that cannot, by the real `QuicSessions`."""

from __future__ import annotations

import builtins
import socket
import sys
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from certificates import (
    Certificate,
    by_strangers,
    expired,
    leaf,
    not_yet_valid,
    self_signed,
    write_authority,
)
from certificates import authority as root
from places import nobodys_port
from quic_asking import ALPN, KINDS, NAME, Told, asking, cause, echo, opened, sessions, until, url
from quic_peer import QuicPeer

from sinkhole.model.errors import UpstreamError
from sinkhole.model.upstream_url import UpstreamKind


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    return write_authority(tmp_path)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> UpstreamKind:
    return request.param


@pytest.fixture
async def peer(authority: Path, kind: UpstreamKind) -> AsyncIterator[QuicPeer]:
    async with QuicPeer(leaf(NAME), ALPN[kind]).running() as running:
        running.answer = echo
        yield running


async def test_what_people_are_told_of_a_connection(
    peer: QuicPeer, kind: UpstreamKind, authority: Path
) -> None:
    made = sessions(url(kind, peer.port), authority)
    assert made.facts is None
    (await opened(made, Told())).close()
    facts = made.facts
    assert facts is not None
    assert (facts.address, facts.tls_version, facts.alpn) == ("127.0.0.1", "TLSv1.3", ALPN[kind])
    assert facts.handshake_s is not None and facts.handshake_s > 0
    assert facts.certificate is not None and facts.certificate.names == (NAME,)


async def certified(authority: Path, certificate: Certificate, **more: Any) -> str:
    """Why a server with this certificate is not taken; "" if it is."""
    async with QuicPeer(certificate).running() as peer:
        made = sessions(url("quic", peer.port, **more), authority)
        try:
            (await opened(made, Told())).close()
        except UpstreamError as error:
            return error.cause
        return ""


async def test_certificates(authority: Path) -> None:
    assert await certified(authority, leaf(NAME)) == ""
    assert await certified(authority, leaf("127.0.0.1"), host="127.0.0.1") == ""
    assert await certified(authority, leaf(NAME), host="127.0.0.1", server_name=NAME) == ""
    assert await certified(authority, leaf("other.example.org")) == (
        f"has no certificate for {NAME}, but one for other.example.org"
    )
    assert await certified(authority, leaf(NAME), host="127.0.0.1") == (
        f"has no certificate for 127.0.0.1, but one for {NAME}"
    )
    old = await certified(authority, expired(NAME))
    assert old.startswith("has a certificate that expired on")
    assert "is not valid before" in await certified(authority, not_yet_valid(NAME))
    own = await certified(authority, self_signed(NAME))
    assert own.startswith("has a certificate that it signed itself")
    assert await certified(authority, by_strangers(NAME)) == (
        "has a certificate of an authority that this machine does not know, Stranger"
    )


async def test_pins_decide_in_place_of_the_authorities(authority: Path) -> None:
    certificate = self_signed("whoever.example.org")
    key = certificate.pin
    assert await certified(authority, certificate, pins=(key,)) == ""
    wrong = await certified(authority, certificate, pins=(sha256(b"").digest(),))
    assert wrong == f"has another key than the pinned one: sha256 {key.hex()}"


async def test_hashes_must_be_in_the_chain_besides(authority: Path) -> None:
    certificate = leaf(NAME)
    own, above = certificate.tbs_hash, root().tbs_hash
    assert await certified(authority, certificate, hashes=(own,)) == ""
    assert await certified(authority, certificate, hashes=(above,)) == ""
    nothing = await certified(authority, certificate, hashes=(sha256(b"").digest(),))
    assert nothing == "has none of the certificates that its stamp asks for"


async def test_a_server_that_speaks_another_protocol(authority: Path) -> None:
    async with QuicPeer(leaf(NAME), "h3").running() as peer:
        why = await cause(sessions(url("quic", peer.port), authority))
    assert "refused the TLS handshake" in why


async def test_nobody_listens(authority: Path) -> None:
    port = nobodys_port()
    why = await cause(sessions(url("quic", port), authority))
    assert why == f"refused the connection (127.0.0.1 UDP port {port})"


async def test_silence_until_the_deadline(authority: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind(("127.0.0.1", 0))
        port = mute.getsockname()[1]
        why = await cause(sessions(url("quic", port), authority), 0.3)
    assert why.startswith(f"did not answer by QUIC (127.0.0.1 UDP port {port}) within ")


async def test_the_next_address_is_tried_beside_a_silent_one(
    peer: QuicPeer, kind: UpstreamKind, authority: Path
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind(("127.7.7.7", peer.port))
        made = sessions(url(kind, peer.port), authority, "127.7.7.7", "127.0.0.1")
        session = await opened(made, Told())
        assert session.address == "127.0.0.1"
        session.close()


async def test_a_server_that_wants_addresses_proven(authority: Path) -> None:
    async with QuicPeer(leaf(NAME)).running(retry=True) as peer:
        peer.answer = echo
        told = Told()
        session = await opened(sessions(url("quic", peer.port), authority), told)
        session.send(asking())
        await until(lambda: told.answers)
        session.close()


async def test_without_the_library(
    authority: Path, kind: UpstreamKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [each for each in sys.modules if each.startswith("sinkhole.dns.upstream.links.")]:
        if name.rpartition(".")[2] in ("quic", "http3", "quic_opening", "quic_transport"):
            monkeypatch.delitem(sys.modules, name)
    real = builtins.__import__

    def without(name: str, *args: Any, **more: Any) -> Any:
        if name.partition(".")[0] == "qh3":
            raise ModuleNotFoundError("No module named 'qh3'")
        return real(name, *args, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    why = await cause(sessions(url(kind, 853), authority))
    assert "pip install 'sinkhole[encrypted]'" in why
