"""Links over TCP and TLS, with real connections to a server that keeps them or not."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import dnslib
import pytest
from asking_links import NAME, Asker, asking, until
from certificates import leaf, server_context, write_authority
from stream_server import (
    Connection,
    StreamServer,
    answering,
    answering_once,
    closing,
    closing_within,
    reply_to,
    silent,
)

from sinkhole.dns.upstream.links.link import Blame, Failure, LinkAnswer


@asynccontextmanager
async def tcp() -> AsyncIterator[tuple[StreamServer, Asker]]:
    async with StreamServer().running() as server, asking(server) as asker:
        yield server, asker


def names(count: int) -> list[str]:
    return [f"n{number}.example.org" for number in range(count)]


async def test_many_questions_share_one_tls_connection(tmp_path: Path) -> None:
    context = server_context(leaf(NAME))
    async with (
        StreamServer().running(context) as server,
        asking(server, "tls", write_authority(tmp_path)) as asker,
    ):
        for name in names(100):
            asker.ask(name)
        await asker.all_told()
        answer = await asker.answer()
        assert answer.over == "tls"
        assert answer.rtt_s is not None
        assert answer.reply.answer[0].rdata == bytes([192, 0, 2, 1])
        assert len(server.connections) == 1
        assert asker.link.state().address == server.host
        assert asker.link.state().connected_at is not None
        assert all(isinstance(told[0], LinkAnswer) for told in asker.told.values())


async def test_queries_are_padded_over_tls_only(tmp_path: Path) -> None:
    context = server_context(leaf(NAME))
    async with (
        StreamServer().running(context) as server,
        asking(server, "tls", write_authority(tmp_path)) as asker,
    ):
        await asker.answer("a.example.org")
        await asker.answer("a-longer-name.example.org")
        assert [len(query) for query in server.connections[0].queries] == [128, 128]
        option = dnslib.DNSRecord.parse(server.connections[0].queries[0]).ar[0].rdata[0]
        assert (option.code, set(option.data)) == (12, {0})
    async with tcp() as (server, asker):
        await asker.answer("a.example.org")
        assert len(server.connections[0].queries[0]) < 64


async def test_answers_in_any_order() -> None:
    async with tcp() as (server, asker):
        held: list[bytes] = []

        def hold(connection: Connection, query: bytes) -> None:
            held.append(query)
            if len(held) == 50:
                random.shuffle(held)
                for one in held:
                    connection.send(reply_to(one))

        server.on_query = hold
        for name in names(50):
            asker.ask(name)
        await asker.all_told()
        for told in asker.told.values():
            assert len(told) == 1
            assert isinstance(told[0], LinkAnswer)


async def test_a_server_that_closes_after_every_answer() -> None:
    async with tcp() as (server, asker):
        server.on_query = answering_once
        for name in names(12):
            asker.ask(name)
        await asker.all_told()
        assert all(isinstance(told[0], LinkAnswer) for told in asker.told.values()), asker.told


async def test_an_idle_connection_that_the_server_closed_is_no_failure() -> None:
    async with tcp() as (server, asker):
        for count in range(1, 4):
            await asker.answer()
            assert len(server.connections) == count
            server.open[0].close()
            await until(lambda: not server.open)


async def test_a_question_that_met_the_end_of_its_connection_is_asked_again() -> None:
    async with tcp() as (server, asker):
        await asker.answer()
        first = server.connections[0]
        server.on_query = lambda connection, query: (
            closing(connection, query) if connection is first else answering(connection, query)
        )
        await asker.answer("again.example.org")
        assert len(server.connections) == 2


@pytest.mark.parametrize("step", [closing, closing_within])
async def test_a_server_that_closes_instead_of_an_answer(
    step: Callable[[Connection, bytes], None],
) -> None:
    async with tcp() as (server, asker):
        server.on_query = step
        failure = await asker.result()
        assert isinstance(failure, Failure)
        assert failure.what in (
            "closed the connection",
            "broke the connection (ConnectionResetError)",
        )
        assert failure.blame is Blame.SERVER
        assert len(server.connections) == 2
        at_once = asker.ask("other.example.org")
        assert at_once == failure


async def test_nobody_listens_any_more_and_then_somebody_does() -> None:
    async with tcp() as (server, asker):
        await asker.answer()
        server.stop()
        await until(lambda: not server.open)
        failure = await asker.result()
        assert failure == Failure(
            f"refused the connection ({server.host} port {server.port})", Blame.SERVER
        )


async def test_silence_is_told_by_the_deadline() -> None:
    async with tcp() as (server, asker):
        server.on_query = silent
        failure = await asker.result(limit_s=0.2)
        assert failure == Failure("gave no answer within 0.2 s", Blame.NAME)


async def test_a_handshake_that_never_ends_is_told_by_the_deadline(tmp_path: Path) -> None:
    async with (
        StreamServer().running() as server,  # which never speaks TLS
        asking(server, "tls", write_authority(tmp_path)) as asker,
    ):
        failure = await asker.result(limit_s=0.2)
        assert failure == Failure("could not be connected to in time", Blame.SERVER)


async def test_a_certificate_for_another_name_is_told(tmp_path: Path) -> None:
    context = server_context(leaf("other.example.org"))
    async with (
        StreamServer().running(context) as server,
        asking(server, "tls", write_authority(tmp_path)) as asker,
    ):
        failure = await asker.result()
        assert failure == Failure(
            f"has no certificate for {NAME}, but one for other.example.org", Blame.SERVER
        )
        assert server.queries == 0


async def test_broken_and_foreign_answers() -> None:
    async with tcp() as (server, asker):
        server.on_query = lambda connection, query: connection.send(query[:2] + b"\x80\0\xff\xff")
        failure = await asker.result("broken.example.org")
        assert isinstance(failure, Failure)
        assert failure.blame is Blame.NAME

        def foreign(connection: Connection, query: bytes) -> None:
            other = dnslib.DNSRecord.question("other.example.org")
            other.header.id = int.from_bytes(query[:2], "big")
            connection.send(reply_to(bytes(other.pack())))

        server.on_query = foreign
        failure = await asker.result("foreign.example.org")
        assert isinstance(failure, Failure)
        assert failure.what == "sent something that is no answer to the question"

        server.on_query = lambda connection, query: connection.send(reply_to(query)[:-3])
        failure = await asker.result("cut.example.org")
        assert isinstance(failure, Failure)
        assert failure.what.startswith("sent a malformed answer (")
        assert len(server.connections) == 1


async def test_a_server_that_answers_what_was_not_asked_loses_its_connection() -> None:
    async with tcp() as (server, asker):

        def babbling(connection: Connection, query: bytes) -> None:
            other = (int.from_bytes(query[:2], "big") ^ 0x5555).to_bytes(2, "big")
            for _ in range(100):
                connection.send(other + reply_to(query)[2:])

        server.on_query = babbling
        failure = await asker.result()
        assert failure == Failure("answered questions that were not asked", Blame.SERVER)


async def test_a_server_without_edns_is_asked_without() -> None:
    async with tcp() as (server, asker):

        def without_edns(connection: Connection, query: bytes) -> None:
            known = not dnslib.DNSRecord.parse(query).ar
            connection.send(reply_to(query) if known else reply_to(query, "FORMERR"))

        server.on_query = without_edns
        await asker.answer("a.example.org")
        await asker.answer("b.example.org")
        assert server.queries == 3  # it is remembered


async def test_a_thousand_questions_on_a_connection_that_dies() -> None:
    """Each is told one thing, and before its deadline, however many connections end."""
    async with tcp() as (server, asker):

        def dying(connection: Connection, query: bytes) -> None:
            if connection.is_over or connection is not server.connections[0]:
                return answering(connection, query)
            if len(connection.queries) == 1000:
                for one in connection.queries[:300]:
                    connection.send(reply_to(one))
                connection.close()
            return None

        server.on_query = dying
        for name in names(1000):
            assert not isinstance(asker.ask(name), Failure)
        assert asker.ask("more.example.org") == Failure(
            "has 1000 questions of ours already", Blame.NOBODY
        )
        del asker.told["more.example.org"]
        await asker.all_told()
        assert Counter(type(told[0]) for told in asker.told.values()) == {LinkAnswer: 1000}
        assert {len(told) for told in asker.told.values()} == {1}


async def test_a_thousand_questions_on_connections_that_all_die() -> None:
    async with tcp() as (server, asker):
        server.on_query = lambda connection, _: (
            connection.abort() if len(connection.queries) == 1000 else None
        )
        for name in names(1000):
            asker.ask(name)
        await asker.all_told()
        assert Counter(type(told[0]) for told in asker.told.values()) == {Failure: 1000}
        assert {len(told) for told in asker.told.values()} == {1}


async def test_cancelled_questions_are_told_nothing_and_their_answers_are_no_strays() -> None:
    async with tcp() as (server, asker):
        late: list[tuple[Connection, bytes]] = []
        server.on_query = lambda connection, query: late.append((connection, query))
        cancels = [asker.ask(name) for name in names(200)]
        await until(lambda: len(late) == 200)
        for cancel in cancels:
            assert callable(cancel)
            cancel()
            cancel()
        for connection, query in late:
            connection.send(reply_to(query))
        server.on_query = answering
        told, asker.told = asker.told, {}
        await asker.answer("after.example.org")
        assert len(server.connections) == 1
        assert not any(told.values())


async def test_a_slow_answer_holds_up_nobody() -> None:
    """A server that answers one after the other: what is asked behind a slow one goes elsewhere."""
    async with tcp() as (server, asker):
        await asker.answer("warm.example.org")
        stuck = server.connections[0]

        def in_order(connection: Connection, query: bytes) -> None:
            if connection is not stuck:
                answering(connection, query)

        server.on_query = in_order
        asker.ask("slow.example.org")
        loop = asyncio.get_running_loop()
        began = loop.time()
        await until(lambda: loop.time() - began > 0.4)
        asker.ask("next.example.org")
        await until(lambda: asker.told["next.example.org"])
        assert not asker.told["slow.example.org"]
        assert len(server.connections) == 2
        await asker.all_told()  # as it is asked again, too, when nothing is heard for long
        assert isinstance(asker.told["slow.example.org"][0], LinkAnswer)


async def test_a_connection_that_died_unseen_costs_little() -> None:
    async with tcp() as (server, asker):
        await asker.answer("warm.example.org")
        dead = server.connections[0]

        def but_dead(connection: Connection, query: bytes) -> None:
            if connection is not dead:
                answering(connection, query)

        server.on_query = but_dead
        answer = await asker.answer("after-sleep.example.org")
        assert answer.reply.answer[0].rdata == bytes([192, 0, 2, 1])
        await until(lambda: dead.is_over)


async def test_renewing_drops_what_is_connected_and_asks_again() -> None:
    async with tcp() as (server, asker):
        await asker.answer("warm.example.org")
        server.on_query = silent
        asker.ask("underway.example.org")
        await until(lambda: server.queries == 2)
        server.on_query = answering
        asker.link.renew()
        await asker.all_told()
        assert isinstance(asker.told["underway.example.org"][0], LinkAnswer)
        await until(lambda: server.connections[0].is_over)
        assert len(server.connections) == 2
