"""Connections to upstreams by the real `Connector`: to TLS servers that are right and wrong."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from certificates import (
    DAY,
    NOW,
    Certificate,
    behind_intermediate,
    by_strangers,
    expired,
    intermediate,
    leaf,
    not_yet_valid,
    self_signed,
    server_context,
    without_intermediate,
    write_authority,
)
from places import nobodys_place

from sinkhole.dns.upstream.links import happy_eyeballs, tls
from sinkhole.dns.upstream.links.addresses import FixedAddresses
from sinkhole.dns.upstream.links.connect import Connector
from sinkhole.dns.upstream.links.session import Exhausted
from sinkhole.dns.upstream.links.tls import TlsContexts
from sinkhole.model.errors import UpstreamError
from sinkhole.model.upstream_url import UpstreamKind, UpstreamUrl

LIMIT_S = 30.0
NAME = "dns.example.org"


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """The file of who is trusted."""
    return write_authority(tmp_path)


class Listening(asyncio.Protocol):
    """A server's side: keeps what arrives, and says what it is told to say at once."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.server.connections.append(transport)
        if self.server.greeting:
            transport.write(self.server.greeting)

    def data_received(self, data: bytes) -> None:
        self.server.received += data


class Server:
    """A server on 127.0.0.1, with TLS where it has a certificate."""

    def __init__(self, greeting: bytes = b"") -> None:
        self.greeting = greeting
        self.received = b""
        self.names: list[str | None] = []
        self.connections: list[asyncio.Transport] = []
        self.port = 0

    @asynccontextmanager
    async def running(
        self, certificate: Certificate | None = None, *alpn: str
    ) -> AsyncIterator[Server]:
        context = server_context(certificate, alpn) if certificate else None
        if context:
            context.sni_callback = lambda _tls, name, _context: self.names.append(name)
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Listening(self), "127.0.0.1", 0, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for transport in self.connections:
                transport.abort()


class Ours(asyncio.Protocol):
    """Our side: what a session would be."""

    def __init__(self) -> None:
        self.received = b""
        self.made = False
        self.lost = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.made = True

    def data_received(self, data: bytes) -> None:
        self.received += data

    def connection_lost(self, error: Exception | None) -> None:
        self.lost.set()


def url(kind: UpstreamKind, port: int, host: str = NAME, **more: object) -> UpstreamUrl:
    return UpstreamUrl(kind, host, port)._replace(**more)


def connector(
    wanted: UpstreamUrl, authority: Path, *ips: str, alpn: tuple[str, ...] = ()
) -> Connector:
    addresses = FixedAddresses(ips or ("127.0.0.1",))
    return Connector(wanted, addresses, contexts=TlsContexts(authority), alpn=alpn)


async def opened(made: Connector, limit_s: float = LIMIT_S) -> tuple[asyncio.Transport, Ours]:
    return await made.open(Ours, asyncio.get_running_loop().time() + limit_s)


async def cause(made: Connector, limit_s: float = LIMIT_S) -> str:
    with pytest.raises(UpstreamError) as caught:
        await opened(made, limit_s)
    return caught.value.cause


async def until_told(ours: Ours, size: int) -> None:
    async with asyncio.timeout(LIMIT_S):
        while len(ours.received) < size:
            await asyncio.sleep(0)


async def test_tls_by_name(authority: Path) -> None:
    async with Server(b"hello").running(leaf(NAME), "h2") as server:
        made = connector(url("tls", server.port), authority, alpn=("h2",))
        transport, ours = await opened(made)
        await until_told(ours, 5)
        assert ours.received == b"hello"
        assert server.names == [NAME]
        facts = made.facts
        assert facts is not None and facts.certificate is not None
        assert (facts.address, facts.alpn) == ("127.0.0.1", "h2")
        assert facts.tls_version == "TLSv1.3"
        assert facts.certificate.names == (NAME,)
        assert facts.handshake_s is not None
        transport.abort()


async def test_tcp_has_no_tls(authority: Path) -> None:
    async with Server().running() as server:
        made = connector(url("tcp", server.port, "127.0.0.1"), authority)
        transport, _ = await opened(made)
        assert made.facts is not None and made.facts.handshake_s is None
        transport.abort()


