"""Answers that arrive in one wake-up: all are read first, and a bug costs one of them only."""

import asyncio
import logging
import select
import socket
import time
from collections.abc import AsyncIterator
from functools import partial

import pytest

from sinkhole.dns.upstream.links.link import Failure, LinkAnswer
from sinkhole.dns.upstream.links.plain import PlainLink
from sinkhole.dns.upstream.links.plain_engine import PlainEngine
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.question import Question

pytestmark = pytest.mark.skipif(not hasattr(select, "epoll"), reason="elsewhere each wakes alone")

LIMIT_S = 20.0
NOERROR, MALFORMED = b"\x81\x80\0\1\0\0", b"\x81\x80\0\1\0\x09"
"""Flags and the first two counts of a reply to a query of ours."""


class Asker:
    """Sends queries to a server that answers as the test says, and notes what it is told."""

    def __init__(self, peer: socket.socket) -> None:
        self.engine = PlainEngine()
        self.link = PlainLink(*peer.getsockname(), self.engine)
        self.told: list[str] = []
        self.broken = ""
        """What of it ends in a bug."""
        self._peer = peer

    def tell(self, name: str, outcome: LinkAnswer | Failure) -> None:
        said = f"{'answer' if isinstance(outcome, LinkAnswer) else 'failure'} {name[0]}"
        self.told.append(said)
        if said == self.broken:
            raise ZeroDivisionError

    def ask(self, name: str, *answers: bytes) -> None:
        """One question, whose answers have arrived then."""
        question = Question(from_text(name), 1)
        asked = self.link.ask(question, time.monotonic() + LIMIT_S, partial(self.tell, name))
        assert not isinstance(asked, Failure)
        query, source = self._peer.recvfrom(512)
        for flags in answers:
            self._peer.sendto(query[:2] + flags + query[8:], source)

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
        made.link.start()
        yield made
        await made.link.close()


async def test_all_answers_are_read_before_the_first_one_lands(asker: Asker) -> None:
    asker.ask("a.test", NOERROR)
    asker.ask("b.test", MALFORMED)
    asker.ask("c.test", NOERROR)
    assert await asker.wake_up() == ["failure b", "answer a", "answer c"]


@pytest.mark.parametrize("broken", ["failure b", "answer a", "answer c"])
async def test_a_bug_loses_its_own_answer_only_and_is_logged(
    asker: Asker, caplog: pytest.LogCaptureFixture, broken: str
) -> None:
    asker.broken = broken
    asker.ask("a.test", NOERROR)
    asker.ask("b.test", MALFORMED)
    asker.ask("c.test", NOERROR)
    with caplog.at_level(logging.ERROR):
        assert await asker.wake_up() == ["failure b", "answer a", "answer c"]
    [record] = caplog.records
    assert record.message.startswith("an upstream's answer met an error of sinkhole's own")
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError


async def test_of_two_answers_to_one_question_the_first_counts(asker: Asker) -> None:
    asker.ask("a.test", NOERROR, NOERROR)
    assert await asker.wake_up() == ["answer a"]


async def test_who_is_told_may_cancel_what_arrived_together_with_it(asker: Asker) -> None:
    question = Question(from_text("b.test"), 1)
    cancel = asker.link.ask(question, time.monotonic() + LIMIT_S, partial(asker.tell, "b.test"))
    assert not isinstance(cancel, Failure)
    query, source = asker._peer.recvfrom(512)

    def ends_the_other(_: LinkAnswer | Failure) -> None:
        asker.told.append("first")
        cancel()

    first = Question(from_text("a.test"), 1)
    asker.link.ask(first, time.monotonic() + LIMIT_S, ends_the_other)
    other, other_source = asker._peer.recvfrom(512)
    asker._peer.sendto(other[:2] + NOERROR + other[8:], other_source)
    asker._peer.sendto(query[:2] + NOERROR + query[8:], source)
    assert await asker.wake_up() == ["first"]


@pytest.mark.parametrize("wrong", ["dns.example.org", "", "192.0.2.256"])
def test_what_is_not_an_address_here_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong or "''"):
        PlainLink(wrong, 53, PlainEngine())
