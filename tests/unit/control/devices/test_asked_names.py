"""When a name is asked for, how often, and what of an answer is a name."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address

import dnslib
import pytest

from sinkhole.control.devices.asked_names import (
    AT_ONCE,
    MOST_REMEMBERED,
    MOST_WAITING,
    NAMED_S,
    NAMELESS_S,
    UNANSWERED_S,
    AskedNames,
    names_in,
    reverse_name,
)
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.reply import Reply, read_reply
from sinkhole.model.faults import Faults

TABLET = ip_address("192.0.2.7").packed


def reply(*names: str, rcode: int = 0, about: bytes = TABLET) -> Reply:
    question = dnslib.DNSRecord.question(ip_address(about).reverse_pointer, "PTR")
    made = question.reply()
    made.header.rcode = rcode
    for name in names:
        made.add_answer(dnslib.RR(question.q.qname, 12, rdata=dnslib.PTR(name), ttl=60))
    return read_reply(bytes(made.pack()))


class Router:
    """Knows what it is told, and is asked through `ask`."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.says: Reply | None = reply("Tablet.lan")
        self.asked: list[bytes] = []
        self.told: list[tuple[bytes, tuple[str, ...]]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.names = AskedNames(
            "test", self.ask, lambda *found: self.told.append(found), clock=lambda: self.now
        )

    async def ask(self, packed: bytes) -> Reply | None:
        self.asked.append(packed)
        await self.open.wait()
        return self.says

    async def settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)


async def test_a_name_is_asked_for_once_and_again_after_half_a_day() -> None:
    router = Router()
    for _ in range(3):
        router.names.want(TABLET)
        await router.settle()
    assert router.asked == [TABLET]
    assert router.told == [(TABLET, ("tablet.lan",))]
    router.now += 0.89 * NAMED_S
    router.names.want(TABLET)
    router.now += 0.3 * NAMED_S
    router.names.want(TABLET)
    await router.settle()
    assert router.asked == [TABLET, TABLET]


@pytest.mark.parametrize(
    ("says", "after_s"),
    [
        (reply(rcode=3), NAMELESS_S),
        (reply(), NAMELESS_S),
        (reply(rcode=2), UNANSWERED_S),
        (reply(rcode=5), UNANSWERED_S),
        (None, UNANSWERED_S),
    ],
    ids=["NXDOMAIN", "nothing", "SERVFAIL", "REFUSED", "silence"],
)
async def test_that_there_is_no_name_is_remembered(says: Reply | None, after_s: float) -> None:
    router = Router()
    router.says = says
    router.names.want(TABLET)
    await router.settle()
    router.now += 0.89 * after_s
    router.names.want(TABLET)
    await router.settle()
    assert router.asked == [TABLET]
    router.now += 0.3 * after_s
    assert router.names.is_due(TABLET)
    # Where somebody said so, there is no name any more; silence says nothing.
    assert [names for _, names in router.told] == ([()] if after_s == NAMELESS_S else [])


async def test_another_router_is_asked_at_once() -> None:
    router = Router()
    router.names.want(TABLET)
    await router.settle()
    router.names.again()
    router.names.want(TABLET)
    await router.settle()
    assert router.asked == [TABLET, TABLET]


async def test_no_more_are_asked_for_at_once_than_may_be() -> None:
    router = Router()
    router.open.clear()
    for number in range(MOST_WAITING + 2 * AT_ONCE):
        router.names.want(number.to_bytes(4, "big"))
        await router.settle()
    assert len(router.asked) == AT_ONCE
    assert len(router.names._waiting) == MOST_WAITING
    assert router.names.is_busy_with(bytes(4))
    router.open.set()
    while len(router.asked) < MOST_WAITING + AT_ONCE:
        await asyncio.sleep(0)
    await router.settle()
    assert not router.names.is_busy_with(bytes(4))
    for number in range(2 * MOST_REMEMBERED):
        router.names._remember(number.to_bytes(4, "big"), 1.0)
    assert len(router.names._due) == MOST_REMEMBERED


async def test_a_bug_in_asking_costs_the_one_name() -> None:
    faults = Faults()
    asked: list[bytes] = []

    async def ask(packed: bytes) -> Reply | None:
        asked.append(packed)
        raise ZeroDivisionError

    names = AskedNames("test", ask, lambda *found: None, faults=faults)
    for number in range(3):
        names.want(number.to_bytes(4, "big"))
        for _ in range(5):
            await asyncio.sleep(0)
    assert len(asked) == faults.count == 3
    await names.close()


def test_what_is_a_name_of_an_address_and_what_is_not() -> None:
    assert names_in(reply("Tablet.lan", "a\\032b.lan", "_x.lan", "tablet.lan"), TABLET) == (
        "tablet.lan",
        "_x.lan",
    )
    assert names_in(reply("tablet.lan"), ip_address("192.0.2.8").packed) == ()


def test_an_answer_by_way_of_a_classless_delegation() -> None:
    asked = dnslib.DNSRecord.question("7.2.0.192.in-addr.arpa", "PTR").reply()
    asked.add_answer(*dnslib.RR.fromZone("7.2.0.192.in-addr.arpa 60 CNAME 7.0-31.example."))
    asked.add_answer(*dnslib.RR.fromZone("7.0-31.example 60 PTR tablet.example."))
    assert names_in(read_reply(bytes(asked.pack())), TABLET) == ("tablet.example",)


def test_the_names_that_addresses_are_asked_for_by() -> None:
    assert reverse_name(TABLET) == from_text("7.2.0.192.in-addr.arpa")
    assert reverse_name(ip_address("2001:db8::7").packed).startswith(b"\x017\x010")
