"""DNS over HTTPS to a server by the h2 library, over real TLS; others are in encrypted_peers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from certificates import leaf, server_context, write_authority
from doh_server import DohServer

from sinkhole.dns.upstream.links.addresses import FixedAddresses
from sinkhole.dns.upstream.links.connect import Connector
from sinkhole.dns.upstream.links.http2 import ALPN, MOST_STREAMS, http2_sessions
from sinkhole.dns.upstream.links.link import Failure, LinkAnswer
from sinkhole.dns.upstream.links.session import Asking, Session
from sinkhole.dns.upstream.links.sessions import SessionLink
from sinkhole.dns.upstream.links.tls import TlsContexts
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.question import Question
from sinkhole.dns.wire.reply import read_reply
from sinkhole.model.errors import UpstreamError
from sinkhole.model.upstream_url import UpstreamUrl

LIMIT_S = 60.0
NAME = "dns.example.org"


def nobody(_: LinkAnswer | Failure) -> None:
    """Who asked and hears nothing."""


class Asker:
    """Opens a session, asks, and keeps what it is told."""

    def __init__(self, folder: Path, host: str, port: int, path: str = "/dns-query") -> None:
        self.url = UpstreamUrl("https", NAME, port, path)
        contexts = TlsContexts(write_authority(folder))
        self.connector = Connector(
            self.url, FixedAddresses([host]), contexts=contexts, alpn=(ALPN,)
        )
        self.answers: dict[Asking, bytes] = {}
        self.refusals: dict[Asking, tuple[str, bool]] = {}
        self.ends: list[str] = []
        self.had_room = 0

    async def open(self) -> Session:
        open_session = http2_sessions(self.connector, self.url)
        return await open_session(self, time.monotonic() + LIMIT_S)

    def ask(self, session: Session, *names: str) -> list[Asking]:
        askings = [Asking(Question(from_text(name), 1), 0.0, nobody) for name in names]
        for each in askings:
            session.send(each)
        return askings

    async def all(self, askings: list[Asking]) -> None:
        await until(lambda: all(each in self.answers or each in self.refusals for each in askings))

    def answered(self, asking: Asking, wire: bytes) -> None:
        assert asking not in self.answers
        self.answers[asking] = wire

    def heard(self, session: Session) -> None:
        assert session.room < MOST_STREAMS

    def refused(self, asking: Asking, what: str, *, retry: bool) -> None:
        self.refusals[asking] = (what, retry)

    def has_room(self, session: Session) -> None:
        self.had_room += 1

    def ended(self, session: Session, what: str) -> None:
        self.ends.append(what)


async def until(holds: Callable[[], Any]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not holds():
            await asyncio.sleep(0.01)


async def test_many_questions_are_answered_on_one_connection(tmp_path: Path) -> None:
    async with DohServer().running(leaf(NAME)) as server:
        asker = Asker(tmp_path, "127.0.0.1", server.port)
        session = await asker.open()
        assert session.address == "127.0.0.1"
        names = [f"host-{at}.example.org" for at in range(MOST_STREAMS)]
        for _ in range(3):
            askings = asker.ask(session, *names)
            assert session.room == 0
            await asker.all(askings)
            for asking, name in zip(askings, names, strict=True):
                reply = read_reply(asker.answers[asking], from_text(name))
                assert [bytes(each.rdata) for each in reply.answer] == [b"\xc0\0\2\1"]
        await until(lambda: asker.had_room == 3)
        assert len(server.connections) == 1
        assert sorted(set(server.asked)) == sorted(names)
        session.close()


async def test_a_connection_that_breaks_tells_once_and_answers_nothing_more(tmp_path: Path) -> None:
    async with DohServer().running(leaf(NAME)) as server:
        server.hold = True
        asker = Asker(tmp_path, "127.0.0.1", server.port)
        session = await asker.open()
        asker.ask(session, "a.example.org", "b.example.org")
        await until(lambda: server.connections and len(server.connections[0].held) == 2)
        server.connections[0].transport.abort()
        await until(lambda: asker.ends)
        assert asker.ends == ["closed the connection"]
        assert not asker.answers and not asker.refusals
        assert session.room == 0


@pytest.mark.parametrize(
    ("alpn", "what"),
    [
        ("http/1.1", "speaks TLS on this port, but not"),
        ("", "speaks TLS on this port, but not HTTP/2"),
    ],
)
async def test_a_server_without_http2_is_told_in_words(
    tmp_path: Path, alpn: str, what: str
) -> None:
    context = server_context(leaf(NAME), [alpn] if alpn else [])
    async with DohServer().running(leaf(NAME), context=context) as server:
        asker = Asker(tmp_path, "127.0.0.1", server.port)
        with pytest.raises(UpstreamError) as caught:
            await asker.open()
        assert what in caught.value.cause


# -- as a link -------------------------------------------------------------------------------


@asynccontextmanager
async def linked(folder: Path, server: DohServer) -> AsyncIterator[SessionLink]:
    asker = Asker(folder, "127.0.0.1", server.port)
    link = SessionLink("https", http2_sessions(asker.connector, asker.url))
    link.start()
    try:
        yield link
    finally:
        await link.close()


def ask_all(link: SessionLink, count: int) -> list[list[LinkAnswer | Failure]]:
    """Ask for so many names; what each was told."""
    told: list[list[LinkAnswer | Failure]] = [[] for _ in range(count)]
    for at, each in enumerate(told):
        question = Question(from_text(f"host-{at}.example.org"), 1)
        assert not isinstance(link.ask(question, time.monotonic() + LIMIT_S, each.append), Failure)
    return told


async def test_a_thousand_questions_survive_a_connection_that_dies(tmp_path: Path) -> None:
    async with DohServer().running(leaf(NAME)) as server, linked(tmp_path, server) as link:
        server.hold = True
        told = ask_all(link, 1000)
        await until(lambda: server.connections and server.connections[0].held)
        server.hold = False
        server.connections[0].transport.abort()
        await until(lambda: all(told))
        assert all(len(each) == 1 and isinstance(each[0], LinkAnswer) for each in told)
        assert len(server.connections) >= 2


async def test_goaway_ends_a_connection_and_no_question(tmp_path: Path) -> None:
    async with DohServer().running(leaf(NAME)) as server, linked(tmp_path, server) as link:
        server.hold = True
        told = ask_all(link, 60)
        await until(lambda: server.connections and len(server.connections[0].held) == 60)
        server.hold = False
        first = server.connections[0]
        first.held = {stream: query for stream, query in first.held.items() if stream < 40}
        first.goaway(39)
        first.release()
        await until(lambda: all(told))
        assert all(len(each) == 1 and isinstance(each[0], LinkAnswer) for each in told)
        assert len(server.connections) == 2
        assert len(server.asked) == 60, "what was begun is not asked twice"
        await until(lambda: first.is_over)


async def test_few_streams_make_questions_wait_and_none_fail(tmp_path: Path) -> None:
    async with DohServer().running(leaf(NAME)) as server, linked(tmp_path, server) as link:
        server.streams = 3
        told = ask_all(link, 200)
        await until(lambda: all(told))
        assert all(len(each) == 1 and isinstance(each[0], LinkAnswer) for each in told)
