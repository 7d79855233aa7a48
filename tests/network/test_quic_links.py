"""Links over QUIC and HTTP/3 to a listener of our own: questions survive their connections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from asking_links import Asker, until
from quic_asking import ALPN
from quic_serving import Serving, make_world, serving
from world import World

from sinkhole.dns.upstream.links.link import Failure, LinkAnswer
from sinkhole.dns.upstream.links.sessions import SessionLink
from sinkhole.model.upstream_url import UpstreamKind

pytestmark = pytest.mark.parametrize("kind", ALPN)


@asynccontextmanager
async def asking(
    kind: UpstreamKind, folder: Path, world: World | None = None
) -> AsyncIterator[tuple[Serving, Asker]]:
    async with serving(world or make_world(), ALPN[kind]) as served:
        link = SessionLink(kind, served.sessions(folder, kind))
        link.start()
        try:
            yield served, Asker(link)
        finally:
            await link.close()


def names(count: int) -> list[str]:
    return [f"n{number}.ads.example.org" for number in range(count)]


def all_answered(asker: Asker) -> bool:
    return all(len(told) == 1 and isinstance(told[0], LinkAnswer) for told in asker.told.values())


async def test_a_thousand_questions_at_once(kind: UpstreamKind, tmp_path: Path) -> None:
    async with asking(kind, tmp_path) as (_, asker):
        for name in names(1000):
            asker.ask(name)
        await asker.all_told()
        assert all_answered(asker), asker.told
        answer = await asker.answer("ads.example.org")
        assert answer.over == kind
        assert answer.rtt_s is not None


async def test_connections_that_die_under_their_questions(
    kind: UpstreamKind, tmp_path: Path
) -> None:
    world = make_world()
    world.upstreams.gate = asyncio.Event()
    async with asking(kind, tmp_path, world) as (served, asker):
        await asker.answer("ads.example.org")  # of a proven server
        for name in names(50):
            asker.ask(name.replace("ads.", "www."))
        await until(lambda: served.door.room.waiting == 50)
        for each in list(served.door.encrypted.holders):
            each.close()
        await until(lambda: served.door.room.waiting > 50)  # they are asked again
        world.upstreams.gate.set()
        await asker.all_told()
        assert all_answered(asker), asker.told


async def test_another_network_drops_connections_but_no_question(
    kind: UpstreamKind, tmp_path: Path
) -> None:
    world = make_world()
    world.upstreams.gate = asyncio.Event()
    async with asking(kind, tmp_path, world) as (served, asker):
        asker.ask("example.org")
        await until(lambda: served.door.room.waiting == 1)
        asker.link.renew()
        await until(lambda: served.door.room.waiting == 2)
        world.upstreams.gate.set()
        await asker.all_told()
        assert all_answered(asker), asker.told


async def test_a_server_that_goes_and_comes_back(kind: UpstreamKind, tmp_path: Path) -> None:
    async with asking(kind, tmp_path) as (served, asker):
        await asker.answer("ads.example.org")
        await served.close()
        failure = await asker.result("gone.ads.example.org", 10.0)
        assert isinstance(failure, Failure)
        assert "refused the connection" in failure.what
        served.open()
        asker.link.renew()
        await asker.answer("back.ads.example.org")
