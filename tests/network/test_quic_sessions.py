"""Sessions of DoQ and HTTP/3 by the real `QuicSessions`: with servers that are right and wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import dnslib
import pytest
from certificates import leaf, write_authority
from quic_asking import ALPN, KINDS, NAME, Told, asking, echo, opened, sessions, until, url
from quic_peer import Exchange, QuicPeer

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


async def test_each_question_gets_its_answer(
    peer: QuicPeer, kind: UpstreamKind, authority: Path
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
    peer: QuicPeer, kind: UpstreamKind, authority: Path
) -> None:
    told = Told()
    session = await opened(sessions(url(kind, peer.port), authority), told)
    session.send(asking("example.org"))
    session.send(asking("a-long-name-of-its-own.example.org"))
    await until(lambda: len(told.answers) == 2)
    assert [len(each.wire) for each in peer.asked] == [128, 128]
    assert {each.wire[:2] for each in peer.asked} == {b"\0\0"}
    session.close()


async def test_the_request_of_http3(authority: Path) -> None:
    async with QuicPeer(leaf(NAME), "h3").running() as peer:
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
    peer: QuicPeer, kind: UpstreamKind, authority: Path
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
    peer: QuicPeer, kind: UpstreamKind, authority: Path
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
    peer: QuicPeer, kind: UpstreamKind, authority: Path
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
    peer: QuicPeer, kind: UpstreamKind, authority: Path
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


async def test_a_server_that_closes(peer: QuicPeer, kind: UpstreamKind, authority: Path) -> None:
    told = Told()
    session = await opened(sessions(url(kind, peer.port), authority), told)
    peer.answer = lambda exchange: exchange.client.hang_up(0, "bye")
    session.send(asking())
    await until(lambda: told.ends)
    assert told.ends == ["closed the connection (bye)"]
    session.close()


async def test_a_server_that_closes_within_its_answer(
    peer: QuicPeer, kind: UpstreamKind, authority: Path
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
    authority: Path, data: bytes, what: str
) -> None:
    async with QuicPeer(leaf(NAME)).running() as peer:
        told = Told()
        session = await opened(sessions(url("quic", peer.port), authority), told)
        peer.answer = lambda exchange: exchange.send(data)
        session.send(asking())
        await until(lambda: told.ends)
        assert told.ends == [f"broke the protocol: {what}"]


async def test_a_doq_server_that_opens_streams(authority: Path) -> None:
    async with QuicPeer(leaf(NAME)).running() as peer:
        told = Told()
        session = await opened(sessions(url("quic", peer.port), authority), told)
        peer.answer = lambda exchange: exchange.client.quic.send_stream_data(1, b"hello")
        session.send(asking())
        await until(lambda: told.ends)
        assert told.ends == ["broke the protocol: it opened a stream of its own"]


async def test_http3_that_is_no_answer(authority: Path) -> None:
    async with QuicPeer(leaf(NAME), "h3").running() as peer:
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


async def test_http3_goaway(authority: Path) -> None:
    async with QuicPeer(leaf(NAME), "h3").running() as peer:
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


async def test_http3_that_floods_with_settings(authority: Path) -> None:
    async with QuicPeer(leaf(NAME), "h3").running() as peer:
        told = Told()
        session = await opened(sessions(url("h3", peer.port), authority), told)

        def flood(exchange: Exchange) -> None:
            exchange.client.quic.send_stream_data(3, b"\x07\xbf\xff\xff\xff" + bytes(300_000))

        peer.answer = flood
        session.send(asking())
        await until(lambda: told.ends)
        assert told.ends == ["sent too much besides answers"]