async def test_tls_by_address_sends_no_name(authority: Path) -> None:
    async with Server().running(leaf("127.0.0.1")) as server:
        transport, _ = await opened(connector(url("tls", server.port, "127.0.0.1"), authority))
        assert server.names == [None]
        transport.abort()


async def test_tls_by_another_name(authority: Path) -> None:
    async with Server().running(leaf(NAME)) as server:
        wanted = url("tls", server.port, "127.0.0.1", server_name=NAME)
        transport, _ = await opened(connector(wanted, authority))
        assert server.names == [NAME]
        transport.abort()


async def test_certificate_for_other_names(authority: Path) -> None:
    issued = leaf("a.example", "*.b.example", "192.0.2.1", "c.example", "d.example")
    async with Server().running(issued) as server:
        assert await cause(connector(url("tls", server.port), authority)) == (
            f"has no certificate for {NAME}, but one for a.example, *.b.example, 192.0.2.1, "
            "c.example and 1 more"
        )
        assert server.received == b""


async def test_expired_certificate(authority: Path) -> None:
    async with Server().running(expired(NAME)) as server:
        said = await cause(connector(url("tls", server.port), authority))
        assert said.startswith(f"has a certificate that expired on {NOW - DAY:%Y-%m-%d}")


async def test_certificate_of_the_future(authority: Path) -> None:
    async with Server().running(not_yet_valid(NAME)) as server:
        said = await cause(connector(url("tls", server.port), authority))
        assert said.startswith("has a certificate that is not valid before")


async def test_self_signed_certificate(authority: Path) -> None:
    issued = self_signed(NAME)
    async with Server().running(issued) as server:
        said = await cause(connector(url("tls", server.port), authority))
        pin = issued.pin.hex()
        assert (
            said
            == f"has a certificate that it signed itself: pin its key, sha256 {pin}, if it is yours"
        )


async def test_unknown_authority(authority: Path) -> None:
    async with Server().running(by_strangers(NAME)) as server:
        said = await cause(connector(url("tls", server.port), authority))
        assert said == "has a certificate of an authority that this machine does not know, Stranger"


async def test_a_pin_decides_in_place_of_authorities(authority: Path) -> None:
    issued = self_signed("other.example")
    async with Server().running(issued) as server:
        wanted = url("tls", server.port, pins=(bytes(32), issued.pin))
        transport, ours = await opened(connector(wanted, authority))
        assert ours.made
        transport.abort()


async def test_another_key_than_the_pinned_one(authority: Path) -> None:
    issued = leaf(NAME)
    async with Server(b"hello").running(issued) as server:
        wanted = url("tls", server.port, pins=(bytes(32),))
        said = await cause(connector(wanted, authority))
        found = issued.pin.hex()
        assert said == f"has another key than the pinned one: sha256 {found}"


async def test_hashes_of_a_stamp(authority: Path) -> None:
    async with Server().running(behind_intermediate(NAME)) as server:
        right = intermediate().tbs_hash
        wanted = url("tls", server.port, hashes=(bytes(32), right))
        transport, _ = await opened(connector(wanted, authority))
        transport.abort()
        wanted = url("tls", server.port, hashes=(bytes(32),))
        said = await cause(connector(wanted, authority))
        assert said == "has none of the certificates that its stamp asks for"


async def test_an_intermediate_certificate_that_is_missing(authority: Path) -> None:
    async with Server().running(without_intermediate(NAME)) as server:
        said = await cause(connector(url("tls", server.port), authority))
        assert said == (
            "has a certificate of an authority that this machine does not know, "
            "Intermediate of the tests"
        )


async def test_nobody_else_may_vouch_for_a_hash(authority: Path) -> None:
    """A certificate that is sent along, and that nobody needed to verify, counts for nothing."""
    issued = leaf(NAME)
    beside = by_strangers("other.example")
    sent = Certificate(issued.x509, issued.key, [beside.x509])
    async with Server().running(sent) as server:
        wanted = url("tls", server.port, hashes=(beside.tbs_hash,))
        said = await cause(connector(wanted, authority))
        assert said == "has none of the certificates that its stamp asks for"


