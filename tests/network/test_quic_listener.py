"""The QUIC listener on real sockets: DoQ and HTTP/3, asked by kdig and by our own links."""

from __future__ import annotations

import asyncio
import os
import socket
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import dnslib
import pytest
from certificates import DAY, NOW, PEM, leaf, write_authority
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from other_programs import missing
from quic_asking import ALPN, LIMIT_S, Told, asking, until
from quic_serving import make_world, serving
from real_peers import NAME, kdig
from world import World, addresses

from sinkhole.dns.policy.access import Access
from sinkhole.dns.quic.header import QuicHeader
from sinkhole.dns.server import quic, quic_connection
from sinkhole.dns.upstream.links import quic_opening
from sinkhole.dns.upstream.links.quic_transport import QuicTransport
from sinkhole.dns.upstream.links.session import Session
from sinkhole.model.errors import SinkholeError, UpstreamError
from sinkhole.model.upstream_url import UpstreamKind


def transport_of(session: Any) -> QuicTransport:
    """What is behind one of our own sessions."""
    transport: QuicTransport = session._transport
    return transport


def channels(world: World) -> list[str]:
    """How the queries of the log came."""
    return [batch.channel for batch in world.buffer.drain(1000)]


async def answered(session: Session, told: Told, name: str) -> list[str]:
    session.send(question := asking(name))
    await until(lambda: question in told.answers or told.ends)
    return addresses(dnslib.DNSRecord.parse(told.answers[question]))


@pytest.mark.skipif(bool(missing("kdig")), reason="needs Knot's kdig")
async def test_kdig_asks_by_quic(tmp_path: Path) -> None:
    world = make_world()
    async with serving(world) as served:
        # "+quic" last: what says whom to trust switches to TLS.
        trusting = [f"+tls-ca={write_authority(tmp_path)}", f"+tls-hostname={NAME}", "+quic"]
        told = await kdig(served.place, "example.org", "A", *trusting)
        assert told.code == 0, told.text
        assert "192.0.2.1" in told.text
        assert "QUIC session (QUICv1)" in told.text
        told = await kdig(served.place, "ads.example.org", "A", *trusting)
        assert "0.0.0.0" in told.text
    assert channels(world) == ["quic", "quic"]


@pytest.mark.parametrize("kind", ALPN)
async def test_our_own_links_ask_it(tmp_path: Path, kind: UpstreamKind) -> None:
    world, told = make_world(), Told()
    async with serving(world, ALPN[kind]) as served:
        session = await served.session(tmp_path, kind, told)
        assert await answered(session, told, "example.org") == ["192.0.2.1"]
        assert await answered(session, told, "example.org") == ["192.0.2.1"]
        assert await answered(session, told, "ads.example.org") == ["0.0.0.0"]
        assert {len(wire) for wire in told.answers.values()} == {468}  # RFC 8467
        session.close()
        await until(lambda: not len(served.socket))
        assert not served.door.encrypted.holders
    assert channels(world) == [kind] * 3


@pytest.mark.parametrize("kind", ALPN)
async def test_a_hundred_queries_at_once_and_thousands_in_a_row(
    tmp_path: Path, kind: UpstreamKind
) -> None:
    world, told = make_world(), Told()
    async with serving(world, ALPN[kind]) as served:
        session = await served.session(tmp_path, kind, told)
        waiting = 3000
        while waiting:
            while session.room and waiting:
                session.send(asking("ads.example.org"))
                waiting -= 1
            await asyncio.sleep(0)
        await until(lambda: len(told.answers) == 3000)
        assert told.ends == told.refusals == []
        session.close()


@pytest.mark.parametrize("kind", ALPN)
async def test_answers_that_have_to_be_waited_for(tmp_path: Path, kind: UpstreamKind) -> None:
    world, told = make_world(), Told()
    world.upstreams.gate = asyncio.Event()
    async with serving(world, ALPN[kind]) as served:
        session = await served.session(tmp_path, kind, told)
        session.send(slow := asking("example.org"))
        session.send(given_up := asking("www.example.org"))
        await until(lambda: served.door.room.waiting == 2)
        session.cancel(given_up)
        assert await answered(session, told, "ads.example.org") == ["0.0.0.0"]
        world.upstreams.gate.set()
        await until(lambda: slow in told.answers and not served.door.room.waiting)
        assert given_up not in told.answers
        assert await answered(session, told, "ads.example.org") == ["0.0.0.0"]
        session.close()


@pytest.mark.parametrize("kind", ALPN)
async def test_clients_call_themselves_something_by_the_name_they_ask_for(
    tmp_path: Path, kind: UpstreamKind
) -> None:
    told, name = Told(), f"tablet.{NAME}"
    async with serving(make_world(), ALPN[kind]) as served:
        certificate = leaf(f"*.{NAME}")
        served.terms.use(certificate.chain_pem, certificate.key_pem)
        session = await served.session(tmp_path, kind, told, name)
        await until(lambda: served.door.encrypted.holders)
        assert [each.channel.client_id for each in served.door.encrypted.holders] == ["tablet"]
        session.close()


