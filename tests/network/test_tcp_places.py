"""Who gets a place among the TCP connections, and whose place it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

from test_tcp_listener import ended, framed, listening, make_world, read
from world import World, addresses, question

from sinkhole.dns.pipeline.channel import TCP
from sinkhole.dns.server.arrival import Arrival
from sinkhole.dns.server.door import Door

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class House:
    """A door with eight places, and clients at 127.0.0.x that hold them."""

    def __init__(self, world: World, door: Door, port: int) -> None:
        self.world = world
        self.door = door
        self._port = port
        self._streams: list[Stream] = []

    async def idle(self, client: int) -> Stream:
        """A connection that was answered, and is kept open."""
        reader, writer = stream = await self._connect(client)
        writer.write(framed(question("ads.example.org")))
        assert addresses(await read(reader)) == ["0.0.0.0"]
        return stream

    async def busy(self, client: int) -> Stream:
        """A connection with a query that waits for an upstream."""
        waiting = self.door.room.waiting
        stream = await self._connect(client)
        stream[1].write(framed(question("example.org")))
        while self.door.room.waiting == waiting:
            await asyncio.sleep(0)
        return stream

    async def is_turned_away(self, client: int) -> bool:
        return await ended((await self._connect(client))[0])

    def held(self) -> dict[int, int]:
        """How many places each client has."""
        clients = [each.client.packed[-1] for each in self.door.plain.holders]
        return {client: clients.count(client) for client in sorted(clients)}

    async def _connect(self, client: int) -> Stream:
        stream = await asyncio.open_connection(
            "127.0.0.1", self._port, local_addr=(f"127.0.0.{client}", 0)
        )
        self._streams.append(stream)
        return stream

    def close(self) -> None:
        for _, writer in self._streams:
            writer.transport.abort()


@asynccontextmanager
async def house(world: World | None = None) -> AsyncIterator[House]:
    world = world or make_world()
    world.upstreams.gate = asyncio.Event()
    async with listening(world) as (door, port):
        door.plain.most, door.plain.most_per_client = 8, 4
        made = House(world, door, port)
        try:
            yield made
        finally:
            made.close()
            world.upstreams.gate.set()


async def test_a_few_busy_clients_cannot_hold_all_places() -> None:
    async with house() as made:
        flood = [await made.busy(client) for client in (2, 3) for _ in range(4)]
        await made.idle(4)
        assert made.held() == {2: 3, 3: 4, 4: 1}
        assert await ended(flood[0][0])
        await made.idle(4)
        await made.idle(5)
        await made.idle(6)
        assert made.held() == {2: 2, 3: 2, 4: 2, 5: 1, 6: 1}
        assert (made.door.room.waiting, made.world.pipeline.bugs.met) == (8, 0)


async def test_of_those_who_have_most_idle_ones_give_way_first() -> None:
    async with house() as made:
        for client in (2, 3):
            await made.busy(client)
        idle = await made.idle(3)
        for client in (2, 2, 2, 3, 3):
            await made.busy(client)
        await made.busy(4)
        assert await ended(idle[0])
        assert made.held() == {2: 4, 3: 3, 4: 1}


async def test_where_all_have_as_many_only_idle_ones_give_way() -> None:
    async with house() as made:
        for client in range(2, 9):
            await made.busy(client)
        idle = await made.idle(9)
        await made.busy(10)
        assert await ended(idle[0])
        assert await made.is_turned_away(11)
        assert made.held() == dict.fromkeys((*range(2, 9), 10), 1)


async def test_a_client_pays_for_its_own_beyond_its_share() -> None:
    async with house() as made:
        await made.idle(3)
        first = await made.idle(2)
        for _ in range(4):
            await made.busy(2)
        assert await ended(first[0])
        assert await made.is_turned_away(2)
        assert made.held() == {2: 4, 3: 1}


async def test_clients_of_one_network_share_as_they_share_a_budget() -> None:
    world = make_world()
    world.publish(access=replace(world.pipeline.policy.access, ipv4_prefix=24))
    async with house(world) as made:
        for client in range(2, 6):
            await made.busy(client)
        assert await made.is_turned_away(6)


async def test_who_may_not_ask_is_closed_at_once_and_recorded() -> None:
    world = make_world()
    allow = (ip_network("127.0.0.2/32"),)
    world.publish(access=replace(world.pipeline.policy.access, allow=allow))
    async with house(world) as made:
        assert await made.is_turned_away(3)
        assert made.held() == {}
        assert [report.verdict.detail for report in world.reports()] == ["client not in dns.allow"]
        await made.idle(2)


async def test_who_may_ask_no_longer_is_refused_on_an_open_connection() -> None:
    world = make_world()
    async with house(world) as made:
        reader, writer = await made.idle(2)
        world.publish(access=replace(world.pipeline.policy.access, allow=()))
        writer.write(framed(question("ads.example.org")))
        assert (await read(reader)).header.rcode == 5


async def test_a_client_that_is_gone_before_it_is_accepted_is_no_bug() -> None:
    class Gone(asyncio.Transport):
        is_aborted = False

        def get_extra_info(self, name: str, default: Any = None) -> Any:
            return default

        def abort(self) -> None:
            self.is_aborted = True

    world, transport = make_world(), Gone()
    Arrival(Door(world.pipeline), TCP, lambda _: 1 // 0).connection_made(transport)
    assert (transport.is_aborted, world.pipeline.bugs.met) == (True, 0)


async def test_queries_of_closed_connections_wait_within_a_bound() -> None:
    async with house() as made:
        made.door.room.most = 3
        for _ in range(3):
            await made.busy(2)
        for connection in list(made.door.plain.holders):
            connection.close()
        reader, writer = await made.idle(2)
        writer.write(framed(question("example.org")))
        assert await ended(reader)
        assert (made.door.room.waiting, made.door.room.overloaded) == (3, 1)
