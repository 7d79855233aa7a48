"""Answers that arrive in one wake-up: all are read first, and a bug costs one of them only."""

import asyncio
import logging
import select
import socket
import time
from collections.abc import AsyncIterator

import pytest

from sinkhole.dns.upstream.attempts import Attempts
from sinkhole.dns.upstream.flight import Attempt, Flight
from sinkhole.dns.upstream.health import Server
from sinkhole.dns.upstream.shares import OURSELVES, Holder
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.question import Question
from sinkhole.dns.wire.reply import Reply

pytestmark = pytest.mark.skipif(not hasattr(select, "epoll"), reason="elsewhere each wakes alone")

LIMIT_S = 20.0
NOERROR, SERVFAIL = b"\x81\x80", b"\x81\x82"


NOBODY = Holder(OURSELVES, OURSELVES, b"\0")


class Asker:
    """Sends queries to a server that answers as the test says, and notes what it is told."""

    def __init__(self, peer: socket.socket) -> None:
        self.attempts = Attempts(
            self.landed, self.missed, try_s=1.0, randomize_case=True, clock=time.monotonic
        )
        self.told: list[str] = []
        self.broken = ""
        """What of it ends in a bug."""
        self._peer = peer
        self._server = Server(*peer.getsockname(), 1.0)

    def landed(self, attempt: Attempt, _: Reply, rtt_s: float) -> None:
        assert rtt_s > 0
        self.tell("landed", attempt.flight)

    def missed(self, attempt: Attempt) -> None:
        self.tell("missed", attempt.flight)

    def tell(self, what: str, flight: Flight) -> None:
        """Ends the flight with its first outcome, as the forwarder does."""
        for attempt in flight.attempts:
            self.attempts.end(attempt)
        flight.attempts.clear()
        said = f"{what} {flight.question.name[1:2].decode()}"
        self.told.append(said)
        if said == self.broken:
            raise ZeroDivisionError

    def ask(self, name: str, *answers: bytes) -> None:
        """One flight, with an attempt for each of these answers, which have arrived then."""
        flight = Flight(Question(from_text(name), 1), (self._server,), NOBODY, 0.0, 4.4)
        for flags in answers:
            assert self.attempts.send(flight, self._server, time.monotonic()) is not None
            query, source = self._peer.recvfrom(512)
            self._peer.sendto(query[:2] + flags + query[4:], source)

    async def wake_up(self) -> list[str]:
        """What is told in one wake-up."""
        async with asyncio.timeout(LIMIT_S):
            while not self.told:
                await asyncio.sleep(0)
        told, self.told = self.told, []
        await asyncio.sleep(0)
        assert self.told == [], "nothing is left for another wake-up"
        return told


@pytest.fixture
async def asker() -> AsyncIterator[Asker]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        peer.settimeout(LIMIT_S)
        made = Asker(peer)
        made.attempts.start()
        yield made
        await made.attempts.close()


async def test_all_answers_are_read_before_the_first_one_lands(asker: Asker) -> None:
    asker.ask("a.test", NOERROR)
    asker.ask("b.test", SERVFAIL)
    asker.ask("c.test", NOERROR)
    assert await asker.wake_up() == ["missed b", "landed a", "landed c"]


@pytest.mark.parametrize("broken", ["missed b", "landed a", "landed c"])
async def test_a_bug_loses_its_own_answer_only_and_is_logged(
    asker: Asker, caplog: pytest.LogCaptureFixture, broken: str
) -> None:
    asker.broken = broken
    asker.ask("a.test", NOERROR)
    asker.ask("b.test", SERVFAIL)
    asker.ask("c.test", NOERROR)
    with caplog.at_level(logging.ERROR):
        assert await asker.wake_up() == ["missed b", "landed a", "landed c"]
    [record] = caplog.records
    assert record.message.startswith("an upstream's answer met an error of sinkhole's own")
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError


async def test_of_two_answers_to_one_question_the_first_lands(asker: Asker) -> None:
    asker.ask("a.test", NOERROR, NOERROR)
    assert await asker.wake_up() == ["landed a"]


async def test_what_an_answer_beside_it_has_ended_is_not_read(asker: Asker) -> None:
    asker.ask("a.test", SERVFAIL, NOERROR)
    assert await asker.wake_up() == ["missed a"]
