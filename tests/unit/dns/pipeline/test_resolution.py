"""Which of several questions is asked for one that waits."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from world import World, question

from sinkhole.dns.cache.answer import TtlLimits
from sinkhole.dns.pipeline.reaction import Waiting
from sinkhole.dns.pipeline.requester import Requester
from sinkhole.dns.pipeline.resolution import Resolution
from sinkhole.dns.policy.client_subnet import ClientSubnet, ClientSubnets
from sinkhole.dns.policy.dns64 import Dns64
from sinkhole.dns.upstream.flight import CrowdedError
from sinkhole.dns.wire.numbers import Type
from sinkhole.dns.wire.options import subnet_option
from sinkhole.dns.wire.reply import Record, Reply
from sinkhole.model.errors import UpstreamError, WireError

TOLD = subnet_option(b"\xc0\0\2\0", 24)
NOTHING = Reply(0, False, False, (), ())
FIXED = ClientSubnets({"": ClientSubnet(ip_network("192.0.2.0/24"))})


def asking(qtype: str = "A", **parts: Any) -> Resolution:
    world = World()
    world.publish(**{"subnets": FIXED, **parts})
    waiting = world.now(question("www.example.org", qtype))
    assert isinstance(waiting, Waiting)
    bugs = world.pipeline.bugs
    return Resolution(waiting, Requester(waiting, lambda reply: None, lambda *record: None, bugs))


def test_a_question_tells_of_the_client_if_its_set_is_told() -> None:
    asks = asking()
    assert asks.question(True).subnet == asks.subnet == TOLD
    assert asks.question(False).subnet == asks.subnet == b""
    asks.hides = True
    assert asks.question(True).subnet == b""
    assert asking(subnets=ClientSubnets()).question(True).subnet == b""


def test_for_dns64_the_ipv4_addresses_are_asked_for_second() -> None:
    asks = asking("AAAA", dns64=Dns64())
    assert asks.question(True).qtype == Type.AAAA
    asks.no_ipv6 = NOTHING
    assert (asks.question(True).qtype, asks.question(True).subnet) == (Type.A, TOLD)


@pytest.mark.parametrize(
    ("error", "after_s", "again"),
    [
        (UpstreamError("", "answered REFUSED"), 0.9, True),
        (UpstreamError("", "no answer"), 1.0, False),
        (CrowdedError("", "too many"), 0.0, False),
    ],
)
def test_what_failed_is_asked_again_without(
    error: UpstreamError, after_s: float, again: bool
) -> None:
    asks = asking()
    now = asks.waiting.arrived + after_s
    assert not asks.may_be_for_subnet(error, now), "nothing was told yet"
    asks.question(True)
    assert asks.may_be_for_subnet(error, now) is again


def test_an_answer_knows_how_it_was_asked_for() -> None:
    asks = asking("AAAA", dns64=Dns64())
    asks.question(True)
    record = Record(asks.waiting.question.name, Type.AAAA, 60, bytes(16))
    reply, limits = NOTHING._replace(answer=(record,)), TtlLimits()
    for_all = asks.answer(reply, limits, 0.0)
    assert (for_all.subnet, for_all.dns64) == (b"", Dns64().settings)
    scoped = reply._replace(subnet=TOLD[:3] + b"\x18" + TOLD[4:])
    assert asks.answer(scoped, limits, 0.0).subnet == TOLD
    with pytest.raises(WireError, match="another client subnet"):
        asks.answer(reply._replace(subnet=subnet_option(b"\xc0\0\3\0", 24)), limits, 0.0)
