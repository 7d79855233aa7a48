"""Where a test listens that needs its number twice: for both transports, or again after closing.

What the kernel gives for port 0 is safe only as long as it is held. A number that is let go, or
that is held by UDP and wanted for TCP as well, may belong to another test's socket or outgoing
connection a moment later. So such tests listen at an address of their own, on a port that no
kernel hands out.
"""

from __future__ import annotations

import errno
import random
import socket
from collections.abc import Iterable
from contextlib import ExitStack
from typing import Final, NamedTuple

PORTS: Final = range(20_000, 30_000)
"""Below the ports that kernels give away by themselves: from 32768 on Linux, 49152 elsewhere."""

WILDCARDS: Final = ("0.0.0.0", "::")

_DRAW: Final = random.SystemRandom()  # a test that seeds `random` would draw what another one did


class Place(NamedTuple):
    """Where to listen; as text "host:port"."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def nobodys_place() -> Place:
    """A place that no other test and no connection can be given, before, meanwhile or after.

    Sockets on their way out hold a port for all addresses until they are connected, so it is
    tried whether somebody does at this moment.
    """
    while True:
        host = f"127.{'.'.join(str(_DRAW.randint(1, 254)) for _ in range(3))}"
        place = Place(host, _DRAW.choice(PORTS))
        if _is_free([host], place.port):
            return place


def nobodys_port() -> int:
    """A port that nobody holds at any address of this machine, for listening at all of them."""
    while True:
        port = _DRAW.choice(PORTS)
        if _is_free(WILDCARDS, port):
            return port


def _is_free(hosts: Iterable[str], port: int) -> bool:
    with ExitStack() as held:
        for host in hosts:
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                family = socket.AF_INET6 if ":" in host else socket.AF_INET
                try:
                    sock = held.enter_context(socket.socket(family, kind))
                    if family == socket.AF_INET6:
                        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                    sock.bind((host, port))
                except OSError as error:
                    if error.errno == errno.EADDRINUSE:
                        return False
        return True
