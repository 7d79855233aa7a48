"""What the tests of the forwarder share: a clock they turn, and forwarders that end with them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest
from fake_upstream import FakeUpstream

from sinkhole.dns.upstream.flight import Exchanged
from sinkhole.dns.upstream.forwarder import Forwarder
from sinkhole.dns.upstream.health import Server
from sinkhole.dns.upstream.links.plain import PlainLink
from sinkhole.dns.upstream.links.plain_engine import PlainEngine
from sinkhole.dns.upstream.sets import DEFAULT, UpstreamSet
from sinkhole.dns.upstream.strategies import FASTEST, Strategy
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.question import Question
from sinkhole.model.errors import UpstreamError
from sinkhole.model.upstream_url import UpstreamUrl

LIMIT_S: Final = 20.0

FIRST: Final = b"\xc0\x00\x02\x01"
SECOND: Final = b"\xc0\x00\x02\x02"
"""What the fake upstreams `one` and `two` say about example.org."""


class Clock:
    """Stands still until it is turned; ticks of the forwarder go on in real time."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def ask_for(name: str, qtype: int = 1, do: bool = False, cd: bool = False) -> Question:
    return Question(from_text(name), qtype, do, cd)


QUESTION: Final = ask_for("example.org")


def addresses(exchanged: Exchanged) -> list[bytes]:
    return [record.rdata for record in exchanged.reply.answer]


def begin(forwarder: Forwarder, name: str = "example.org") -> asyncio.Task[Exchanged]:
    """Ask without waiting for the answer."""
    return asyncio.get_running_loop().create_task(forwarder.exchange_later(ask_for(name)))


async def error_of(task: asyncio.Task[Exchanged]) -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        await asyncio.wait_for(task, LIMIT_S)
    return caught.value


async def cause_of(forwarder: Forwarder, question: Question = QUESTION) -> str:
    """Why asking failed."""
    with pytest.raises(UpstreamError) as caught:
        await forwarder.exchange_later(question)
    return caught.value.cause


def transports(upstream: FakeUpstream) -> list[bool]:
    """Of each query that came, whether it was by TCP."""
    return [query.tcp for query in upstream.queries]


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what must become true soon."""
    async with asyncio.timeout(LIMIT_S):
        while not condition():
            await asyncio.sleep(0.001)


def server_at(address: tuple[str, int], engine: PlainEngine, **options: Any) -> Server:
    """An upstream asked by plain DNS."""
    ip, port = address
    most = options.pop("most", 500)
    return Server(str(UpstreamUrl("udp", ip, port)), PlainLink(ip, port, engine, most), **options)


def make_forwarder(
    addresses: Sequence[tuple[str, int]],
    *,
    fallback: Sequence[tuple[str, int]] = (),
    strategy: Strategy = FASTEST,
    timeout_s: float = 2.0,
    most_per_server: int = 500,
    randomize_case: bool = True,
    route: Sequence[tuple[str, int]] = (),
    **options: Any,
) -> Forwarder:
    """A forwarder whose servers are asked by plain DNS; those of `route` are a set by that name."""
    shared = {key: options[key] for key in ("clock", "faults") if key in options}
    engine = PlainEngine(randomize_case=randomize_case, **shared)
    first, second, others = (
        tuple(server_at(each, engine, timeout_s=timeout_s, most=most_per_server) for each in those)
        for those in (addresses, fallback, route)
    )
    sets = {DEFAULT: UpstreamSet(first, second, strategy)}
    return Forwarder(sets | ({"route": UpstreamSet(others)} if others else {}), **options)


@asynccontextmanager
async def forwarding(*upstreams: FakeUpstream, **options: Any) -> AsyncIterator[Forwarder]:
    """A running forwarder; its start probes are answered already by upstreams that answer.

    Unless it is given another, its clock stands still: nothing is late, however slow the machine.
    """
    options.setdefault("clock", Clock())
    forwarder = make_forwarder([upstream.address for upstream in upstreams], **options)
    forwarder.start()
    try:
        await until(
            lambda: all(
                status["rtt_ms"] is not None or status["failures"] or upstream.mute
                for status, upstream in zip(forwarder.status(), upstreams, strict=False)
            )
        )
        yield forwarder
    finally:
        await forwarder.close()
