"""Sessions of DoQ and HTTP/3 by the real `QuicSessions`: with servers that are right and wrong."""

from __future__ import annotations

import asyncio
import builtins
import socket
import sys
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import dnslib
import pytest
from pki import NOW, YEAR, Authority, Issued
from quic_peer import Exchange, QuicPeer

from sinkhole.dns.upstream.links.addresses import FixedAddresses
from sinkhole.dns.upstream.links.quic_sessions import QuicSessions
from sinkhole.dns.upstream.links.session import Asking, Session
from sinkhole.dns.upstream.links.tls import TlsContexts
from sinkhole.dns.wire.question import Question
from sinkhole.model.certificate import read_certificate
from sinkhole.model.errors import UpstreamError
from sinkhole.model.upstream_url import UpstreamKind, UpstreamUrl

LIMIT_S = 30.0
NAME = "dns.example.org"
KINDS: tuple[UpstreamKind, ...] = ("quic", "h3")
ALPN = {"quic": "doq", "h3": "h3"}


class Told:
    """What a session tells its link."""

    def __init__(self) -> None:
        self.answers: dict[Asking, bytes] = {}
        self.refusals: list[tuple[Asking, str, bool]] = []
        self.room = 0
        self.heards = 0
        self.ends: list[str] = []

    def answered(self, asking: Asking, wire: bytes) -> None:
        assert asking not in self.answers
        self.answers[asking] = wire

    def heard(self, session: Session) -> None:
        self.heards += 1

    def refused(self, asking: Asking, what: str, *, retry: bool) -> None:
        self.refusals.append((asking, what, retry))

    def has_room(self, session: Session) -> None:
        assert session.room > 0
        self.room += 1

    def ended(self, session: Session, what: str) -> None:
        assert session.room == 0
        self.ends.append(what)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> UpstreamKind:
    return request.param


@pytest.fixture
async def peer(authority: Authority, kind: UpstreamKind) -> AsyncIterator[QuicPeer]:
    async with QuicPeer(authority.issue(NAME), ALPN[kind]).running() as running:
        running.answer = echo
        yield running


def echo(exchange: Exchange) -> None:
    exchange.reply(dnslib.DNSRecord.parse(exchange.wire).reply().pack())


def asking(name: str = "example.org") -> Asking:
    wire_name = b"".join(bytes([len(each)]) + each.encode() for each in name.split(".")) + b"\0"
    return Asking(Question(wire_name, 1, False, False), 0.0, lambda reply: None)


def sessions(wanted: UpstreamUrl, authority: Authority, *ips: str) -> QuicSessions:
    addresses = FixedAddresses(ips or ("127.0.0.1",))
    clock = asyncio.get_running_loop().time
    return QuicSessions(wanted, addresses, contexts=TlsContexts(authority.path), clock=clock)


def url(kind: UpstreamKind, port: int, host: str = NAME, **more: object) -> UpstreamUrl:
    return UpstreamUrl(kind, host, port, "/dns-query")._replace(**more)


async def opened(made: QuicSessions, told: Told, limit_s: float = LIMIT_S) -> Session:
    return await made(told, asyncio.get_running_loop().time() + limit_s)


async def cause(made: QuicSessions, limit_s: float = LIMIT_S) -> str:
    with pytest.raises(UpstreamError) as caught:
        await opened(made, Told(), limit_s)
    return caught.value.cause


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not condition():
            await asyncio.sleep(0.001)


# -- questions and answers ---------------------------------------------------------------------


async def test_each_question_gets_its_answer(
    peer: QuicPeer, kind: UpstreamKind, authority: Authority
) -> None:
    told = Told()
    session = await opened(sessions(url(kind, peer.port), authority), told)
    assert session.address == "127.0.0.1"
    questions = {f"n{number}.example.org": asking(f"n{number}.example.org") for number in range(50)}
    for each in questions.values():
        session.send(each)
    await until(lambda: len(told.answers) == 50)
    for name, each in questions.items():
        record = dnslib.DNSRecord.parse(told.answers[each])
        assert (record.header.id, str(record.q.qname)) == (0, f"{name}.")
    session.close()
    assert told.ends == []


