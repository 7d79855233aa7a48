"""Run as a program in a network of its own, by test_devices_in_a_network: a device in another one
comes, gets addresses and changes; what is known of it then is printed, a line for each scene. `ip`
is iproute2's, `nsenter` and `unshare` are util-linux's."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path

from sinkhole.control.devices.book import Asked
from sinkhole.control.devices.devices import Devices
from sinkhole.control.devices.house_addresses import gateways
from sinkhole.control.devices.neighbours import Neighbour, Neighbours
from sinkhole.control.settings import Settings

FIRST, SECOND = "02:00:00:00:00:07", "02:00:00:00:00:08"
V4, V6, ULA, TEMPORARY = "192.0.2.7", "2001:db8::7", "fd00::7", "2001:db8::dead:beef"
MANY = 900
SEND = (
    "import socket, sys; s = socket.socket(int(sys.argv[1]), 2); s.bind((sys.argv[2], 0));"
    "s.sendto(b'', (sys.argv[3], 9))"
)
"""A datagram from an address: the kernel looks for us first, as before any query."""


def ip(command: str) -> None:
    subprocess.run(["ip", *command.split()], check=True)


class Device:
    """A machine at the other end of a cable."""

    def __init__(self, pid: int) -> None:
        self.inside = ["nsenter", "--target", str(pid), "--net"]

    def ip(self, command: str) -> None:
        subprocess.run([*self.inside, "ip", *command.split()], check=True)

    def speak(self, *addresses: str) -> None:
        for address in addresses:
            v4 = ip_address(address).version == 4
            to = "192.0.2.1" if v4 else "fd00::1" if address.startswith("fd") else "2001:db8::1"
            family = "2" if v4 else "10"
            subprocess.run(
                [*self.inside, sys.executable, "-c", SEND, family, address, to], check=True
            )


@contextmanager
def plugged_in() -> Iterator[Device]:
    """A cable between us and a device without addresses."""
    holding = subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE)
    own = Path("/proc/self/ns/net").readlink()
    while Path(f"/proc/{holding.pid}/ns/net").readlink() == own:
        time.sleep(0.01)
    device = Device(holding.pid)
    try:
        ip("link set lo up")
        ip("link add house type veth peer name wire")
        ip(f"link set wire netns {holding.pid}")
        for address in ("192.0.2.1/24", "2001:db8::1/64 nodad", "fd00::1/64 nodad"):
            ip(f"addr add {address} dev house")
        ip("link set house up")
        device.ip(f"link set wire address {FIRST}")
        yield device
    finally:
        holding.communicate()


def arrive(device: Device) -> None:
    device.ip("link set wire up")
    for address in (f"{V4}/24", f"{V6}/64 nodad", f"{ULA}/64 nodad"):
        device.ip(f"addr add {address} dev wire")


def tell(scene: str, devices: Devices) -> None:
    """What is known of the addresses now, and of the devices in the book."""
    known = {
        address: devices.facts.device_of(ip_address(address).packed)
        for address in (V4, V6, ULA, TEMPORARY)
    }
    book = {each.key: [each.queries, sorted(each.addresses)] for each in devices.book}
    print(json.dumps([scene, known, book]), flush=True)


async def until(holds: Callable[[], bool]) -> None:
    while not holds():
        await asyncio.sleep(0.01)


async def scenes(devices: Devices, device: Device) -> None:
    def is_at(address: str, mac: str) -> Callable[[], bool]:
        return lambda: devices.facts.device_of(ip_address(address).packed) == mac

    def ask(*addresses: str) -> None:
        devices.note(Asked(address, 1, 1_800_000_000.0) for address in addresses)

    tell("nobody", devices)
    arrive(device)
    device.speak(V4, V6, ULA)
    ask(V6)  # before we have heard of it, as it may be
    for address in (V4, V6, ULA):
        await until(is_at(address, FIRST))
    ask(V4, ULA)
    tell("three addresses", devices)
    device.ip(f"addr add {TEMPORARY}/64 dev wire nodad")
    device.speak(TEMPORARY)
    await until(is_at(TEMPORARY, FIRST))
    ask(TEMPORARY)
    tell("a temporary address", devices)
    device.ip("link set wire down")
    device.ip(f"link set wire address {SECOND}")
    device.ip("link set wire up")
    device.speak(V4)
    await until(is_at(V4, SECOND))
    ask(V4)
    tell("the address of another", devices)


def many_come() -> None:
    batch = "".join(
        f"neigh replace 10.0.{n >> 8}.{n & 255} lladdr {SECOND} dev house nud permanent\n"
        for n in range(MANY)
    )
    subprocess.run(["ip", "-batch", "-"], input=batch.encode(), check=True)


async def flood() -> None:
    """More news than a socket holds while nobody reads: it is made good for by asking again."""
    met: set[bytes] = set()

    def note(neighbour: Neighbour) -> None:
        met.add(neighbour.address)

    def are_met() -> int:
        return sum(each.startswith(b"\x0a") for each in met)

    neighbours = Neighbours(note)
    neighbours.start()
    await asyncio.sleep(0)
    many_come()
    while neighbours._timer is None:
        await asyncio.sleep(0)
    missed = MANY - are_met()
    await until(lambda: are_met() == MANY)
    neighbours.close()
    print(json.dumps(["flood", missed > 0, are_met()]), flush=True)


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder, plugged_in() as device:
        off = {"hosts_file": False, "leases": False, "reverse": False, "mdns": False}
        settings = Settings.model_validate({"data_dir": folder, "devices": off})
        devices = Devices(settings, ask=lambda *_: asyncio.sleep(0, None))
        await devices.start()
        await scenes(devices, device)
        await devices.close()
        await flood()
        ip("route add default via 192.0.2.254 metric 7")
        ip("-6 route add default via fe80::1 dev house")
        print(json.dumps(["routers", [str(each) for each in gateways()]]), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
