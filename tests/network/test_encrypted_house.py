"""A whole sinkhole whose upstreams are asked by TLS and HTTPS, asked by clients over UDP."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import dnslib
import pytest
from certificates import expired, write_authority
from fake_encrypted import FakeHttps, FakeTls
from fake_upstream import answered, silent
from house import (
    answers,
    ask,
    endpoint,
    get_text,
    house,
    problems_of,
    query,
    rcode_of,
    running,
    until,
)

BOTH = pytest.mark.parametrize("make", [FakeTls, FakeHttps])
CLIENTS, EACH = 20, 50
"""Sockets that ask at once, and questions of each: as many answers as fit into its buffer."""


@pytest.fixture(autouse=True)
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's authority is that of the tests."""
    monkeypatch.setenv("SSL_CERT_FILE", str(write_authority(tmp_path)))


class Client:
    """A socket that asks for names of its own and takes whatever comes."""

    def __init__(self, where: str, number: int) -> None:
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setblocking(False)
        self.sock.connect(endpoint(where))
        self.names = [f"n{number}-{step}.example.org" for step in range(EACH)]
        self.replies: list[dnslib.DNSRecord] = []

    def ask(self) -> None:
        for name in self.names:
            self.sock.send(query(name))
        asyncio.get_running_loop().add_reader(self.sock, self._take)

    def _take(self) -> None:
        self.replies.append(dnslib.DNSRecord.parse(self.sock.recv(4096)))

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *how: object) -> None:
        asyncio.get_running_loop().remove_reader(self.sock)
        self.sock.close()


@BOTH
async def test_it_answers_and_says_how_it_asks(tmp_path: Path, make: type[FakeTls]) -> None:
    async with make() as upstream:
        upstream.answer("example.org", "A", ["192.0.2.1"])
        async with running(house(tmp_path, upstream__servers=[upstream.url])) as app:
            assert await answers(app.addresses[0], "example.org") == ["192.0.2.1"]
            assert await answers(app.addresses[0], "example.org", tcp=True) == ["192.0.2.1"]
            assert [asked.over for asked in upstream.asked("example.org")] == [upstream.stream]
            (status,) = app.status()["upstreams"]
            assert (status["kind"], status["address"]) == (upstream.stream, upstream.host)
            assert app.problems() == []


@BOTH
async def test_a_thousand_questions_while_the_connection_dies(
    tmp_path: Path, make: type[FakeTls]
) -> None:
    """Each client gets one reply to each of its questions, whatever it says."""
    async with make() as upstream:
        upstream.answer("*", "A", ["192.0.2.1"])
        settings = house(tmp_path, upstream__servers=[upstream.url], dns__rate_limit=0)
        async with running(settings) as app:
            await answers(app.addresses[0], "warm.example.org")
            upstream.always = silent
            with ExitStack() as stack:
                clients = [
                    stack.enter_context(Client(app.addresses[0], number))
                    for number in range(CLIENTS)
                ]
                for client in clients:
                    client.ask()
                await upstream.seen(100)
                upstream.always = answered
                upstream.drop()
                await until(lambda: all(len(each.replies) == EACH for each in clients))
                await answers(app.addresses[0], "behind.example.org")
                for client in clients:
                    asked = Counter(str(reply.q.qname).rstrip(".") for reply in client.replies)
                    assert asked == Counter(client.names)
                    assert {rcode_of(each) for each in client.replies} <= {"NOERROR", "SERVFAIL"}


@BOTH
async def test_without_a_right_certificate_it_says_so_and_answers_what_it_knows(
    tmp_path: Path, make: type[FakeTls]
) -> None:
    upstream = make(expired("dns.example.org"))
    async with upstream:
        rules = {"filtering__rules": ["||ads.example^"]}
        settings = house(tmp_path, upstream__servers=[upstream.url], **rules)
        async with running(settings) as app:
            where = app.addresses[0]
            assert await answers(where, "ads.example") == ["0.0.0.0"]
            assert rcode_of(await ask(where, "example.org")) == "SERVFAIL"
            await until(lambda: "expired" in " ".join(app.problems()), "the problem")
            assert problems_of(app) == []
            assert app.listening.page is not None
            status, told = await get_text(app.listening.page.url, "/healthz")
            assert (status, told.splitlines()[0]) == (200, "degraded")
            assert upstream.queries == []