async def test_queries_are_padded_and_have_no_id(
    peer: QuicPeer, kind: UpstreamKind, authority: Authority
) -> None:
    told = Told()
    session = await opened(sessions(url(kind, peer.port), authority), told)
    session.send(asking("example.org"))
    session.send(asking("a-long-name-of-its-own.example.org"))
    await until(lambda: len(told.answers) == 2)
    assert [len(each.wire) for each in peer.asked] == [128, 128]
    assert {each.wire[:2] for each in peer.asked} == {b"\0\0"}
    session.close()


async def test_the_request_of_http3(authority: Authority) -> None:
    async with QuicPeer(authority.issue(NAME), "h3").running() as peer:
        peer.answer = echo
        told = Told()
        made = sessions(url("h3", peer.port, path="/other"), authority)
        session = await opened(made, told)
        session.send(asking())
        await until(lambda: told.answers)
        assert peer.asked[0].headers == {
            b":method": b"POST",
            b":scheme": b"https",
            b":authority": f"{NAME}:{peer.port}".encode(),
            b":path": b"/other",
            b"accept": b"application/dns-message",
            b"content-type": b"application/dns-message",
            b"content-length": b"128",
        }
        session.close()


async def test_answers_may_come_in_any_order_and_in_pieces(
    peer: QuicPeer, kind: UpstreamKind, authority: Authority
) -> None:
    told, long = Told(), b"x" * 60_000
    session = await opened(sessions(url(kind, peer.port), authority), told)
    peer.answer = lambda exchange: None
    first, second = asking("one.example.org"), asking("two.example.org")
    session.send(first)
    session.send(second)
    await until(lambda: len(peer.asked) == 2)
    for each in reversed(peer.asked):
        each.reply(long)
    await until(lambda: len(told.answers) == 2)
    assert told.answers == {first: long, second: long}
    session.close()


async def test_room_ends_where_the_server_says_and_comes_back(
    peer: QuicPeer, kind: UpstreamKind, authority: Authority
) -> None:
    told = Told()
    session = await opened(sessions(url(kind, peer.port), authority), told)
    peer.answer = lambda exchange: None
    most = session.room
    assert 90 <= most <= 100  # what the library gives its clients
    for number in range(most):
        session.send(asking(f"n{number}.example.org"))
    assert session.room == 0
    await until(lambda: len(peer.asked) == most)
    for each in peer.asked:
        echo(each)
    await until(lambda: len(told.answers) == most and told.room)
    assert session.room > 0
    session.close()


async def test_a_cancelled_question_is_not_answered(
    peer: QuicPeer, kind: UpstreamKind, authority: Authority
) -> None:
    told = Told()
    session = await opened(sessions(url(kind, peer.port), authority), told)
    peer.answer = lambda exchange: None
    session.send(given_up := asking())
    await until(lambda: peer.asked)
    session.cancel(given_up)
    echo(peer.asked[0])
    peer.answer = echo
    session.send(other := asking("other.example.org"))
    await until(lambda: told.answers)
    assert list(told.answers) == [other]
    assert told.heards > 0
    session.close()


# -- servers that go wrong ----------------------------------------------------------------------


async def test_a_question_that_is_reset_is_refused(
    peer: QuicPeer, kind: UpstreamKind, authority: Authority
) -> None:
    told = Told()
    session = await opened(sessions(url(kind, peer.port), authority), told)
    peer.answer = lambda exchange: exchange.reset(0x4)
    session.send(refused := asking())
    await until(lambda: told.refusals)
    assert [(each, retry) for each, _, retry in told.refusals] == [(refused, False)]
    peer.answer = echo
    session.send(asking())
    await until(lambda: told.answers)
    session.close()


async def test_a_server_that_closes(
    peer: QuicPeer, kind: UpstreamKind, authority: Authority
) -> None:
    told = Told()
    session = await opened(sessions(url(kind, peer.port), authority), told)
    peer.answer = lambda exchange: exchange.client.hang_up(0, "bye")
    session.send(asking())
    await until(lambda: told.ends)
    assert told.ends == ["closed the connection (bye)"]
    session.close()


