"""A flight's bookkeeping, without any network."""

import asyncio
import socket

from sinkhole.dns.upstream.flight import Attempt, CrowdedError, Flight, settle
from sinkhole.dns.upstream.health import Server
from sinkhole.dns.upstream.shares import Holder, Shares
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.question import Question

FIRST = Server("192.0.2.1", 53, 1.0)
SECOND = Server("2001:db8::2", 5353, 1.0)
ONE, TWO = b"\xc0\0\2\1", b"\xc0\0\2\2"
HOLDER, OTHER = Holder(ONE, ONE, b"\0"), Holder(TWO, TWO, b"\0")


def flight(ends_at: float = 4.4) -> Flight:
    return Flight(Question(from_text("example.org"), 1), (FIRST, SECOND), HOLDER, 0.0, ends_at)


def tried(underway: Flight, server: Server, outcome: str = "", tcp: bool = False) -> None:
    attempt = Attempt(underway, server, b"", 0.0, True, False)
    attempt.outcome, attempt.tcp = outcome, tcp
    underway.attempts.append(attempt)


def test_the_error_of_one_server_names_it_and_counts_the_tries() -> None:
    underway = flight()
    tried(underway, FIRST)
    tried(underway, FIRST)
    error = underway.explain(2.0)
    assert (error.server, error.cause) == (
        "192.0.2.1",
        "gave no answer (2 times); gave up after 2.0 s",
    )


def test_the_error_of_several_servers_says_what_each_did_in_order() -> None:
    underway = flight()
    tried(underway, SECOND, "gave a truncated answer")
    tried(underway, FIRST, "answered SERVFAIL")
    tried(underway, SECOND, tcp=True)
    assert str(underway.explain(0.01)) == (
        "every upstream: [2001:db8::2]:5353 gave a truncated answer and gave no answer over TCP, "
        "192.0.2.1 answered SERVFAIL"
    )


def test_attempts_are_counted_by_server() -> None:
    underway = flight()
    tried(underway, FIRST)
    tried(underway, SECOND)
    tried(underway, FIRST)
    assert (underway.asked(FIRST), underway.asked(SECOND)) == (2, 1)


def test_who_had_to_give_way_goes_on_without_it_and_is_told_why_it_failed() -> None:
    underway = flight()
    tried(underway, FIRST)
    underway.wait(0.0, 1.0, 2.0)
    underway.attempts[0].outcome = "had to give way to other questions"
    underway.gave_way(underway.attempts[0], 0.5)
    assert underway.spent == [FIRST]
    assert (underway.next_at, underway.over_at) == (0.5, 0.5), "nothing to wait for"
    error = underway.explain(0.5)
    assert isinstance(error, CrowdedError)
    assert str(error) == "192.0.2.1: had to give way to other questions; gave up after 0.5 s"


def test_places_are_handed_over_with_the_flight() -> None:
    underway, places = flight(), Shares[Attempt](2)
    with socket.socket() as handle:
        for is_open in (True, False):
            tried(underway, FIRST)
            if is_open:
                underway.attempts[-1].handle, underway.attempts[-1].places = handle, places
                places.take(HOLDER, underway.attempts[-1])
        underway.hand_over(OTHER)
    assert underway.holder == OTHER
    assert [places.held_by(holder) for holder in (HOLDER, OTHER)] == [(0, 0), (1, 1)]


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


def test_waiting_never_goes_beyond_the_end_and_never_shrinks() -> None:
    underway = flight(ends_at=4.0)
    underway.wait(0.0, 0.2, 2.0)
    assert (underway.next_at, underway.over_at) == (0.2, 2.0)
    underway.wait(0.5, 1.0, 1.0)
    assert (underway.next_at, underway.over_at) == (1.5, 2.0)
    underway.wait(3.5, 1.0, 1.0)
    assert (underway.next_at, underway.over_at) == (4.0, 4.0)