async def test_a_new_certificate_counts_for_new_connections(tmp_path: Path) -> None:
    told = Told()
    async with serving(make_world()) as served:
        before = await served.session(tmp_path, "quic", told)
        other = leaf("other.example.org")
        served.terms.use(other.chain_pem, other.key_pem)
        with pytest.raises(UpstreamError, match=r"but one for other\.example\.org"):
            await served.session(tmp_path, "quic", Told())
        with pytest.raises(SinkholeError, match="cannot be used for QUIC"):
            served.terms.use(other.chain_pem, b"no key")
        assert await answered(before, told, "ads.example.org") == ["0.0.0.0"]
        before.close()


async def test_strangers_hear_nothing() -> None:
    world = World()
    world.publish(access=Access((ip_network("192.0.2.0/24"),)))
    async with serving(world) as served:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.setblocking(False)
            stranger.connect(served.place)
            for datagram in (initial(), OTHER_VERSION, b"junk"):
                stranger.send(datagram)
            await until(lambda: len(world.buffer) == 2)  # the junk is nobody's connection
            with pytest.raises(BlockingIOError):
                stranger.recv(2000)
        assert len(served.socket) == served.door.handshakes.failed == 0
    assert channels(world) == ["quic", "quic"]


async def test_at_every_address_replies_leave_from_the_one_that_was_asked(tmp_path: Path) -> None:
    told = Told()
    async with serving(make_world(), host="0.0.0.0") as served:
        session = await served.session(tmp_path, "quic", told)  # from a connected socket
        assert session.address == served.place.host
        assert await answered(session, told, "ads.example.org") == ["0.0.0.0"]
        session.close()


@pytest.mark.parametrize("host", ["::1", "::"])
async def test_ipv6(tmp_path: Path, host: str) -> None:
    told, world = Told(), make_world()
    world.publish(access=Access((ip_network("::1/128"),)))
    async with serving(world, host=host, asked_at="::1") as served:
        session = await served.session(tmp_path, "quic", told)
        assert session.address == "::1"
        assert await answered(session, told, "example.org") == ["192.0.2.1"]
        session.close()


@pytest.mark.parametrize("form", ["RSA", "P-384", "Ed25519"])
async def test_keys_of_every_kind(tmp_path: Path, form: str) -> None:
    key = {
        "RSA": lambda: rsa.generate_private_key(65537, 2048),
        "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "Ed25519": ed25519.Ed25519PrivateKey.generate,
    }[form]()
    builder = x509.CertificateBuilder().public_key(key.public_key()).serial_number(1)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    builder = builder.subject_name(name).issuer_name(name)
    builder = builder.not_valid_before(NOW - DAY).not_valid_after(NOW + DAY)
    algorithm = None if form == "Ed25519" else hashes.SHA256()
    pem = builder.sign(key, algorithm).public_bytes(PEM)
    traditional = serialization.PrivateFormat.TraditionalOpenSSL
    pkcs8 = serialization.PrivateFormat.PKCS8
    as_written = pkcs8 if form == "Ed25519" else traditional  # "BEGIN EC PRIVATE KEY"
    async with serving(make_world()) as served:
        plain = serialization.NoEncryption()
        served.terms.use(b"a comment\n" + pem, key.private_bytes(PEM, as_written, plain))
        told = await kdig(served.place, "ads.example.org", "A", "+quic")
        assert "0.0.0.0" in told.text


# -- load and malice ------------------------------------------------------------------------------


OTHER_VERSION = b"\xc3\xfa\xce\xb0\x0c\x08DESTINAT\x04SRCE".ljust(1200, b"\0")


def initial() -> bytes:
    """What looks like the first packet of a connection, up to where it is encrypted."""
    return b"\xc3\0\0\0\1\x08" + os.urandom(8) + b"\0\0\x44\xd0" + os.urandom(1200)


async def test_addresses_are_proven_where_many_handshakes_are_underway(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quic, "RETRY_ABOVE", 0)
    told = Told()
    async with serving(make_world()) as served:
        tokens: list[bytes] = []
        real = quic.read_header

        def noting(datagram: bytes) -> QuicHeader | None:
            header = real(datagram)
            if header is not None and header.is_initial:
                tokens.append(header.token)
            return header

        monkeypatch.setattr(quic, "read_header", noting)
        session = await served.session(tmp_path, "quic", told)
        assert tokens[0] == b""
        assert len(tokens[-1]) > 24
        assert await answered(session, told, "ads.example.org") == ["0.0.0.0"]
        session.close()


