"""What is refused before anything is decided, and what is recorded of it."""

from __future__ import annotations

import pytest
from world import World, question

from sinkhole.dns.pipeline.reaction import TCP, UDP, Transport
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


@pytest.mark.parametrize(("transport", "rcode"), [(UDP, 0), (TCP, 5)])
def test_what_a_hasty_client_asked_and_got_is_recorded(transport: Transport, rcode: int) -> None:
    world = World(block=["example.org"], rate_limit=1)
    sent = [world.now(question("Www.Example.org", "AAAA"), transport) for _ in range(2)][1]
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
