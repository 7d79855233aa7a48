"""What the service manager is told, over a real socket."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from sinkhole.app.service_manager import ServiceManager


@pytest.fixture
def heard(tmp_path: Path) -> Iterator[socket.socket]:
    """The manager's end."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(tmp_path / "notify"))
        sock.settimeout(20)
        yield sock


def environ(heard: socket.socket, **more: str) -> dict[str, str]:
    return {"NOTIFY_SOCKET": heard.getsockname(), **more}


def lines(heard: socket.socket) -> list[str]:
    return heard.recv(4096).decode().split("\n")


def test_it_tells_what_becomes_of_the_service(heard: socket.socket) -> None:
    manager = ServiceManager(environ(heard))
    manager.ready("ok:\n1 name")
    assert lines(heard) == ["READY=1", "STATUS=ok: 1 name"]
    manager.reloading()
    reloading, at = lines(heard)
    assert reloading == "RELOADING=1"
    assert at.startswith("MONOTONIC_USEC=") and int(at.partition("=")[2]) > 0
    manager.show("degraded")
    assert lines(heard) == ["STATUS=degraded"]
    manager.leaving(2.5)
    assert lines(heard)[:2] == ["STOPPING=1", "EXTEND_TIMEOUT_USEC=12500000"]
    manager.stopping()
    assert lines(heard)[0] == "STOPPING=1"


def test_a_socket_without_a_file_is_reached_as_well() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(f"\0sinkhole-test-{os.getpid()}")
        ServiceManager({"NOTIFY_SOCKET": f"@sinkhole-test-{os.getpid()}"}).show("fine")
        assert sock.recv(100) == b"STATUS=fine"


@pytest.mark.parametrize("named", ["", "relative", "/nobody/listens/here", "vsock:2:1"])
async def test_where_nobody_listens_nothing_happens(named: str) -> None:
    manager = ServiceManager({"NOTIFY_SOCKET": named, "WATCHDOG_USEC": "nonsense"})
    manager.ready("ok")
    assert manager.watchdog_s == 0
    await manager.feed(lambda: True, lambda: "ok")  # ends, as there is no watchdog


async def test_the_watchdog_is_fed_as_long_as_dns_answers(heard: socket.socket) -> None:
    manager = ServiceManager(environ(heard, WATCHDOG_USEC="30000", WATCHDOG_PID=str(os.getpid())))
    assert manager.watchdog_s == 0.03
    told = [True, True, False, False, True]
    done = asyncio.Event()

    def answers() -> bool:
        if len(told) == 1:
            done.set()
        return told.pop(0) if told else False

    feeding = asyncio.create_task(manager.feed(answers, lambda: "ok"))
    await done.wait()
    feeding.cancel()
    assert [lines(heard) for _ in range(4)] == [
        ["WATCHDOG=1"],
        ["STATUS=ok"],
        ["WATCHDOG=1"],
        ["WATCHDOG=1"],
    ]


def test_the_watchdog_of_another_process_is_not_ours(heard: socket.socket) -> None:
    assert ServiceManager(environ(heard, WATCHDOG_USEC="1", WATCHDOG_PID="1")).watchdog_s == 0