async def test_nobody_listens(authority: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        said = await cause(connector(url("tls", port), authority))
        assert said == f"refused the connection (127.0.0.1 port {port})"


class Moving(FixedAddresses):
    """The address of a server that has moved, which is found when the old one has failed."""

    def __init__(self, old: str, new: str) -> None:
        super().__init__([old])
        self._new = new

    def failed(self, ip: str) -> None:
        self._addresses = [self._new]


async def test_a_server_that_has_moved_is_found_where_it_is_now(authority: Path) -> None:
    server = Server()
    async with server.running(leaf(NAME)):
        addresses = Moving(nobodys_place().host, "127.0.0.1")
        wanted = url("tls", server.port)._replace(server_name=NAME)
        made = Connector(wanted, addresses, contexts=TlsContexts(authority))
        transport, _ = await opened(made)
        assert made.facts is not None and made.facts.address == "127.0.0.1"
        transport.abort()


async def test_the_next_address_when_one_refuses(authority: Path) -> None:
    async with Server().running(leaf(NAME)) as server:
        made = connector(url("tls", server.port), authority, "127.0.0.9", "127.0.0.1")
        transport, _ = await opened(made)
        assert made.facts is not None and made.facts.address == "127.0.0.1"
        transport.abort()


async def test_the_handshake_never_ends(authority: Path) -> None:
    async with Server().running() as server:  # takes the connection, and knows no TLS
        said = await cause(connector(url("tls", server.port), authority), 0.2)
        assert said == "took the connection, but did not finish the TLS handshake within 0.2 s"


async def test_closed_during_the_handshake(authority: Path) -> None:
    loop = asyncio.get_running_loop()

    class Closing(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            transport.close()

    server = await loop.create_server(Closing, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    assert await cause(connector(url("tls", port), authority)) == (
        "closed the connection during the handshake"
    )
    server.close()


async def test_no_tls_on_this_port(authority: Path) -> None:
    async with Server(b"220 example.org ready\r\n").running() as server:
        said = await cause(connector(url("tls", server.port), authority))
        assert said == "does not speak TLS on this port"


async def test_want_of_descriptors_is_nobodys_fault(
    authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Server().running() as server:
        made = connector(url("tcp", server.port), authority, "fe80::1%nothing0", "127.0.0.1")

        def none_left(*_: object) -> socket.socket:
            raise OSError(errno.EMFILE, "Too many open files")

        monkeypatch.setattr(happy_eyeballs.socket, "socket", none_left)
        with pytest.raises(Exhausted) as caught:
            await opened(made)
        assert caught.value.cause == "could not be asked (Too many open files)"


async def test_authorities_that_cannot_be_read(tmp_path: Path) -> None:
    async with Server().running() as server:
        addresses = FixedAddresses(["127.0.0.1"])
        for path, why in (
            (tmp_path / "missing.pem", "No such file or directory"),
            (Path(__file__), "no certificate or crl found"),
        ):
            made = Connector(url("tls", server.port), addresses, contexts=TlsContexts(path))
            said = await cause(made)
            assert said.startswith(
                f"cannot be trusted, as the authorities in {path} cannot be read"
            )
            assert why in said.lower().replace("_", " ") or why in said


async def test_authorities_of_this_machine_or_of_certifi(
    authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls, "_bundle", lambda: None)
    stats = TlsContexts().load((), pinned=False).cert_store_stats()
    assert stats["x509_ca"] > 100
    monkeypatch.undo()
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    stats = TlsContexts().load((), pinned=False).cert_store_stats()
    assert stats["x509_ca"] == 1


async def test_contexts_are_shared(authority: Path) -> None:
    contexts = TlsContexts(authority)
    first = await asyncio.gather(*(contexts.get((), pinned=False) for _ in range(4)))
    assert len({id(each) for each in first}) == 1
    assert await contexts.get(("h2",), pinned=False) is not first[0]
