"""The forwarder over connections: what clients get when those die under many questions."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from asking_links import LIMIT_S, NAME, linked, until
from certificates import leaf, server_context, write_authority
from forwarding import ask_for
from stream_server import Connection, StreamServer, answering, answering_quickly, silent

from sinkhole.dns.upstream.flight import Exchanged
from sinkhole.dns.upstream.forwarder import Forwarder
from sinkhole.dns.upstream.health import Server
from sinkhole.dns.upstream.sets import DEFAULT, UpstreamSet
from sinkhole.model.errors import UpstreamError

MANY = 900
"""A server may hold a thousand; its probes need a place, too."""

Told = dict[int, list[Exchanged | UpstreamError]]


@asynccontextmanager
async def serving() -> AsyncIterator[StreamServer]:
    async with StreamServer().running(server_context(leaf(NAME))) as server:
        yield server


@asynccontextmanager
async def forwarding(
    folder: Path, server: StreamServer, *, timeout_s: float = LIMIT_S, budget_s: float = LIMIT_S
) -> AsyncIterator[Forwarder]:
    """A forwarder that asks one server over TLS and knows that it is up."""
    async with linked(server, "tls", write_authority(folder)) as link:
        asked = Server(f"tls://{NAME}", link, timeout_s)
        sets = {DEFAULT: UpstreamSet((asked,))}
        forwarder = Forwarder(sets, budget_s=budget_s, most_waiting=2 * MANY)
        forwarder.start()
        await until(lambda: asked.rtt_s is not None)
        try:
            yield forwarder
        finally:
            await forwarder.close()


def ask_many(forwarder: Forwarder) -> Told:
    told: Told = {number: [] for number in range(MANY)}
    for number in range(MANY):
        forwarder.ask(ask_for(f"n{number}.example.org"), told[number].append)
    return told


async def test_a_connection_that_dies_under_many_questions(tmp_path: Path) -> None:
    async with serving() as server, forwarding(tmp_path, server) as forwarder:
        [first] = server.connections

        def dying(connection: Connection, query: bytes) -> None:
            if connection is not first:
                answering_quickly(connection, query)
            elif len(connection.queries) > MANY:
                connection.abort()

        server.on_query = dying
        told = ask_many(forwarder)
        await until(lambda: all(told.values()))
        assert Counter(type(each[0]) for each in told.values()) == {Exchanged: MANY}
        assert {len(each) for each in told.values()} == {1}


async def test_a_server_that_is_gone_under_many_questions(tmp_path: Path) -> None:
    async with serving() as server, forwarding(tmp_path, server) as forwarder:
        server.on_query = silent
        told = ask_many(forwarder)
        await until(lambda: server.queries > MANY)
        server.stop()
        await until(lambda: all(told.values()))
        assert Counter(type(each[0]) for each in told.values()) == {UpstreamError: MANY}
        assert {len(each) for each in told.values()} == {1}
        said = {str(each[0]) for each in told.values()}
        assert all("refused the connection" in each for each in said), said


async def test_a_server_that_falls_silent_under_many_questions(tmp_path: Path) -> None:
    async with (
        serving() as server,
        forwarding(tmp_path, server, timeout_s=1.0, budget_s=2.0) as forwarder,
    ):
        server.on_query = silent
        told = ask_many(forwarder)
        await until(lambda: all(told.values()))
        assert Counter(type(each[0]) for each in told.values()) == {UpstreamError: MANY}
        assert {len(each) for each in told.values()} == {1}


async def test_the_first_question_behind_a_renewed_network(tmp_path: Path) -> None:
    async with serving() as server, forwarding(tmp_path, server) as forwarder:
        [first] = server.connections
        server.on_query = lambda connection, query: (
            None if connection is first else answering(connection, query)
        )
        forwarder.renew()
        exchanged = await forwarder.exchange_later(ask_for("example.org"))
        assert exchanged.over == "tls"
        await until(lambda: first.is_over)
        assert len(server.open) == 1
