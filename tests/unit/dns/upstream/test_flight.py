"""A flight's bookkeeping, without any network."""

import asyncio

import pytest
from silent_link import server_named

from sinkhole.dns.upstream.flight import (
    SHORTEST_PATIENCE_S,
    Attempt,
    CrowdedError,
    Flight,
    settle,
)
from sinkhole.dns.upstream.health import Server
from sinkhole.dns.upstream.sets import UpstreamSet
from sinkhole.dns.upstream.shares import Holder
from sinkhole.dns.upstream.strategies import STRICT
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.question import Question

FIRST = server_named("192.0.2.1")
SECOND = server_named("[2001:db8::2]:5353")
ONE, TWO = b"\xc0\0\2\1", b"\xc0\0\2\2"
HOLDER, OTHER = Holder(ONE, ONE, b"\0"), Holder(TWO, TWO, b"\0")


SERVERS = UpstreamSet((FIRST, SECOND))


def flight(upstreams: UpstreamSet = SERVERS) -> Flight:
    return Flight(("", Question(from_text("example.org"), 1)), upstreams, HOLDER, 0.0, 4.4)


def tried(underway: Flight, server: Server, outcome: str = "") -> Attempt:
    attempt = Attempt(underway, server, 0.0)
    attempt.outcome = outcome
    underway.attempts.append(attempt)
    return attempt


def test_the_error_of_one_server_names_it() -> None:
    underway = flight()
    tried(underway, FIRST)
    error = underway.explain(2.0)
    assert (error.server, error.cause) == ("192.0.2.1", "gave no answer; gave up after 2.0 s")


def test_the_error_of_several_servers_says_what_each_did_in_order() -> None:
    underway = flight()
    tried(underway, SECOND, "gave a truncated answer and gave no answer over TCP")
    tried(underway, FIRST, "answered SERVFAIL")
    assert str(underway.explain(0.01)) == (
        "every upstream: [2001:db8::2]:5353 gave a truncated answer and gave no answer over TCP, "
        "192.0.2.1 answered SERVFAIL"
    )


def test_who_was_asked_is_known() -> None:
    underway = flight()
    tried(underway, FIRST)
    assert (underway.has_asked(FIRST), underway.has_asked(SECOND)) == (True, False)


def test_the_next_server_is_asked_the_sooner_the_quicker_the_first_usually_is() -> None:
    quick, slow = server_named("192.0.2.4"), server_named("192.0.2.5")
    quick.answered(0.0, 0.010)
    slow.answered(0.0, 0.200)
    may = (quick, slow, SECOND)
    underway = flight(UpstreamSet(may))
    assert underway.patience_s(quick, may) == SHORTEST_PATIENCE_S
    assert underway.patience_s(slow, may) == pytest.approx(0.6)
    assert underway.patience_s(SECOND, may) == SHORTEST_PATIENCE_S, "nothing is known of it"
    assert underway.patience_s(quick, (quick,)) == quick.timeout_s / 2, "there is nobody else"
    strict = flight(UpstreamSet((quick, slow), strategy=STRICT))
    assert strict.patience_s(quick, may) == quick.timeout_s / 2


def test_who_had_to_give_way_goes_on_without_it_and_is_told_why_it_failed() -> None:
    underway = flight()
    underway.next_at = 1.0
    tried(underway, FIRST, "had to give way to other questions")
    underway.gave_way(0.5)
    assert underway.next_at == 0.5, "nothing to wait for"
    error = underway.explain(0.5)
    assert isinstance(error, CrowdedError)
    assert str(error) == "192.0.2.1: had to give way to other questions; gave up after 0.5 s"


def test_places_are_handed_over_with_the_flight() -> None:
    underway, places = flight(), FIRST.places
    is_open, ended = tried(underway, FIRST), tried(underway, FIRST)
    is_open.cancel = lambda: None
    assert ended.cancel is None
    places.take(HOLDER, is_open)
    underway.hand_over(OTHER)
    assert underway.holder == OTHER
    assert [places.held_by(holder) for holder in (HOLDER, OTHER)] == [(0, 0), (1, 1)]
    places.leave(OTHER, is_open)


def test_the_second_tier_comes_first_while_the_first_is_known_to_be_down() -> None:
    one, two = server_named("192.0.2.6"), server_named("192.0.2.7")
    assert flight(UpstreamSet((one,), (two,))).tiers == ((one,), (two,))
    one.up = False
    assert flight(UpstreamSet((one,), (two,))).tiers == ((two,), (one,))


def test_an_error_is_told_to_each_future_as_one_of_its_own() -> None:
    async def settled() -> None:
        told = CrowdedError("192.0.2.1", "gave no answer")
        futures = [asyncio.get_running_loop().create_future() for _ in range(2)]
        for future in futures:
            settle(future, told)
            settle(future, told)
        errors = [future.exception() for future in futures]
        assert [type(error) for error in errors] == [CrowdedError] * 2
        assert told not in errors and errors[0] is not errors[1]

    asyncio.run(settled())
