"""What is told of exceptions that no query should meet."""

from __future__ import annotations

import pytest
from world import BrokenFilter, Clock, World, question

from sinkhole.dns.pipeline.bugs import AGAIN_S, MOST_PLACES, Bugs
from sinkhole.dns.pipeline.channel import UDP
from sinkhole.dns.pipeline.reaction import DROP
from sinkhole.model.verdict import Outcome


def raised(code: str) -> Exception:
    """What is raised by code; each code is a place of its own."""
    try:
        exec(compile(code, f"<{code}>", "exec"))
    except Exception as error:
        return error
    raise AssertionError(code)


def test_a_bug_is_logged_with_its_traceback_once_an_hour_and_always_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = Clock()
    bugs = Bugs(clock)
    for _ in range(50):
        bugs.meet(raised("1 / 0"))
    assert (bugs.met, len(caplog.records)) == (50, 1)
    assert caplog.records[0].exc_info
    assert "ZeroDivisionError" in caplog.text
    bugs.meet(raised("{}[7]"))
    assert len(caplog.records) == 2
    clock.now += AGAIN_S
    bugs.meet(raised("1 / 0"))
    assert len(caplog.records) == 3
    assert "52 bugs" in caplog.records[-1].getMessage()


def test_places_are_remembered_within_bounds() -> None:
    bugs = Bugs(Clock())
    for number in range(2 * MOST_PLACES + 1):
        bugs.meet(raised(f"{{}}[{number}]"))
    assert len(bugs._told) <= MOST_PLACES


def test_a_query_that_met_a_bug_is_answered_and_recorded() -> None:
    world = World()
    world.publish(filter=BrokenFilter("example.org"))
    query = question("Www.example.org", "AAAA", edns=True)
    with pytest.raises(LookupError) as caught:
        world.now(query)
    reply = world.pipeline.answer_bug(query, bytes((192, 0, 2, 7)), caught.value)
    assert isinstance(reply, bytes)
    assert (reply[:2], reply[3] & 15) == (query[:2], 2)
    assert reply[12:32] == query[12:32]
    world.pipeline.close_batch(UDP, world.clock.now)
    (batch,) = world.buffer.drain(9)
    [(report, client)] = batch.records
    assert (report.verdict.outcome, report.rcode, report.qtype) == (Outcome.FAILED, 2, 28)
    assert (report.name, client.text) == (b"\3www\7example\3org\0", "192.0.2.7")


def test_what_cannot_be_read_gets_a_header_and_what_is_no_query_nothing() -> None:
    pipeline = World().pipeline
    bug = raised("1 / 0")
    reply = pipeline.answer_bug(question("a.org")[:20], 0, bug)
    assert isinstance(reply, bytes)
    assert reply[2:4] == b"\x81\x82"
    assert pipeline.answer_bug(b"\1\2\3", 0, bug) is DROP


def test_a_record_that_cannot_be_handed_over_costs_no_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(block=["example.org"])
    monkeypatch.setattr(world.buffer, "append", lambda batch: {}[batch])
    assert isinstance(world.now(question("example.org")), bytes)
    assert world.pipeline.bugs.met == 1
