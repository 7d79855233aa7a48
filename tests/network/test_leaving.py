"""A server that is told to stop goes on answering for a while, and says that others are to be
asked."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from house import answers, get_text, until
from program import Program

ADS: Final[dict[str, Any]] = {"filtering__rules": ["||ads.example^"]}
LONG: Final = {**ADS, "dns__drain": "10m"}


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(tmp_path / "notify"))
        sock.setblocking(False)
        yield sock


def told(manager: socket.socket) -> list[str]:
    """All lines that have come."""
    found = []
    while True:
        try:
            found += manager.recv(4096).decode().split("\n")
        except BlockingIOError:
            return found


async def leaves(program: Program) -> None:
    """Wait until it says that it stops."""

    async def is_told() -> bool:
        return "the server is about to stop" in (await get_text(program.url, "/readyz"))[1]

    await until(is_told, "that it is about to stop")


@pytest.mark.parametrize("workers", [1, 2])
async def test_it_answers_until_it_is_told_a_second_time(program: Program, workers: int) -> None:
    async with program.running(dns__workers=workers, **LONG):
        await program.loaded()
        program.send(signal.SIGTERM)
        await leaves(program)
        assert (await get_text(program.url, "/readyz"))[0] == 503
        assert await answers(program.dns[0], "ads.example") == ["0.0.0.0"]
        program.send(signal.SIGUSR2)  # it does not begin anew any more
        await until(lambda: "not restarted" in program.err, "that it says so")
        assert await answers(program.dns[0], "ads.example") == ["0.0.0.0"]
        assert await program.stop() == 0
        assert "Traceback" not in program.err


async def test_it_stops_when_the_time_is_over(program: Program, manager: socket.socket) -> None:
    program.environ = {"NOTIFY_SOCKET": manager.getsockname()}
    async with program.running(dns__drain="1s", **ADS):
        assert await program.stop() == 0
        assert "DNS is answered for 1s more" in program.err
    lines = told(manager)
    assert "EXTEND_TIMEOUT_USEC=11000000" in lines
    assert lines.count("STOPPING=1") == 2


async def test_at_the_keyboard_it_stops_at_once(program: Program) -> None:
    async with program.running(**LONG):
        assert await program.stop(signal.SIGINT) == 0
        assert "more, see dns.drain" not in program.err


async def test_it_is_drained_by_a_command_until_the_next_start(program: Program) -> None:
    async with program.running(**ADS):
        await program.loaded()
        assert (await get_text(program.url, "/readyz"))[0] == 200
        done = await program.command("drain")
        assert (done.code, done.err) == (0, "")
        assert done.out.startswith("Drained: /readyz says so")
        status, text = await get_text(program.url, "/readyz")
        assert status == 503 and text.startswith("the server is drained, by ")
        assert await answers(program.dns[0], "ads.example") == ["0.0.0.0"]
        shown = await program.command("status")
        assert "the server is drained, by" in shown.out
        assert "`sinkhole drain --off`" in shown.out
        assert (await program.command("drain", "--off")).out == "No longer drained.\n"
        assert (await get_text(program.url, "/readyz"))[0] == 200
        assert json.loads((await program.command("drain", "--json")).out)["drained"]
        assert await program.stop() == 0
        await program.start()
        await program.loaded()
        assert (await get_text(program.url, "/readyz"))[0] == 200
        assert await program.stop() == 0
    alone = await program.command("drain")
    assert (alone.code, alone.out) == (1, "")
    assert "needs the running server" in alone.err
