"""Asking a device itself, over real sockets: the group is one on this machine's loopback."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from ipaddress import ip_address

import dnslib
import pytest

from sinkhole.control.devices.asked_names import names_in
from sinkhole.control.devices.mdns import MOST_WAITING, Mdns

GROUP = "224.0.0.251"
HERE, OTHER = ip_address("127.0.0.1").packed, ip_address("127.0.0.7").packed
SOON_S = 0.7


class Device:
    """Listens to the group on loopback, and answers what it is told to."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("", 0))
        self.socket.setblocking(False)
        joined = socket.inet_aton(GROUP) + socket.inet_aton("127.0.0.1")
        self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, joined)
        self.port = self.socket.getsockname()[1]
        self.heard: list[dnslib.DNSRecord] = []
        self.name = "tablet.local"
        self.spoils = 0

    async def answer(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            data, sender = await loop.sock_recvfrom(self.socket, 9000)
            query = dnslib.DNSRecord.parse(data)
            self.heard.append(query)
            made = query.reply()
            made.add_answer(dnslib.RR(query.q.qname, 12, rdata=dnslib.PTR(self.name), ttl=10))
            packed = bytes(made.pack())
            if self.spoils:
                self.spoils -= 1
                wrong = bytes((packed[0] ^ 1,)) + packed[1:]
                for each in (b"", b"\0", packed[:20], wrong):
                    self.socket.sendto(each, sender)
                continue
            self.socket.sendto(packed, sender)


@pytest.fixture
def device() -> Iterator[Device]:
    try:
        made = Device()
        made.socket.setsockopt(
            socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1")
        )
        made.socket.sendto(b"", (GROUP, made.port))
    except OSError as error:
        pytest.skip(f"this machine has no multicast on loopback ({error.strerror})")
    yield made
    made.socket.close()


def asking(device: Device, *, is_same: bool = True) -> Mdns:
    """What is sent by loopback may come from any address of this machine: `is_same` whether it is
    taken for the one that was asked."""
    return Mdns(
        lambda packed: socket.if_nametoindex("lo"),
        lambda sender, packed: is_same,
        group=(GROUP, device.port),
        wait_s=SOON_S,
    )


async def asked(mdns: Mdns, device: Device, packed: bytes = HERE) -> tuple[str, ...]:
    device.socket.recv(100)  # what the fixture tried it with
    answering = asyncio.create_task(device.answer())
    try:
        reply = await mdns.ask(packed)
    finally:
        answering.cancel()
        mdns.close()
    return names_in(reply, packed) if reply is not None else ()


async def test_a_device_says_its_name(device: Device) -> None:
    assert await asked(asking(device), device) == ("tablet.local",)
    (query,) = device.heard
    assert str(query.q.qname) == "1.0.0.127.in-addr.arpa."
    assert (query.header.rd, query.q.qclass, len(query.ar)) == (0, 1, 0)


async def test_what_is_no_answer_is_passed_over_and_it_is_asked_once_more(device: Device) -> None:
    device.spoils = 1
    assert await asked(asking(device), device) == ("tablet.local",)
    assert len(device.heard) == 2


async def test_nobody_answers_for_another(device: Device) -> None:
    assert await asked(asking(device, is_same=False), device, OTHER) == ()
    assert len(device.heard) == 2


async def test_who_is_no_neighbour_is_not_asked() -> None:
    mdns = Mdns(lambda packed: 0, lambda one, other: False)
    assert await mdns.ask(HERE) is None
    assert mdns._socket is None


async def test_where_there_is_no_multicast_nobody_is_asked_twice() -> None:
    mdns = Mdns(lambda packed: 9_999_999, lambda one, other: False)
    assert await mdns.ask(HERE) is None
    assert mdns._deaf == {9_999_999}
    assert await mdns.ask(HERE) is None
    mdns.close()


async def test_no_more_are_asked_at_once_than_may_be(device: Device) -> None:
    mdns = asking(device)
    asking_all = [asyncio.create_task(mdns.ask(HERE)) for _ in range(MOST_WAITING + 1)]
    await asyncio.sleep(0)
    assert len(mdns._waiting) == MOST_WAITING
    for each in asking_all:
        each.cancel()
    await asyncio.gather(*asking_all, return_exceptions=True)
    assert mdns._waiting == {}
    mdns.close()
