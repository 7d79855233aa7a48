"""What upstreams behind TLS and HTTPS do to us: each question is told one thing in time, always.

With a second server that answers, that is an answer, whatever the first one does.
"""

from __future__ import annotations

import asyncio
import re

import pytest
from certificates import by_strangers, expired, leaf, not_yet_valid, self_signed
from encrypted_scene import NAME, Play, act
from fake_encrypted import (
    FakeHttps,
    FakeTls,
    closes,
    drops,
    goes_away,
    goes_away_before,
    reset,
    status,
    web_page,
)
from fake_upstream import FakeUpstream, Step, answered, garbage, hangs_up, held, rcode, silent
from h2.errors import ErrorCodes

BOTH = pytest.mark.parametrize("make", [FakeTls, FakeHttps])
NAMES = [f"www{number}.example.org" for number in range(1000)]


# -- who it is -------------------------------------------------------------------------------

WRONG = {
    "expired": (expired(NAME), "expired"),
    "of tomorrow": (not_yet_valid(NAME), "not valid"),
    "for another name": (leaf("other.example.net"), "other.example.net"),
    "self-signed": (self_signed(NAME), "itself|self-signed"),
    "of strangers": (by_strangers(NAME), "authority|authorities"),
}


@BOTH
@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_certificate_is_told_in_words_and_asked_nothing(
    make: type[FakeTls], wrong: str
) -> None:
    async def scene(play: Play) -> None:
        play.ask(NAMES[0])
        assert await play.until_told() < 1.0
        (error,) = play.errors()
        assert re.search(why, error), error
        assert (play.fakes[0].queries, play.fakes[0].probes) == ([], [])

    certificate, why = WRONG[wrong]
    act(scene, make(certificate), proven=False)


@BOTH
def test_a_wrong_certificate_holds_up_nobody(make: type[FakeTls]) -> None:
    async def scene(play: Play) -> None:
        await play.ask_one_by_one(*NAMES[:20])
        assert play.answers() == 20

    act(scene, make(expired(NAME)), make(), proven=False)


# -- where it is ------------------------------------------------------------------------------


def by_name(fake: FakeTls) -> str:
    """The fake as the settings have servers with a name."""
    return f"{fake.stream}://{NAME}:{fake.port}"


@BOTH
def test_a_server_that_moves_is_found_again(make: type[FakeTls]) -> None:
    async def scene(play: Play) -> None:
        await old.close()
        bootstrap.answer(NAME, "A", [new.host])
        assert await play.until_back(10.0) < 5.0
        await play.until_told()
        assert new.queries

    bootstrap, old, new = FakeUpstream(), make(), make()
    new.port = old.port  # at an address of its own
    bootstrap.answer(NAME, "A", [old.host])
    act(scene, old, new, servers=[by_name(old)], bootstrap=bootstrap)


@BOTH
@pytest.mark.parametrize("always", [silent, rcode("REFUSED"), rcode("NXDOMAIN")])
def test_without_bootstrap_it_is_told_in_time_and_found_when_there_is_one(
    make: type[FakeTls], always: Step
) -> None:
    async def scene(play: Play) -> None:
        play.ask(*NAMES[:20])
        await play.until_told()
        assert play.answers() == 0
        [unfound] = play.upstreams.troubles()["unfound"]
        assert f"the address of {NAME} cannot be found" in unfound
        bootstrap.always = answered
        assert await play.until_back(30.0) < 15.0
        assert not any(play.upstreams.troubles().values())

    bootstrap, fake = FakeUpstream(), make()
    bootstrap.answer(NAME, "A", [fake.host])
    bootstrap.always = always
    act(scene, fake, servers=[by_name(fake)], bootstrap=bootstrap, proven=False)


@BOTH
def test_without_bootstrap_a_server_with_an_address_answers(make: type[FakeTls]) -> None:
    async def scene(play: Play) -> None:
        play.ask(*NAMES[:20])
        await play.until_told()
        assert play.answers() == 20

    bootstrap, named, other = FakeUpstream(), make(), make()
    bootstrap.always = silent
    act(scene, named, other, servers=[by_name(named), other.url], bootstrap=bootstrap, proven=False)


@BOTH
def test_a_portal_that_is_every_address_is_never_believed(make: type[FakeTls]) -> None:
    """It answers every look-up with its own address, and has no certificate for the server."""

    async def scene(play: Play) -> None:
        play.ask(*NAMES[:20])
        await play.until_told()
        assert play.answers() == 0
        assert (portal.queries, portal.probes) == ([], [])
        assert any(play.upstreams.troubles().values())
        bootstrap.answer(NAME, "A", [fake.host])  # somebody has clicked "accept"
        await portal.close()
        assert await play.until_back(30.0) < 10.0

    bootstrap, fake = FakeUpstream(), make()
    portal = make(by_strangers("portal.example.net"))
    portal.port = fake.port
    bootstrap.answer("*", "A", [portal.host], ttl=60)
    act(scene, fake, portal, servers=[by_name(fake)], bootstrap=bootstrap, proven=False)


# -- connections that end --------------------------------------------------------------------


@BOTH
def test_a_server_that_closes_after_every_query_is_of_use(make: type[FakeTls]) -> None:
    async def scene(play: Play) -> None:
        play.fakes[0].always = closes
        await play.ask_one_by_one(*NAMES[:30])
        assert play.answers() == 30
        assert play.upstreams.forwarder.status()[0]["up"]

    act(scene, make())


@BOTH
def test_many_at_once_to_a_server_that_closes_after_every_query(make: type[FakeTls]) -> None:
    async def scene(play: Play) -> None:
        play.fakes[0].always = closes
        play.ask(*NAMES[:40])
        await play.until_told()
        assert play.answers() == 40

    act(scene, make())


