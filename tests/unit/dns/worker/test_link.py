"""Messages arrive whole, in order, and nobody waits for the other end."""

from __future__ import annotations

import asyncio
import socket

import pytest

from sinkhole.dns.worker.link import Kind, Link


class End:
    """One end of a link, and what it was told."""

    def __init__(self, sock: socket.socket) -> None:
        self.told: list[tuple[Kind, bytes]] = []
        self.has_ended = False
        self._changed = asyncio.Event()
        self.link = Link(sock, self._take, self._end)

    def _take(self, kind: Kind, payload: bytes) -> None:
        self.told.append((kind, payload))
        self._changed.set()

    def _end(self) -> None:
        self.has_ended = True
        self._changed.set()

    async def until(self, count: int) -> None:
        while len(self.told) < count and not self.has_ended:
            self._changed.clear()
            await self._changed.wait()


@pytest.fixture
def sockets() -> tuple[socket.socket, socket.socket]:
    return socket.socketpair()


async def test_messages_arrive_in_order_whatever_their_size(
    sockets: tuple[socket.socket, socket.socket],
) -> None:
    one, two = map(End, sockets)
    one.link.start()
    two.link.start()
    sent = [(Kind.POLICY, bytes(size)) for size in (0, 1, 3_000_000, 5, 70_000)]
    for kind, payload in sent:
        one.link.send(kind, payload)
    assert one.link.waiting
    await two.until(len(sent))
    assert two.told == sent
    two.link.send(Kind.READY)
    await one.until(1)
    assert one.told == [(Kind.READY, b"")]
    assert not one.link.waiting
    one.link.close()
    await two.until(99)
    assert two.has_ended and not one.has_ended
    two.link.send(Kind.READY)  # to nobody


async def test_who_has_sent_much_is_told_when_there_is_room(
    sockets: tuple[socket.socket, socket.socket],
) -> None:
    one, two = map(End, sockets)
    one.link.start()
    has_room = asyncio.Event()
    one.link.on_room = has_room.set
    one.link.send(Kind.RECORDS, bytes(10_000_000))
    assert not has_room.is_set()
    two.link.start()
    await has_room.wait()
    assert one.link.waiting == 0
    one.link.close()
    two.link.close()


@pytest.mark.parametrize("said", [b"\0\0\0\0\x01", b"\xff\xff\xff\xff\x01", b"\1\0\0\0\xfe"])
async def test_who_says_what_is_no_message_is_left(
    said: bytes, sockets: tuple[socket.socket, socket.socket]
) -> None:
    end = End(sockets[0])
    end.link.start()
    sockets[1].sendall(said)
    await end.until(1)
    assert end.has_ended and not end.told
    sockets[1].close()


async def test_a_message_in_crumbs_is_one(sockets: tuple[socket.socket, socket.socket]) -> None:
    end = End(sockets[0])
    end.link.start()
    for byte in b"\4\0\0\0\x22abc\1\0\0\0\x20":
        sockets[1].send(bytes((byte,)))
        await asyncio.sleep(0)
    await end.until(2)
    assert end.told == [(Kind.RECORDS, b"abc"), (Kind.READY, b"")]
    end.link.close()
    sockets[1].close()
