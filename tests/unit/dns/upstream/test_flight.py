"""A flight's bookkeeping, without any network."""

from sinkhole.dns.upstream.flight import Attempt, Exchanged, Flight
from sinkhole.dns.upstream.health import Server
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.question import Question
from sinkhole.model.errors import UpstreamError

FIRST = Server("192.0.2.1", 53, 1.0)
SECOND = Server("2001:db8::2", 5353, 1.0)


def tell(outcome: Exchanged | UpstreamError) -> None:
    raise AssertionError(f"nobody ends this flight, but it was told {outcome}")


def flight(ends_at: float = 4.4) -> Flight:
    return Flight(Question(from_text("example.org"), 1), (FIRST, SECOND), tell, 0.0, ends_at)


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


def test_waiting_never_goes_beyond_the_end_and_never_shrinks() -> None:
    underway = flight(ends_at=4.0)
    underway.wait(0.0, 0.2, 2.0)
    assert (underway.next_at, underway.over_at) == (0.2, 2.0)
    underway.wait(0.5, 1.0, 1.0)
    assert (underway.next_at, underway.over_at) == (1.5, 2.0)
    underway.wait(3.5, 1.0, 1.0)
    assert (underway.next_at, underway.over_at) == (4.0, 4.0)
