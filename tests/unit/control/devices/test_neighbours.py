"""What of the kernel's news is a neighbour, and when its tables are asked for again."""

from __future__ import annotations

import asyncio
import errno
import socket
from ipaddress import ip_address
from struct import pack
from typing import Any

import pytest

from sinkhole.control.devices.neighbours import AGAIN_S, Neighbour, Neighbours, neighbour_in
from sinkhole.model import netlink
from sinkhole.model.netlink import DONE, ERROR, INTERRUPTED, Message, attribute, message

MAC = bytes.fromhex("020000000007")
REACHABLE, STALE, FAILED, NOARP, PERMANENT = 0x02, 0x04, 0x20, 0x40, 0x80


def news(
    address: str = "192.0.2.7",
    mac: bytes = MAC,
    *,
    kind: int = 28,
    state: int = REACHABLE,
    flags: int = 0,
    family: int = 0,
) -> Message:
    family = family or (socket.AF_INET6 if ":" in address else socket.AF_INET)
    said = attribute(1, ip_address(address).packed) + (attribute(2, mac) if mac else b"")
    return Message(kind, 0, pack("=BBHiHBB", family, 0, 0, 3, state, flags, 1) + said)


@pytest.mark.parametrize("state", [REACHABLE, STALE, PERMANENT])
@pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8::7", "fe80::7"])
def test_a_neighbour(address: str, state: int) -> None:
    found = neighbour_in(news(address, state=state))
    assert found == Neighbour(ip_address(address).packed, MAC, 3)


@pytest.mark.parametrize(
    "told",
    [
        news(kind=29),
        news(state=FAILED),
        news(state=NOARP),
        news(state=0x01),
        news(mac=b""),
        news(mac=bytes(6)),
        news(mac=bytes(8)),
        news(mac=bytes.fromhex("01005e0000fb")),
        news(mac=b"\xff" * 6),
        news(flags=0x08),
        news(family=7),
        news("2001:db8::7", family=socket.AF_INET),
        Message(28, 0, b"short"),
    ],
    ids=[
        *("gone", "not found", "needs no MAC", "looked for", "no MAC", "no MAC yet"),
        *("InfiniBand", "group", "broadcast", "proxy", "bridge", "wrong family", "cut"),
    ],
)
def test_what_is_none(told: Message) -> None:
    assert neighbour_in(told) is None


class Kernel:
    """A socket that says what it is given to say, and notes what it is asked."""

    def __init__(self) -> None:
        self.here, self.there = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.here.setblocking(False)
        self.asked = 0
        self.says: list[bytes | OSError] = []
        self.port = 0

    def fileno(self) -> int:
        return self.here.fileno()

    def sendto(self, data: bytes, to: tuple[int, int]) -> None:
        assert [each.kind for each in netlink.messages(data)] == [30]
        self.asked += 1

    def recvfrom(self, size: int) -> tuple[bytes, tuple[int, int]]:
        self.here.recv(1)
        said = self.says.pop(0)
        if isinstance(said, OSError):
            raise said
        return said, (self.port, 0)

    def close(self) -> None:
        self.here.close()
        self.there.close()

    async def say(self, *said: bytes | OSError) -> None:
        self.says += said
        for _ in said:
            self.there.send(b"!")
        while self.says:
            await asyncio.sleep(0)


DONE_NOW = message(DONE, 0, bytes(4))


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    made = Kernel()
    monkeypatch.setattr(netlink, "listening", lambda groups: made)
    return made


def sent(told: Message) -> bytes:
    return message(told.kind, told.flags, told.body)


async def test_all_there_is_and_what_comes(kernel: Kernel) -> None:
    met: list[Any] = []
    neighbours = Neighbours(met.append)
    neighbours.start()
    await kernel.say(sent(news()) + sent(news("fe80::7")), DONE_NOW, sent(news("192.0.2.8")))
    assert kernel.asked == 1
    assert len(met) == 3
    assert neighbours._timer is None
    neighbours.close()


@pytest.mark.parametrize(
    "said",
    [
        [DONE_NOW, OSError(errno.ENOBUFS, "")],
        [OSError(errno.ENOBUFS, "")],
        [message(28, INTERRUPTED, b""), DONE_NOW],
        [message(DONE, INTERRUPTED, bytes(4))],
        [message(ERROR, 0, pack("=i", -errno.EBUSY))],
    ],
    ids=["news lost", "the answer lost", "changed meanwhile", "changed at its end", "busy"],
)
async def test_what_was_missed_is_asked_for_again(
    kernel: Kernel, said: list[bytes | OSError]
) -> None:
    neighbours = Neighbours(lambda neighbour: None)
    neighbours.start()
    await kernel.say(*said)
    assert neighbours._timer is not None
    assert neighbours._pause_s == 2 * AGAIN_S
    neighbours._timer.cancel()
    neighbours._ask()
    assert kernel.asked == 2
    await kernel.say(DONE_NOW)
    assert (neighbours._timer, neighbours._pause_s) == (None, AGAIN_S)
    neighbours.close()


async def test_news_are_the_kernels_alone(kernel: Kernel) -> None:
    met: list[Any] = []
    neighbours = Neighbours(met.append)
    neighbours.start()
    kernel.port = 4711
    await kernel.say(sent(news()))
    assert met == []
    neighbours.close()


async def test_where_it_is_not_for_us_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(groups: int) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(netlink, "listening", refuse)
    neighbours = Neighbours(lambda neighbour: None)
    neighbours.start()
    assert "Operation not permitted" in neighbours.trouble
    neighbours.close()
