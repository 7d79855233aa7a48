"""What is refused before anything is decided, and what is recorded of it."""

from __future__ import annotations

import pytest
from world import World, question

from sinkhole.dns.pipeline.channel import TCP, UDP, Channel
from sinkhole.dns.pipeline.pipeline import ERRORS_PER_S, MAX_SHAPES
from sinkhole.dns.pipeline.reaction import DROP
from sinkhole.dns.wire.name import from_text


def test_refusals_of_other_classes_do_not_fill_the_cache() -> None:
    world = World()
    for number in range(10):
        query = question(f"a{number}.example.org")[:-2] + b"\0\3"
        reply = world.now(query)
        assert isinstance(reply, bytes)
        assert reply[3] & 15 == 5
    assert not world.table.entries
    assert [report.verdict.detail for report in world.reports()] == ["class other than IN"] * 10


@pytest.mark.parametrize(("channel", "rcode"), [(UDP, 0), (TCP, 5)])
def test_what_a_hasty_client_asked_and_got_is_recorded(channel: Channel, rcode: int) -> None:
    world = World(block=["example.org"], rate_limit=1)
    sent = [world.now(question("Www.Example.org", "AAAA"), channel) for _ in range(2)][1]
    assert isinstance(sent, bytes)
    report = world.reports()[1]
    assert (report.name, report.qtype) == (from_text("www.example.org"), 28)
    assert report.rcode == rcode == sent[3] & 15
    assert report.verdict.detail == "over dns.rate_limit"


def test_a_hasty_query_with_a_name_that_is_none_is_recorded_without_it() -> None:
    world = World(block=["example.org"], rate_limit=1)
    world.now(question("example.org"))
    wire = question("a.example.org")
    world.now(wire[:12] + b"\x40" + bytes(64) + wire[14:])
    assert [report.name for report in world.reports()][1:] == [b"\0"]


def test_closed_connections_of_strangers_are_recorded_within_their_budget() -> None:
    world = World()
    stranger = world.client_at("198.51.100.9")
    for _ in range(ERRORS_PER_S + 7):
        world.pipeline.turn_away(stranger, world.clock.now)
    world.pipeline.close_batch(UDP, world.clock.now)
    assert [report.rcode for report in world.reports()] == [5] * ERRORS_PER_S
    assert world.pipeline.dropped == 7


def test_one_client_does_not_spend_the_error_replies_of_others() -> None:
    world = World(block=["example.org"], rate_limit=1)
    broken, good = question("example.org") + b"x", question("example.org")
    for _ in range(3 * ERRORS_PER_S):
        world.now(broken)
    assert isinstance(world.now(good), bytes)
    assert world.now(broken) is DROP
    assert world.now(good) is DROP  # over its rate, and without a reply to say so
    world.client = world.client_at("192.0.2.8")
    assert [world.now(broken) is DROP for _ in range(20)] == [False] * 20
    assert [world.now(good) is DROP for _ in range(20)] == [False] * 20


def test_strangers_share_their_error_replies() -> None:
    world = World()
    for last in range(ERRORS_PER_S):
        world.client = world.client_at(f"198.51.100.{last}")
        assert world.now(question("example.org")) is not DROP
    world.client = world.client_at("203.0.113.9")
    assert world.now(question("example.org")) is DROP


def test_queries_of_strangers_do_not_make_the_memory_of_shapes_start_anew() -> None:
    world = World(block=["example.org"])
    world.now(question("example.org"))
    remembered = dict(world.pipeline._shapes)
    world.client = world.client_at("198.51.100.9")
    for qtype in range(1000, 1000 + MAX_SHAPES):
        world.now(question("example.org")[:-4] + qtype.to_bytes(2, "big") + b"\0\1")
    assert world.pipeline._shapes == remembered
