"""Datagrams to real sockets: one for each query, over UDP and to a path."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from sinkhole.control.settings.targets import Target
from sinkhole.control.shipping import datagrams
from sinkhole.control.shipping.carrier import NotSentError
from sinkhole.control.shipping.datagrams import Datagrams


def listening(where: str | tuple[str, int]) -> socket.socket:
    family = socket.AF_UNIX if isinstance(where, str) else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.bind(where)
    sock.setblocking(False)
    return sock


@pytest.fixture
def udp() -> Iterator[socket.socket]:
    with listening(("127.0.0.1", 0)) as sock:
        yield sock


def target_of(sock: socket.socket) -> Target:
    name = sock.getsockname()
    return Target("unix", path=name) if isinstance(name, str) else Target("udp", "", *name)


async def received(sock: socket.socket, count: int) -> list[bytes]:
    loop = asyncio.get_running_loop()
    return [await loop.sock_recv(sock, 65_536) for _ in range(count)]


async def test_each_is_a_datagram(udp: socket.socket) -> None:
    carrier, items = Datagrams(target_of(udp)), [f"{n}".encode() for n in range(40)]
    await carrier.send(items)
    assert await received(udp, 40) == items
    await carrier.close()
    await carrier.send([b"again"])
    assert await received(udp, 1) == [b"again"]
    await carrier.close()


async def test_a_name_is_looked_up(udp: socket.socket) -> None:
    carrier = Datagrams(Target("udp", "", "localhost", target_of(udp).port))
    try:
        await carrier.send([b"one"])
        assert await received(udp, 1) == [b"one"]
    except NotSentError:
        pytest.skip("localhost is ::1 alone here")
    finally:
        await carrier.close()


async def test_a_socket_that_is_not_there_is_told_and_comes_back(tmp_path: Path) -> None:
    path = str(tmp_path / "log")
    carrier = Datagrams(Target("unix", path=path))
    with pytest.raises(NotSentError, match="no such file") as error:
        await carrier.send([b"one"])
    assert (error.value.sent, error.value.lost) == (0, 0)
    with listening(path) as sock:
        await carrier.send([b"one"])
        assert await received(sock, 1) == [b"one"]
    with pytest.raises(NotSentError, match="refused"):
        await carrier.send([b"two"])
    await carrier.close()


async def test_a_full_queue_holds_up_nobody_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datagrams, "PATIENCE_S", 0.1)
    items = [f"{n} {'x' * 1000}".encode() for n in range(2000)]
    with listening(str(tmp_path / "log")) as sock:
        carrier = Datagrams(target_of(sock))
        with pytest.raises(NotSentError, match="no answer in time") as error:
            await carrier.send(items)
        sent = error.value.sent
        assert 0 < sent < 2000 and error.value.lost == 0
        assert await received(sock, sent) == items[:sent]
        await carrier.close()


async def test_one_that_fits_into_no_datagram_is_lost_and_the_others_are_not(
    udp: socket.socket,
) -> None:
    carrier = Datagrams(target_of(udp))
    with pytest.raises(NotSentError, match="too long") as error:
        await carrier.send([b"one", b"x" * 70_000, b"three"])
    assert (error.value.sent, error.value.lost) == (1, 1)
    await carrier.send([b"three"])
    assert await received(udp, 2) == [b"one", b"three"]
    await carrier.close()