@BOTH
@pytest.mark.parametrize("fault", [hangs_up, drops])
def test_a_connection_that_ends_within_an_answer(make: type[FakeTls], fault: Step) -> None:
    async def scene(play: Play) -> None:
        play.fakes[0].script(fault)
        play.ask(*NAMES[:10])
        await play.until_told()
        assert play.answers() == 10

    act(scene, make())


@BOTH
@pytest.mark.parametrize("fault", [hangs_up, drops])
def test_connections_that_all_end_within_an_answer(make: type[FakeTls], fault: Step) -> None:
    async def scene(play: Play) -> None:
        play.fakes[0].always = fault
        play.ask(*NAMES[:10])
        await play.until_told()
        assert play.answers() == 0

    act(scene, make())


@pytest.mark.parametrize("fault", [goes_away, goes_away_before])
def test_goaway_ends_no_question(fault: Step) -> None:
    async def scene(play: Play) -> None:
        (fake,) = play.fakes
        before = fake.connections
        for name in NAMES[:5]:
            fake.script(fault)
            await play.ask_one_by_one(name)
        assert play.answers() == 5
        assert fake.connections >= before + 4
        assert fake.offences == []

    act(scene, FakeHttps())


@pytest.mark.parametrize("code", [ErrorCodes.REFUSED_STREAM, ErrorCodes.INTERNAL_ERROR])
def test_a_stream_that_is_reset_is_one_question(code: ErrorCodes) -> None:
    async def scene(play: Play) -> None:
        first, _ = play.fakes
        first.script(reset(code))
        play.ask(*NAMES[:50])
        assert await play.until_told() < 1.0
        assert play.answers() == 50
        assert first.connections <= 2

    act(scene, FakeHttps(), FakeHttps())


# -- answers in other ways -------------------------------------------------------------------


@BOTH
def test_answers_out_of_order_find_their_questions(make: type[FakeTls]) -> None:
    async def scene(play: Play) -> None:
        gates = [asyncio.Event() for _ in range(20)]
        play.fakes[0].script(*map(held, gates))
        play.ask(*NAMES[:20])
        await play.until(lambda: len(play.fakes[0].queries) == 20, 0.2)
        for gate in reversed(gates):
            gate.set()
            await play.turn(0.001)
        await play.until_told()
        assert play.answers() == 20

    act(scene, make())


@BOTH
@pytest.mark.parametrize("fault", [silent, garbage, rcode("SERVFAIL")])
def test_a_server_that_is_of_no_use_holds_up_nobody(make: type[FakeTls], fault: Step) -> None:
    async def scene(play: Play) -> None:
        play.fakes[0].always = fault
        play.ask(*NAMES[:50])
        assert await play.until_told() <= 2.5
        assert play.answers() == 50

    act(scene, make(), make())


@pytest.mark.parametrize("fault", [status(503), status(404), web_page])
def test_what_is_no_dns_answer_is_told_in_words(fault: Step) -> None:
    async def scene(play: Play) -> None:
        play.fakes[0].always = fault
        play.ask(NAMES[0])
        assert await play.until_told() < 1.0
        (error,) = play.errors()
        assert "HTTP" in error or "text/html" in error

    act(scene, FakeHttps())


# -- handshakes ------------------------------------------------------------------------------


@BOTH
def test_a_handshake_that_never_ends_is_told_in_time(make: type[FakeTls]) -> None:
    async def scene(play: Play) -> None:
        play.ask(*NAMES[:10])
        await play.until_told()
        assert play.answers() == 0

    stalled = make()
    stalled.stalls = True
    act(scene, stalled, proven=False)


@BOTH
def test_a_handshake_that_never_ends_holds_up_nobody(make: type[FakeTls]) -> None:
    async def scene(play: Play) -> None:
        play.ask(*NAMES[:10])
        assert await play.until_told() <= 1.0
        assert play.answers() == 10

    stalled = make()
    stalled.stalls = True
    act(scene, stalled, make(), proven=False)


# -- a thousand questions --------------------------------------------------------------------


async def _all_asked(play: Play) -> None:
    """A thousand questions, of which the server has as many as it takes at once; none answered."""
    fake = play.fakes[0]
    fake.always = silent
    play.ask(*NAMES)
    wanted = 1000 if type(fake) is FakeTls else 100
    await play.until(lambda: len(fake.queries) >= wanted, 1.0)
    assert play.answers() == 0


@BOTH
def test_a_thousand_questions_survive_their_connection(make: type[FakeTls]) -> None:
    async def scene(play: Play) -> None:
        await _all_asked(play)
        await play.turn(0.3)  # so that it does not look like a server that closes when it answered
        play.fakes[0].always = answered
        play.fakes[0].drop()
        await play.until_told()
        assert play.answers() == 1000

    act(scene, make())


@BOTH
def test_a_thousand_questions_to_a_server_that_dies_are_all_told(make: type[FakeTls]) -> None:
    async def scene(play: Play) -> None:
        await _all_asked(play)
        await play.fakes[0].close()
        await play.until_told()
        assert play.answers() == 0

    act(scene, make())


@BOTH
def test_a_thousand_questions_to_a_server_that_falls_silent_are_all_told(
    make: type[FakeTls],
) -> None:
    async def scene(play: Play) -> None:
        await _all_asked(play)
        await play.until_told()
        assert play.answers() == 0

    act(scene, make())


@BOTH
def test_a_thousand_questions_move_to_a_server_that_lives(make: type[FakeTls]) -> None:
    async def scene(play: Play) -> None:
        await _all_asked(play)
        play.fakes[0].drop()
        await play.fakes[0].close()
        await play.until_told()
        assert play.answers() == 1000

    act(scene, make(), make())