async def test_who_proved_his_address_may_go_on_with_another_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All of them are started with one secret; and which one gets a datagram, the kernel says."""
    monkeypatch.setattr(quic, "RETRY_ABOVE", 0)
    async with serving(make_world()) as one, serving(make_world()) as other:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.setblocking(False)
            client.sendto(initial(), one.place)
            retry = await asyncio.get_running_loop().sock_recv(client, 2000)
            ours, token = retry[7 : 7 + retry[6]], retry[7 + retry[6] : -16]  # RFC 9000 §17.2.5
            head = b"\xc3\0\0\0\1" + bytes((len(ours),)) + ours + b"\0"
            again = head + bytes((0x40, len(token))) + token + b"\x44\xd0" + os.urandom(1200)
            client.sendto(again, other.place)
            await until(lambda: len(other.socket) == 1)
            client.sendto(initial(), other.place)
            assert (await asyncio.get_running_loop().sock_recv(client, 2000))[0] & 0xF0 == 0xF0
            assert (len(one.socket), len(other.socket)) == (0, 1)


async def test_garbage_and_half_handshakes_leave_nothing(tmp_path: Path) -> None:
    told = Told()
    async with serving(make_world()) as served:
        session = await served.session(tmp_path, "quic", told)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as strange:
            strange.connect(served.place)
            for number in range(300):
                strange.send(os.urandom(number * 4))
                strange.send(initial())
                if not number % 20:
                    assert await answered(session, told, "ads.example.org") == ["0.0.0.0"]
            assert len(served.door.handshakes.places.holders) <= 16  # of one network
            assert len(served.socket) <= 17
        session.close()


async def test_a_handshake_that_does_not_go_on_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quic_connection, "HANDSHAKE_S", 0.0)
    async with serving(make_world()) as served:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as strange:
            strange.connect(served.place)
            strange.send(initial())
            await until(lambda: served.door.handshakes.failed == 1)
            assert len(served.socket) == 0


async def test_other_versions_are_told_ours() -> None:
    async with serving(make_world()) as served:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.setblocking(False)
            other.connect(served.place)
            other.send(OTHER_VERSION)
            loop = asyncio.get_running_loop()
            reply = await asyncio.wait_for(loop.sock_recv(other, 2000), LIMIT_S)
            assert reply[1:] == b"\0\0\0\0\x04SRCE\x08DESTINAT\0\0\0\1"
            assert len(served.socket) == 0


@pytest.mark.parametrize(
    ("stream", "data", "end"),
    [
        (0, b"\0\x03ab", True),
        (0, b"\0\x01ab", True),
        (0, b"\xff\xff", False),
        (2, b"hello", False),
    ],
)
async def test_clients_that_break_the_framing_are_sent_away(
    tmp_path: Path, stream: int, data: bytes, end: bool
) -> None:
    told = Told()
    async with serving(make_world()) as served:
        session = await served.session(tmp_path, "quic", told)
        transport = transport_of(session)
        transport.connection.native.send_stream_data(stream, data, end)
        transport.flush_soon()
        await until(lambda: told.ends)
        assert told.ends[0].startswith("closed the connection with error 0x2 (the client")


async def test_what_is_no_query_is_reset_and_others_go_on(tmp_path: Path) -> None:
    told = Told()
    async with serving(make_world()) as served:
        session = await served.session(tmp_path, "quic", told)
        native = transport_of(session).connection.native
        native.send_stream_data(native.get_next_available_stream_id(), b"\0\x04junk", True)
        assert await answered(session, told, "ads.example.org") == ["0.0.0.0"]
        session.close()


async def test_clients_that_do_not_read_are_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quic_connection, "WRITE_BUFFER", 4000)
    monkeypatch.setattr(quic_opening, "STREAM_SIZE", 10)
    async with serving(make_world()) as served:
        session = await served.session(tmp_path, "quic", Told())
        for _ in range(50):
            session.send(asking("ads.example.org"))
        await until(lambda: not len(served.socket))
        assert not served.door.encrypted.holders
        session.close()


@pytest.mark.parametrize("kind", ALPN)
async def test_one_that_is_idle_gives_way(tmp_path: Path, kind: UpstreamKind) -> None:
    told = Told()
    async with serving(make_world(), ALPN[kind], most=2) as served:
        first = await served.session(tmp_path, kind, told)
        others = [await served.session(tmp_path, kind, Told()) for _ in range(2)]
        await until(lambda: told.ends)
        assert told.ends == ["closed the connection"]
        assert first.room == 0
        for each in others:
            each.close()


async def test_the_end_of_a_connections_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quic_connection, "MAX_QUERIES", 3)
    told = Told()
    async with serving(make_world()) as served:
        session = await served.session(tmp_path, "quic", told)
        for _ in range(3):
            assert await answered(session, told, "ads.example.org") == ["0.0.0.0"]
        await until(lambda: told.ends)
        assert told.ends == ["closed the connection"]
