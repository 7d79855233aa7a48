"""Probes, with the asking done by the test."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from silent_link import server_named

from sinkhole.dns.upstream.flight import Exchanged, Tell
from sinkhole.dns.upstream.health import SEVERAL, Server
from sinkhole.dns.upstream.probe_names import LOOP_ZONE, VALID_S, ProbeNames
from sinkhole.dns.upstream.prober import Prober
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.question import Question
from sinkhole.dns.wire.reply import Record, Reply
from sinkhole.model.errors import UpstreamError

ANSWER = Exchanged(Reply(3, False, False, (), ()), "192.0.2.1", 0.01)
SILENCE = UpstreamError("192.0.2.1", "gave no answer")
NAMES = ProbeNames(b"secret")
SOON_S = 0.02
LIMIT_S = 20.0


class Asked:
    """What the prober asked, in order, and the way to end each."""

    def __init__(self) -> None:
        self.arrived: asyncio.Queue[tuple[Question, Server, Tell]] = asyncio.Queue()

    def ask(self, question: Question, server: Server, tell: Tell) -> None:
        self.arrived.put_nowait((question, server, tell))

    async def next(self) -> tuple[Question, Server, Tell]:
        return await asyncio.wait_for(self.arrived.get(), LIMIT_S)


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def server() -> Server:
    return server_named("192.0.2.1")


@pytest.fixture
async def prober(asked: Asked) -> AsyncIterator[Prober]:
    made = Prober(asked.ask, SOON_S, NAMES)
    yield made
    made.close()


async def test_every_server_is_probed_at_the_start_with_a_name_of_its_own(
    prober: Prober, asked: Asked
) -> None:
    servers = [server_named(f"192.0.2.{number}") for number in range(3)]
    prober.start(servers)
    probes = [await asked.next() for _ in servers]
    assert [server for _, server, _ in probes] == servers
    names = {question.name for question, _, _ in probes}
    assert len(names) == 3
    assert all(name.endswith(LOOP_ZONE) and len(name) > len(LOOP_ZONE) + 16 for name in names)


async def test_a_healthy_server_is_left_alone(prober: Prober, asked: Asked, server: Server) -> None:
    prober.start([server])
    _, _, tell = await asked.next()
    tell(ANSWER)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asked.arrived.get(), 5 * SOON_S)


async def test_a_server_that_failed_is_probed_until_it_answers(
    prober: Prober, asked: Asked, server: Server
) -> None:
    server.failed(0.0, "gave no answer")
    prober.suspect(server)
    for _ in range(3):
        _, _, tell = await asked.next()
        server.failed(0.0, "gave no answer")
        tell(SILENCE)
    _, _, tell = await asked.next()
    server.answered(1.0, 0.01)
    tell(ANSWER)
    assert asked.arrived.empty()
    prober.suspect(server)  # and the next suspicion is followed up again
    server.failed(0.0, "gave no answer")
    await asked.next()


async def test_suspicion_of_a_watched_server_adds_no_probe(
    prober: Prober, asked: Asked, server: Server
) -> None:
    prober.start([server])
    for _ in range(SEVERAL):
        server.failed(0.0, "gave no answer")
        prober.suspect(server)
    assert asked.arrived.qsize() == 1


async def test_a_server_that_recovered_before_its_probe_needs_none(
    prober: Prober, asked: Asked, server: Server
) -> None:
    server.failed(0.0, "gave no answer")
    prober.suspect(server)
    server.answered(1.0, 0.01)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asked.arrived.get(), 5 * SOON_S)


async def test_a_probe_that_comes_back_is_a_loop_until_one_stays_away(
    prober: Prober, asked: Asked, server: Server
) -> None:
    prober.start([server])
    question, _, tell = await asked.next()
    assert prober.came_back(question) == NAMES.proof(question.name)
    assert server.loops
    tell(ANSWER)
    assert server.loops, "the answer to a probe that came back is our own"
    question, _, tell = await asked.next()
    tell(ANSWER)
    assert not server.loops
    assert asked.arrived.empty()


async def test_a_probe_that_nobody_answered_clears_no_loop(
    prober: Prober, asked: Asked, server: Server
) -> None:
    prober.start([server])
    question, _, tell = await asked.next()
    assert prober.came_back(question) == NAMES.proof(question.name)
    tell(ANSWER)
    _, _, tell = await asked.next()
    server.queries += 1  # something else was asked meanwhile, or its own socket had to give way
    tell(SILENCE)
    assert server.loops
    _, _, tell = await asked.next()
    tell(ANSWER)
    assert not server.loops


async def test_a_probe_of_long_ago_and_those_of_strangers_are_not_ours(
    prober: Prober, asked: Asked, server: Server
) -> None:
    prober.start([server])
    question, _, _ = await asked.next()
    for name in ("www.example.org", "0123456789abcdef.sinkhole-loop.test", "sinkhole-loop.test"):
        assert not prober.came_back(Question(from_text(name), 16))
    strangers = ProbeNames(b"another").make(server.name, time.time())
    assert not prober.came_back(Question(strangers, 16))
    later = Prober(asked.ask, SOON_S, NAMES, lambda: time.time() + VALID_S + 2)
    assert not later.came_back(question)
    assert not server.loops


async def test_a_probe_of_another_process_counts_for_the_server_that_it_was_sent_to(
    prober: Prober, asked: Asked, server: Server
) -> None:
    other = server_named("192.0.2.2")
    prober.start([server, other])
    answers = [(await asked.next())[2] for _ in range(2)]
    name = NAMES.make(server.name, time.time())
    assert prober.came_back(Question(name, 16)) == NAMES.proof(name)
    assert server.loops and not other.loops
    answers[0](ANSWER)  # none of our own came here
    assert not server.loops


async def test_an_answer_that_proves_it_is_a_loop_wherever_the_probe_arrived(
    prober: Prober, asked: Asked, server: Server
) -> None:
    prober.start([server])
    for _ in range(2):
        question, _, tell = await asked.next()
        proof = NAMES.proof(question.name)
        text = Record(question.name, 16, 0, bytes((len(proof),)) + proof)
        tell(ANSWER._replace(reply=Reply(0, False, False, (text,), ())))
        assert server.loops
    _, _, tell = await asked.next()
    tell(ANSWER._replace(reply=Reply(0, False, False, (text,), ())))  # of another probe
    assert not server.loops


async def test_a_probe_that_comes_back_late_starts_the_watch(
    prober: Prober, asked: Asked, server: Server
) -> None:
    prober.start([server])
    question, _, tell = await asked.next()
    tell(ANSWER)
    assert prober.came_back(question) == NAMES.proof(question.name)
    assert server.loops
    _, _, tell = await asked.next()
    tell(ANSWER)
    assert not server.loops


async def test_an_error_while_probing_does_not_end_the_watch(
    asked: Asked, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    fails = [True]

    def ask(question: Question, server: Server, tell: Tell) -> None:
        if fails:
            fails.pop()
            raise RuntimeError("as arranged")
        asked.ask(question, server, tell)

    prober = Prober(ask, SOON_S, NAMES)
    server.failed(0.0, "gave no answer")
    prober.suspect(server)
    assert (await asked.next())[1] is server
    assert [str(context["exception"]) for context in told] == ["as arranged"]
    prober.close()


async def test_after_closing_nothing_is_probed(
    prober: Prober, asked: Asked, server: Server
) -> None:
    server.failed(0.0, "gave no answer")
    prober.start([server])
    _, _, tell = await asked.next()
    prober.close()
    tell(SILENCE)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asked.arrived.get(), 5 * SOON_S)