async def test_a_server_that_closes_within_its_answer(
    peer: QuicPeer, kind: UpstreamKind, authority: Authority
) -> None:
    def begin(exchange: Exchange) -> None:
        exchange.reply(exchange.wire, end=False) if kind == "h3" else exchange.send(
            b"\0\x20half", end=False
        )
        exchange.client.hang_up(0x1)

    told = Told()
    session = await opened(sessions(url(kind, peer.port), authority), told)
    peer.answer = begin
    session.send(asking())
    await until(lambda: told.ends)
    assert told.ends == ["closed the connection with error 0x1"]
    assert told.answers == {}


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"\0\x20half", "it ended a stream within a message"),
        (b"", "it ended a stream within a message"),
        (b"\0\x01xy", "it sent more than one message on a stream"),
    ],
)
async def test_a_doq_server_that_breaks_the_framing(
    authority: Authority, data: bytes, what: str
) -> None:
    async with QuicPeer(authority.issue(NAME)).running() as peer:
        told = Told()
        session = await opened(sessions(url("quic", peer.port), authority), told)
        peer.answer = lambda exchange: exchange.send(data)
        session.send(asking())
        await until(lambda: told.ends)
        assert told.ends == [f"broke the protocol: {what}"]


async def test_a_doq_server_that_opens_streams(authority: Authority) -> None:
    async with QuicPeer(authority.issue(NAME)).running() as peer:
        told = Told()
        session = await opened(sessions(url("quic", peer.port), authority), told)
        peer.answer = lambda exchange: exchange.client.quic.send_stream_data(1, b"hello")
        session.send(asking())
        await until(lambda: told.ends)
        assert told.ends == ["broke the protocol: it opened a stream of its own"]


async def test_http3_that_is_no_answer(authority: Authority) -> None:
    async with QuicPeer(authority.issue(NAME), "h3").running() as peer:
        told = Told()
        session = await opened(sessions(url("h3", peer.port), authority), told)
        peer.answer = lambda exchange: exchange.respond(503, b"", kind="text/plain")
        session.send(asking())
        peer.answer = lambda exchange: exchange.respond(200, b"<html>", kind="text/html")
        session.send(asking())
        await until(lambda: len(told.refusals) == 2)
        whats = {what for _, what, _ in told.refusals}
        assert whats == {
            "gave no DNS message for /dns-query, but text/html; is it a portal or a web page?"
        }
        peer.answer = lambda exchange: exchange.respond(503, b"", kind="text/plain")
        session.send(asking())
        await until(lambda: len(told.refusals) == 3)
        assert "503" in told.refusals[-1][1]
        peer.answer = lambda exchange: exchange.reply(b"x" * 100_000)
        session.send(asking())
        await until(lambda: len(told.refusals) == 4)
        assert told.refusals[-1][1] == "gave an answer that is too long"
        peer.answer = echo
        session.send(asking())
        await until(lambda: told.answers)
        session.close()


async def test_http3_goaway(authority: Authority) -> None:
    async with QuicPeer(authority.issue(NAME), "h3").running() as peer:
        told = Told()
        session = await opened(sessions(url("h3", peer.port), authority), told)
        peer.answer = lambda exchange: None
        begun, late = asking("one.example.org"), asking("two.example.org")
        session.send(begun)
        session.send(late)
        await until(lambda: len(peer.asked) == 2)
        peer.clients[0].goaway(peer.asked[1].stream)
        await until(lambda: told.refusals)
        assert [(each, retry) for each, _, retry in told.refusals] == [(late, True)]
        assert session.room == 0
        echo(peer.asked[0])
        await until(lambda: told.ends)
        assert list(told.answers) == [begun]
        assert told.ends == ["takes no more questions on this connection"]


async def test_http3_that_floods_with_settings(authority: Authority) -> None:
    async with QuicPeer(authority.issue(NAME), "h3").running() as peer:
        told = Told()
        session = await opened(sessions(url("h3", peer.port), authority), told)

        def flood(exchange: Exchange) -> None:
            exchange.client.quic.send_stream_data(3, b"\x07\xbf\xff\xff\xff" + bytes(300_000))

        peer.answer = flood
        session.send(asking())
        await until(lambda: told.ends)
        assert told.ends == ["sent too much besides answers"]


# -- connections that cannot be had -------------------------------------------------------------


async def test_what_people_are_told_of_a_connection(
    peer: QuicPeer, kind: UpstreamKind, authority: Authority
) -> None:
    made = sessions(url(kind, peer.port), authority)
    assert made.facts is None
    (await opened(made, Told())).close()
    facts = made.facts
    assert facts is not None
    assert (facts.address, facts.tls_version, facts.alpn) == ("127.0.0.1", "TLSv1.3", ALPN[kind])
    assert facts.handshake_s is not None and facts.handshake_s > 0
    assert facts.certificate is not None and facts.certificate.names == (NAME,)


