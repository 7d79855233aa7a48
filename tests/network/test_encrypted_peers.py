"""Real servers as upstreams by TLS and HTTPS: Unbound, and dnsdist in front of a scripted one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from certificates import leaf
from encrypted_scene import trusting
from fake_upstream import FakeUpstream, answered, held
from forwarding import LIMIT_S, addresses, ask_for, until
from house import house
from real_peers import MISSING, NAME, dnsdist, nobodys_places, unbound

from sinkhole.app.upstreams import upstream_terms
from sinkhole.dns.upstream.flight import Exchanged
from sinkhole.dns.upstream.forwarder import Forwarder
from sinkhole.dns.upstream.upstreams import Upstreams
from sinkhole.model.errors import UpstreamError
from sinkhole.model.upstream_url import UpstreamKind

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed here: {', '.join(MISSING)}")

KINDS: tuple[UpstreamKind, ...] = ("tls", "https")
NAMES = [f"www{number}.example.org" for number in range(200)]
"""At once; more datagrams than that might not fit into the buffer of the backend's socket."""


@asynccontextmanager
async def forwarding_to(url: str) -> AsyncIterator[Forwarder]:
    """A forwarder with this server alone."""
    settings = house(Path("nowhere"), upstream__servers=[url])
    upstreams = Upstreams(upstream_terms(settings), contexts=trusting())
    upstreams.start()
    try:
        yield upstreams.forwarder
    finally:
        await upstreams.close()


async def asked_at_once(forwarder: Forwarder) -> list[Exchanged | UpstreamError]:
    """What all of NAMES were told."""
    told: list[Exchanged | UpstreamError] = []
    for name in NAMES:
        forwarder.ask(ask_for(name), told.append)
    await until(lambda: len(told) == len(NAMES))
    return told


@pytest.mark.parametrize("kind", KINDS)
async def test_unbound_is_understood(tmp_path: Path, kind: UpstreamKind) -> None:
    async with (
        unbound(tmp_path) as peer,
        forwarding_to(peer.url(kind)) as forwarder,
    ):
        exchanged = await forwarder.exchange_later(ask_for("example.org"))
        assert (addresses(exchanged), exchanged.over) == ([b"\xc0\0\2\1"], kind)
        exchanged = await forwarder.exchange_later(ask_for("no.example.org"))
        assert exchanged.reply.rcode == 3
        told = await asked_at_once(forwarder)
        assert all(isinstance(each, Exchanged) for each in told), told


@pytest.mark.parametrize("kind", KINDS)
async def test_dnsdist_is_understood_and_may_start_again(
    tmp_path: Path, kind: UpstreamKind
) -> None:
    peer = nobodys_places()
    async with FakeUpstream() as backend:
        backend.answer("*", "A", ["192.0.2.1"])
        async with forwarding_to(peer.url(kind)) as forwarder:
            for _ in range(2):
                async with dnsdist(tmp_path, backend, leaf(NAME, peer.plain.host), peer):
                    await _is_back(forwarder)
                    told = await asked_at_once(forwarder)
                    assert all(isinstance(each, Exchanged) for each in told), told
                cause = await _failure(forwarder)
                assert "refused" in cause or "closed" in cause


async def _is_back(forwarder: Forwarder) -> None:
    """Ask until there is an answer: for a moment after a failure nobody is asked."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            with suppress(UpstreamError):
                await forwarder.exchange_later(ask_for("back.example.org"))
                return
            await asyncio.sleep(0.02)


async def _failure(forwarder: Forwarder) -> str:
    with pytest.raises(UpstreamError) as caught:
        await asyncio.wait_for(forwarder.exchange_later(ask_for("new.example.org")), LIMIT_S)
    return caught.value.cause


@pytest.mark.parametrize("kind", KINDS)
async def test_a_slow_answer_of_dnsdist_holds_up_nobody(tmp_path: Path, kind: UpstreamKind) -> None:
    gate = asyncio.Event()
    async with FakeUpstream() as backend, dnsdist(tmp_path, backend) as peer:
        backend.answer("*", "A", ["192.0.2.1"])
        async with forwarding_to(peer.url(kind)) as forwarder:
            await forwarder.exchange_later(ask_for(NAMES[0]))
            backend.script(held(gate, answered))
            slow: list[Exchanged | UpstreamError] = []
            forwarder.ask(ask_for("slow.example.org"), slow.append)
            await until(lambda: backend.asked("slow.example.org"))
            exchanged = await forwarder.exchange_later(ask_for(NAMES[1]))
            assert addresses(exchanged) == [b"\xc0\0\2\1"]
            assert not slow
            gate.set()
            await until(lambda: slow)
            assert isinstance(slow[0], Exchanged)
