"""Between the two questions that DNS64 asks."""

from __future__ import annotations

from typing import Any

import pytest
from world import World, question

from sinkhole.dns.pipeline.reaction import Waiting
from sinkhole.dns.pipeline.synthesis import lacking_ipv6, way_of, with_ipv6_made
from sinkhole.dns.policy.dns64 import Dns64
from sinkhole.dns.policy.routes import Routes
from sinkhole.dns.upstream.flight import CrowdedError, Exchanged
from sinkhole.dns.wire.reply import Record, Reply
from sinkhole.model.errors import UpstreamError

NOTHING = Reply(0, False, False, (), ())
FAILED, CROWDED = UpstreamError("", "no answer"), CrowdedError("", "too many")


def waiting(qtype: str = "AAAA", **parts: Any) -> Waiting:
    world = World()
    world.publish(**{"dns64": Dns64(), **parts})
    reaction = world.now(question("www.example.org", qtype))
    assert isinstance(reaction, Waiting)
    return reaction


def said(reply: Reply) -> Exchanged:
    return Exchanged(reply, "192.0.2.53", 0.01)


@pytest.mark.parametrize(
    ("outcome", "after_s", "lacks"),
    [
        (said(NOTHING), 4.0, True),
        (said(NOTHING._replace(rcode=3)), 0.0, False),
        (FAILED, 0.9, True),
        (FAILED, 1.0, False),
        (CROWDED, 0.0, False),
    ],
)
def test_who_says_that_there_are_no_addresses(
    outcome: Exchanged | UpstreamError, after_s: float, lacks: bool
) -> None:
    waits = waiting()
    assert (lacking_ipv6(waits, outcome, waits.arrived + after_s) is not None) is lacks


def test_without_dns64_nothing_is_looked_for_or_made() -> None:
    for waits in (waiting(dns64=None), waiting("A")):
        assert lacking_ipv6(waits, said(NOTHING), waits.arrived) is None
        assert with_ipv6_made(waits, said(NOTHING), NOTHING).reply is NOTHING


def test_a_failure_is_one_for_both_questions() -> None:
    assert with_ipv6_made(waiting(), FAILED, NOTHING) is FAILED


def test_private_addresses_are_made_where_they_are_refused_for_it() -> None:
    name = waiting().question.name
    ipv4 = said(NOTHING._replace(answer=(Record(name, 1, 60, b"\xc0\xa8\1\2"),)))
    (made,) = with_ipv6_made(waiting(), ipv4, NOTHING).reply.answer
    assert made.rdata.hex() == "0064ff9b0000000000000000c0a80102"
    assert with_ipv6_made(waiting(rebinding=None), ipv4, NOTHING).reply is NOTHING


def test_what_makes_an_outcome_useless_is_part_of_the_way() -> None:
    ways = [
        waiting(),
        waiting("A"),
        waiting(dns64=None),
        waiting(routes=Routes({"example.org": "office"})),
    ]
    assert len({way_of(waits) for waits in ways}) == len(ways)
    assert way_of(waiting()) == way_of(waiting())
