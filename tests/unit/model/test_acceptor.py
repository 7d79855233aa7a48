"""Connections are taken a few at a time, and turned away where descriptors have run out."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from places import Place, nobodys_place

from sinkhole.model import acceptor as subject
from sinkhole.model.acceptor import Acceptor
from sinkhole.model.faults import Faults


class Echo(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._transport.write(data)


class Listening:
    """A listening socket that fails with the errors of `failures` before it takes anything."""

    def __init__(self) -> None:
        self.place = nobodys_place()
        self.sock = socket.create_server(self.place, backlog=100)
        self.sock.setblocking(False)
        self.failures: list[int] = []

    def accept(self) -> tuple[socket.socket, Any]:
        if self.failures:
            raise OSError(self.failures.pop(0), "as arranged")
        return self.sock.accept()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.sock, name)


@asynccontextmanager
async def accepting(
    make: Callable[[], asyncio.Protocol] = Echo,
    make_room: Callable[[], object] = list,
    faults: Faults | None = None,
) -> AsyncIterator[tuple[Acceptor, Any]]:
    sock: Any = Listening()
    acceptor = Acceptor(sock, make, make_room, faults)
    try:
        yield acceptor, sock
    finally:
        await acceptor.close()


async def is_echoed(place: Place) -> bool:
    """False if the server ends the connection instead."""
    async with asyncio.timeout(20):
        reader, writer = await asyncio.open_connection(*place)
        try:
            writer.write(b"hello")
            return await reader.read(5) == b"hello"
        except ConnectionResetError:
            return False
        finally:
            writer.close()


async def test_a_bug_in_taking_one_is_counted_and_ends_that_one() -> None:
    fails, faults = [True], Faults()

    def make() -> asyncio.Protocol:
        if fails:
            raise ZeroDivisionError(fails.pop())
        return Echo()

    async with accepting(make, faults=faults) as (_, sock):
        assert not await is_echoed(sock.place)
        assert await is_echoed(sock.place)
    assert faults.count == 1


async def test_many_at_once_are_all_served() -> None:
    async with accepting() as (acceptor, sock):
        assert all(await asyncio.gather(*(is_echoed(sock.place) for _ in range(50))))
        assert acceptor.shed == 0


async def test_few_are_taken_before_somebody_can_count_them() -> None:
    taken, made, most = 0, 0, 0

    class Counted(Echo):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            nonlocal made
            made += 1
            super().connection_made(transport)

    async with accepting(Counted) as (_, sock):
        ordinary = sock.sock.accept

        def accept() -> tuple[socket.socket, Any]:
            nonlocal taken, most
            found: tuple[socket.socket, Any] = ordinary()
            taken += 1
            most = max(most, taken - made)
            return found

        sock.accept = accept
        assert all(await asyncio.gather(*(is_echoed(sock.place) for _ in range(50))))
    assert 1 <= most <= subject.AT_ONCE


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM])
async def test_without_descriptors_a_connection_is_ended_and_the_next_one_served(
    number: int, caplog: pytest.LogCaptureFixture
) -> None:
    rooms: list[None] = []
    async with accepting(make_room=lambda: rooms.append(None)) as (acceptor, sock):
        sock.failures = [number]
        assert not await is_echoed(sock.place)
        assert (acceptor.shed, len(rooms)) == (1, 1)
        assert await is_echoed(sock.place)
    assert "Traceback" not in caplog.text


async def test_without_even_a_reserve_it_rests_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "PAUSE_S", 0.01)

    def none_left(*_: object) -> int:
        raise OSError(errno.EMFILE, "as arranged")

    monkeypatch.setattr("sinkhole.model.acceptor.os.open", none_left)
    async with accepting() as (acceptor, sock):
        sock.failures = [errno.EMFILE] * 3
        assert await is_echoed(sock.place)
        assert acceptor.shed == 3


async def test_other_errors_are_told_and_nothing_spins(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(subject, "PAUSE_S", 0.01)
    async with accepting() as (acceptor, sock):
        sock.failures = [errno.ENETDOWN, errno.ECONNABORTED]
        assert await is_echoed(sock.place)
        assert acceptor.shed == 0
    assert caplog.text.count("taking a connection failed") == 1


async def test_after_closing_nobody_is_taken_and_closing_twice_is_fine() -> None:
    async with accepting() as (acceptor, sock):
        await acceptor.close()
    with pytest.raises(ConnectionRefusedError):
        await is_echoed(sock.place)
