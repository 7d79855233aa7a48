"""Run as a program in a network of its own, by test_network_watch: changes it, and prints what was
noticed, a line for each change. `ip` is iproute2's."""

from __future__ import annotations

import asyncio
import subprocess

from sinkhole.app.network_watch import NetworkWatch
from sinkhole.app.route_news import RouteNews

CHANGES = [
    "addr add 192.0.2.5/24 dev house",
    "route add default via 192.0.2.1 dev house",
    "route replace default via 192.0.2.1 dev house",
    "route replace default via 192.0.2.2 dev house",
    "route add 198.51.100.0/24 via 192.0.2.1 dev house",
    "addr add 2001:db8::5/64 dev house nodad",
    "-6 route add default via 2001:db8::1 dev house",
    "addr del 2001:db8::5/64 dev house",
    "link set house down",
]
MARK, MARK_BYTES = "203.0.113.9/32 dev lo", bytes((203, 0, 113, 9))
"""An address that comes and goes behind each change: it is noticed in any case."""


def ip(command: str) -> None:
    subprocess.run(["ip", *command.split()], check=True)


class Recorded(RouteNews):
    """Reads as it does, and knows when the mark has come by."""

    def __init__(self) -> None:
        super().__init__()
        self.mattered = False
        self.marked = asyncio.Event()

    def take(self, datagram: bytes) -> bool:
        """As it does."""
        matters = super().take(datagram)
        if MARK_BYTES not in datagram:
            self.mattered |= matters
        elif matters:
            self.marked.set()
        return matters


async def main() -> None:
    for command in (
        "link set lo up",
        "link add house type veth peer name other",
        "link set other up",
        "link set house up",
    ):
        ip(command)
    told = asyncio.Event()
    watch = NetworkWatch(told.set)
    news = watch._news = Recorded()
    watch.start()
    for change in CHANGES:
        news.mattered = False
        news.marked.clear()
        ip(change)
        ip(f"addr add {MARK}")
        ip(f"addr del {MARK}")
        await news.marked.wait()
        print("yes" if news.mattered else "no", change)
    await told.wait()
    watch.close()


if __name__ == "__main__":
    asyncio.run(main())
