"""One exchange over TCP, against the fake upstream."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from fake_upstream import (
    FakeUpstream,
    Raw,
    Step,
    answered,
    garbage,
    hangs_up,
    several,
    silent,
    wrong_id,
    wrong_question,
)

from sinkhole.dns.upstream.links.tcp import exchange_by_tcp
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.query import render_query
from sinkhole.dns.wire.question import Question
from sinkhole.dns.wire.reply import read_reply
from sinkhole.model.errors import UpstreamError

QUERY = render_query(Question(from_text("example.org"), 1), 4711)


@pytest.fixture
async def upstream() -> AsyncIterator[FakeUpstream]:
    async with FakeUpstream() as fake:
        fake.answer("example.org", "A", ["192.0.2.1"])
        yield fake


async def exchange(upstream: FakeUpstream) -> bytes:
    return await exchange_by_tcp(upstream.host, upstream.port, QUERY)


async def test_an_answer_comes_back_whole(upstream: FakeUpstream) -> None:
    reply = read_reply(await exchange(upstream))
    assert [record.rdata for record in reply.answer] == [b"\xc0\x00\x02\x01"]
    [asked] = upstream.queries
    assert (asked.tcp, asked.id) == (True, 4711)


async def test_an_answer_of_any_size_is_read(upstream: FakeUpstream) -> None:
    texts = [f'"{number:03d}{"x" * 240}"' for number in range(200)]
    upstream.answer("example.org", "TXT", texts)
    query = render_query(Question(from_text("example.org"), 16), 1)
    wire = await exchange_by_tcp(upstream.host, upstream.port, query)
    assert len(read_reply(wire).answer) == 200
    assert len(wire) > 40_000


async def test_what_answers_something_else_is_skipped(upstream: FakeUpstream) -> None:
    upstream.script(several(wrong_id, wrong_question, answered))
    assert read_reply(await exchange(upstream)).answer


async def test_a_server_that_only_answers_something_else_is_an_error(
    upstream: FakeUpstream,
) -> None:
    upstream.script(several(wrong_id, wrong_question, garbage, answered))
    with pytest.raises(UpstreamError, match="other questions than ours over TCP"):
        await exchange(upstream)


async def test_a_connection_closed_half_way_is_an_error(upstream: FakeUpstream) -> None:
    upstream.script(hangs_up)
    with pytest.raises(UpstreamError, match="closed the TCP connection before its answer"):
        await exchange(upstream)


async def test_nobody_listening_is_an_error(upstream: FakeUpstream) -> None:
    await upstream.close()
    with pytest.raises(UpstreamError, match="could not be asked over TCP"):
        await exchange(upstream)


@pytest.mark.parametrize("step", [silent, lambda asked: [Raw(b"\xff\xffnot so much")]])
async def test_a_cancelled_exchange_closes_its_connection(
    upstream: FakeUpstream, step: Step
) -> None:
    upstream.script(step)
    task = asyncio.get_running_loop().create_task(exchange(upstream))
    await upstream.seen(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await upstream.left(1)
