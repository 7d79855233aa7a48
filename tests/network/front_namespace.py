"""Run as a program in a network of its own, by test_front_of_many: two sinkhole boxes behind what
packaging/front has, and a client that asks all the time while one of them goes and comes back. A
line for each thing that happens: what, and by IPv4 and IPv6 how many questions it asked, how many
of them were lost, and how many seconds it heard nothing at most.

    sudo unshare --net --pid --fork --mount-proc --kill-child \
        .venv/bin/python tests/network/front_namespace.py vrrp 32 drained back killed
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, ClassVar, Final

import dnslib
from front_client import Client
from front_net import FRONT, WHO, Box, Machine, ip

Act = Callable[[], object]


class Front:
    """Two boxes, and the address in front of them."""

    shares = True
    """Whether both answer, else the second only while the first is away."""
    address, address_v6 = "192.0.2.53", "2001:db8::53"
    dns: ClassVar[dict[str, Any]] = {}

    def __init__(self, folder: str, ending: ExitStack) -> None:
        self.folder = Path(folder)
        self._ending = ending
        self.middle = self.machine("middle")
        self.first, self.second = self.box("first", 11), self.box("second", 12)
        ip("link set lo up")
        self.build()

    def machine(self, name: str) -> Machine:
        made = Machine(name, self.folder)
        self._ending.callback(made.close)
        return made

    def box(self, name: str, number: int) -> Box:
        made = Box(name, self.folder, f"192.0.2.{number}", **self.dns)
        self._ending.callback(made.close)
        return made

    def build(self) -> None:
        """Lay the network, and start everything."""
        raise NotImplementedError

    def bridge(self, *machines: Machine) -> None:
        """A bridge in the middle with us at .100 and these from .11 on."""
        self.middle.ip("link add lan type bridge")
        self.middle.ip("link set lan up")
        self.middle.plug("us", None, "eth0")
        self.middle.ip("link set us master lan")
        for address in ("192.0.2.100/24", "2001:db8::100/64 nodad"):
            ip(f"addr add {address} dev eth0")
        for number, machine in enumerate(machines, 11):
            machine.plug("eth0", self.middle, f"box{number}")
            self.middle.ip(f"link set box{number} master lan")
            machine.ip(f"addr add 192.0.2.{number}/24 dev eth0")
            machine.ip(f"addr add 2001:db8::{number}/64 dev eth0 nodad")

    @property
    def boxes(self) -> list[Box]:
        return [self.first, self.second]

    def drained(self) -> None:
        self.first.drain()

    def back(self) -> None:
        self.first.undrain()

    def stopped(self) -> None:
        self.first.sinkhole.terminate()

    def killed(self) -> None:
        self.first.sinkhole.kill()

    def again(self) -> None:
        self.first.serve()

    def cut(self) -> None:
        """The cable is in, and nothing passes any more."""
        self.middle.ip("link set box11 nomaster")

    def mended(self) -> None:
        self.middle.ip("link set box11 master lan")


class Vrrp(Front):
    """One bridge, and keepalived on both boxes."""

    shares = False

    def build(self) -> None:
        self.bridge(*self.boxes)
        for box, priority in ((self.first, 150), (self.second, 140)):
            box.serve()
            config = box.file("keepalived.conf", {"priority 150": f"priority {priority}"})
            box.start("keepalived", "--dont-fork", "--log-console", "--use-file", config)


class Anycast(Front):
    """A router between us and the boxes, and BIRD on all three."""

    address_v6 = "2001:db8:53::53"

    def box(self, name: str, number: int) -> Box:
        made = Box(name, self.folder, f"198.51.100.{number}")
        self._ending.callback(made.close)
        return made

    def build(self) -> None:
        self._route()
        for number, box in enumerate(self.boxes, 11):
            self._attach(box, number)
            box.serve()
            addresses = {"198.51.100.11": box.own, "2001:db8:1::11": f"2001:db8:1::{number}"}
            box.start("bird", "-f", "-c", box.file("bird.conf", addresses))
            box.start(FRONT / "announce")
        self.middle.start("bird", "-f", "-c", self.middle.file("router.conf", {}))

    def _route(self) -> None:
        router = self.middle
        for key in ("ip_forward", "fib_multipath_hash_policy"):
            router.set(f"ipv4.{key}", 1)
        for key in ("conf.all.forwarding", "fib_multipath_hash_policy"):
            router.set(f"ipv6.{key}", 1)
        router.plug("us", None, "eth0")
        router.ip("link add lan address 02:00:00:00:00:01 type bridge")
        router.ip("link set lan up")
        for device, network, network_v6 in (
            ("us", "192.0.2.1/27", "2001:db8::1/64"),
            ("lan", "198.51.100.1/24", "2001:db8:1::1/64"),
        ):
            router.ip(f"addr add {network} dev {device}")
            router.ip(f"addr add {network_v6} dev {device} nodad")
        ip("addr add 192.0.2.2/27 dev eth0")
        ip("addr add 2001:db8::2/64 dev eth0 nodad")
        ip("route add default via 192.0.2.1")
        ip("-6 route add default via 2001:db8::1")

    def _attach(self, box: Box, number: int) -> None:
        box.plug("eth0", self.middle, f"box{number}")
        self.middle.ip(f"link set box{number} master lan")
        box.ip(f"addr add {box.own}/24 dev eth0")
        box.ip(f"addr add 2001:db8:1::{number}/64 dev eth0 nodad")
        box.ip("route add default via 198.51.100.1")
        box.ip("-6 route add default via 2001:db8:1::1")
        box.ip(f"addr add {self.address}/32 dev lo")
        box.ip(f"addr add {self.address_v6}/128 dev lo")


class Dnsdist(Front):
    """One bridge, and a third machine that asks both boxes on behalf of clients."""

    address, address_v6 = "192.0.2.13", "2001:db8::13"
    dns: ClassVar = {"proxies": [address]}

    def build(self) -> None:
        self.front = self.machine("front")
        self.bridge(*self.boxes, self.front)
        for box in self.boxes:
            box.serve()
        config = self.front.file("dnsdist.conf", {})
        self.front.start("dnsdist", "--supervised", "--disable-syslog", "-C", config)

    def drained(self) -> None:
        assert self.front.run("touch", "/run/dnsdist/drain-first").returncode == 0

    def back(self) -> None:
        assert self.front.run("rm", "/run/dnsdist/drain-first").returncode == 0


FRONTS: Final[dict[str, type[Front]]] = {"vrrp": Vrrp, "anycast": Anycast, "dnsdist": Dnsdist}


async def play(front: Front, clients: list[Client], what: str) -> None:
    """Have something happen, wait until all is answered by whom it should be, and tell."""
    since = [client.mark() for client in clients]
    act: Act = getattr(front, what, lambda: None)
    await asyncio.to_thread(act)
    is_away = what in ("drained", "stopped", "killed", "cut")
    whole = front.boxes if front.shares else [front.first]
    whose = [box.own for box in ([front.second] if is_away else whole)]
    await asyncio.gather(*(client.answered_by(*whose) for client in clients))
    told = await asyncio.gather(*map(Client.told, clients, since))
    print(json.dumps([what, *told]), flush=True)


def by_tcp(address: str) -> str:
    """Who answers by TCP."""
    question = dnslib.DNSRecord.question(WHO)
    reply = dnslib.DNSRecord.parse(question.send(address, tcp=True, ipv6=":" in address))
    return str(reply.rr[0].rdata)


async def main(name: str, in_a_row: int, scenes: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as ending:
        front = FRONTS[name](folder, ending)
        addresses = front.address, front.address_v6
        async with Client(addresses[0], in_a_row) as by_v4, Client(addresses[1], in_a_row) as by_v6:
            await play(front, [by_v4, by_v6], "begun")
            for address in addresses:
                who = await asyncio.to_thread(by_tcp, address)
                assert who in [each.own for each in front.boxes]
            for scene in scenes:
                await play(front, [by_v4, by_v6], scene)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))
