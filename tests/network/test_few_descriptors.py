"""A server that may open 64 files and sockets: floods of connections cost connections only."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from fake_upstream import FakeUpstream, answered, silent
from house import (
    answers,
    ask,
    endpoint,
    get,
    get_text,
    list_file,
    list_server,
    post,
    rcode_of,
    until,
)
from program import Program

FEW = 64
LEFT = 4  # of them, for all that a server does besides being there
MANY = 100


@pytest.fixture
def program(tmp_path: Path) -> Program:
    found = Program(tmp_path)
    found.limits = f"-n {FEW}"
    return found


@asynccontextmanager
async def connections(where: str, count: int) -> AsyncIterator[list[socket.socket]]:
    """So many connections that stay open and say nothing, as far as they are taken."""
    found: list[socket.socket] = []
    loop = asyncio.get_running_loop()
    try:
        for _ in range(count):
            sock = socket.socket()
            sock.setblocking(False)
            found.append(sock)
            await loop.sock_connect(sock, endpoint(where))
        yield found
    finally:
        for sock in found:
            sock.close()


def page_of(program: Program) -> str:
    return program.url.removeprefix("http://")


async def is_well(program: Program) -> None:
    """Everything answers: UDP, TCP, an upstream's answer, the page."""
    (where,) = program.dns
    for tcp in (False, True):
        assert await answers(where, "ads.example", tcp=tcp) == ["0.0.0.0"]
        assert await answers(where, "example.org", tcp=tcp) == ["192.0.2.1"]
    assert (await get_text(program.url, "/healthz"))[0] == 200


async def test_floods_of_connections_leave_udp_the_log_the_lists_and_healthz_as_they_are(
    program: Program, tmp_path: Path
) -> None:
    async with FakeUpstream() as upstream, list_server("||fetched.example^") as lists:
        upstream.answer("example.org", "A", ["192.0.2.1"])
        both = [lists.item(), list_file(tmp_path / "a.txt", "||ads.example^")]
        async with program.running(upstream, filtering__lists=both):
            await program.loaded()
            (where,) = program.dns
            await is_well(program)
            async with connections(where, MANY), connections(page_of(program), MANY):
                assert await answers(where, "ads.example") == ["0.0.0.0"]
                assert await answers(where, "fetched.example") == ["0.0.0.0"]
                assert await answers(where, "example.org") == ["192.0.2.1"]
                assert (await get_text(program.url, "/healthz"))[0] == 200
                assert await answers(where, "ads.example", tcp=True) == ["0.0.0.0"]
                status = await get(program.url, "/api/status")
                assert any(f"only {FEW} files" in problem for problem in status["problems"])
                assert status["log"]["error"] is None
                lists.rules = ["||newer.example^"]
                updated, told = await post(program.url, "/api/lists/update")
                assert (updated, told["updated"]) == (200, 1)
                assert await answers(where, "newer.example") == ["0.0.0.0"]
            await is_well(program)
            assert await program.stop() == 0
        assert "Traceback" not in program.err


async def test_without_any_left_connections_are_shed_and_all_is_well_again_later(
    program: Program,
) -> None:
    """So few that what is kept back for the log and the lists is not there at all."""
    async with FakeUpstream() as upstream:
        upstream.answer("example.org", "A", ["192.0.2.1"])
        async with program.running(upstream, filtering__rules=["||ads.example^"]):
            await program.loaded()
            program.spare(LEFT)
            (where,) = program.dns
            async with connections(where, MANY), connections(page_of(program), MANY):
                assert await answers(where, "ads.example") == ["0.0.0.0"]
            await until(lambda: _is_told(program), "the page")
            await is_well(program)
            assert await program.stop() == 0
    assert "Traceback" not in program.err


async def _is_told(program: Program) -> bool:
    with suppress(Exception):
        return (await get_text(program.url, "/healthz"))[0] == 200
    return False


async def test_questions_beyond_the_sockets_there_are_fail_alone(program: Program) -> None:
    async with FakeUpstream() as upstream:
        upstream.always = silent
        changes: dict[str, Any] = {"upstream__timeout": "1s", "dns__rate_limit": 0}
        async with program.running(upstream, filtering__rules=["||ads.example^"], **changes):
            (where,) = program.dns
            asked = [
                asyncio.create_task(ask(where, f"n{number}.example.org")) for number in range(MANY)
            ]
            assert await answers(where, "ads.example") == ["0.0.0.0"]
            assert {rcode_of(reply) for reply in await asyncio.gather(*asked)} == {"SERVFAIL"}
            losses = (await get(program.url, "/api/status"))["losses"]
            assert losses["upstream_refused"] + losses["upstream_unsent"] > 0
            upstream.always = answered
            upstream.answer("example.org", "A", ["192.0.2.1"])

            async def answers_again() -> bool:
                return await answers(where, "example.org") == ["192.0.2.1"]

            await until(answers_again, "the upstream's answers")
            assert await program.stop() == 0
    assert "Traceback" not in program.err