async def certified(authority: Authority, certificate: Issued, **more: Any) -> str:
    """Why a server with this certificate is not taken; "" if it is."""
    async with QuicPeer(certificate).running() as peer:
        made = sessions(url("quic", peer.port, **more), authority)
        try:
            (await opened(made, Told())).close()
        except UpstreamError as error:
            return error.cause
        return ""


async def test_certificates(authority: Authority, tmp_path: Path) -> None:
    day = timedelta(days=1)
    assert await certified(authority, authority.issue(NAME)) == ""
    assert await certified(authority, authority.issue("127.0.0.1"), host="127.0.0.1") == ""
    assert (
        await certified(authority, authority.issue(NAME), host="127.0.0.1", server_name=NAME) == ""
    )
    assert await certified(authority, authority.issue("other.example.org")) == (
        f"has no certificate for {NAME}, but one for other.example.org"
    )
    assert await certified(authority, authority.issue(NAME), host="127.0.0.1") == (
        f"has no certificate for 127.0.0.1, but one for {NAME}"
    )
    old = authority.issue(NAME, not_before=NOW - YEAR, not_after=NOW - 2 * day)
    assert (await certified(authority, old)).startswith("has a certificate that expired on")
    early = authority.issue(NAME, not_before=NOW + day)
    assert "is not valid before" in await certified(authority, early)
    own = authority.issue(NAME, self_signed=True)
    assert (await certified(authority, own)).startswith("has a certificate that it signed itself")
    other = Authority(tmp_path, "Another authority").issue(NAME)
    assert await certified(authority, other) == (
        "has a certificate of an authority that this machine does not know, Another authority"
    )


async def test_pins_decide_in_place_of_the_authorities(authority: Authority) -> None:
    certificate = authority.issue("whoever.example.org", self_signed=True)
    key = read_certificate(certificate.der).key_sha256
    assert await certified(authority, certificate, pins=(key,)) == ""
    wrong = await certified(authority, certificate, pins=(sha256(b"").digest(),))
    assert wrong == f"has another key than the pinned one: sha256 {key.hex()}"


async def test_hashes_must_be_in_the_chain_besides(authority: Authority) -> None:
    certificate = authority.issue(NAME)
    own = read_certificate(certificate.der).tbs_sha256
    above = sha256(authority.certificate.tbs_certificate_bytes).digest()
    assert await certified(authority, certificate, hashes=(own,)) == ""
    assert await certified(authority, certificate, hashes=(above,)) == ""
    nothing = await certified(authority, certificate, hashes=(sha256(b"").digest(),))
    assert nothing == "has none of the certificates that its stamp asks for"


async def test_a_server_that_speaks_another_protocol(authority: Authority) -> None:
    async with QuicPeer(authority.issue(NAME), "h3").running() as peer:
        why = await cause(sessions(url("quic", peer.port), authority))
    assert "refused the TLS handshake" in why


async def test_nobody_listens(authority: Authority) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    why = await cause(sessions(url("quic", port), authority))
    assert why == f"refused the connection (127.0.0.1 UDP port {port})"


async def test_silence_until_the_deadline(authority: Authority) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind(("127.0.0.1", 0))
        port = mute.getsockname()[1]
        why = await cause(sessions(url("quic", port), authority), 0.3)
    assert why.startswith(f"did not answer by QUIC (127.0.0.1 UDP port {port}) within ")


async def test_the_next_address_is_tried_beside_a_silent_one(
    peer: QuicPeer, kind: UpstreamKind, authority: Authority
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind(("127.7.7.7", peer.port))
        made = sessions(url(kind, peer.port), authority, "127.7.7.7", "127.0.0.1")
        session = await opened(made, Told())
        assert session.address == "127.0.0.1"
        session.close()


async def test_a_server_that_wants_addresses_proven(authority: Authority) -> None:
    async with QuicPeer(authority.issue(NAME)).running(retry=True) as peer:
        peer.answer = echo
        told = Told()
        session = await opened(sessions(url("quic", peer.port), authority), told)
        session.send(asking())
        await until(lambda: told.answers)
        session.close()


async def test_without_the_library(
    authority: Authority, kind: UpstreamKind, monkeypatch: pytest.MonkeyPatch
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
