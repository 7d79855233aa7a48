"""Asking a device itself for its name, by multicast DNS (RFC 6762).

From a port of our own, so that whoever answers sends it to us alone (§6.7): there is nothing to
listen to that others say, and port 5353 stays whose it is.
"""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import socket
import sys
from collections.abc import Callable
from struct import Struct
from typing import Final, NamedTuple

from sinkhole.control.devices.asked_names import reverse_name
from sinkhole.dns.wire.numbers import Type
from sinkhole.dns.wire.query import render_query
from sinkhole.dns.wire.question import Question
from sinkhole.dns.wire.reply import Reply, answers_question, read_reply
from sinkhole.model.errors import WireError

log = logging.getLogger(__name__)

GROUP: Final = ("224.0.0.251", 5353)
"""Where devices listen, §3."""

WAIT_S: Final = 1.0
"""How long an answer may take. It is asked once more, as datagrams in the air get lost."""

TRIES: Final = 2

MOST_WAITING: Final = 16
"""Questions underway; beyond, nothing is asked."""

MOST_AT_ONCE: Final = 64
"""Datagrams read in one wake-up."""

_TTL: Final = 255
_DATAGRAM: Final = 9000
_MREQN: Final = Struct("=4s4si")
"""struct ip_mreqn: group, address, number of the interface."""


class _Waiting(NamedTuple):
    query: bytes
    packed: bytes
    told: asyncio.Future[Reply]


class Mdns:
    """Asks, by one socket that is opened for the first question, within the running loop.

    `interface` is the number of the interface that an address is at, 0 where nobody knows: then it
    is not asked. `is_same` tells whether two addresses are of one device: nobody answers for
    another. Where there is no multicast, nothing is said but once, in the log.
    """

    def __init__(
        self,
        interface: Callable[[bytes], int],
        is_same: Callable[[bytes, bytes], bool],
        *,
        group: tuple[str, int] = GROUP,
        wait_s: float = WAIT_S,
    ) -> None:
        self._interface = interface
        self._is_same = is_same
        self._group = group
        self._wait_s = wait_s
        self._socket: socket.socket | None = None
        self._waiting: dict[int, _Waiting] = {}
        self._deaf: set[int] = set()
        """Interfaces that take no multicast."""

    async def ask(self, packed: bytes) -> Reply | None:
        """What a device says of its name; None if it says nothing."""
        interface = self._interface(packed)
        if not interface or interface in self._deaf or len(self._waiting) >= MOST_WAITING:
            return None
        ident = self._free_id()
        query = render_query(Question(reverse_name(packed), Type.PTR), ident, edns=False)
        query = query[:2] + b"\0\0" + query[4:]  # no recursion is asked for (§18.6)
        told: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[ident] = _Waiting(query, packed, told)
        try:
            for _ in range(TRIES):
                await asyncio.sleep(random.uniform(0.02, 0.12))  # not all at once (§5.2)
                if not self._send(query, interface):
                    return None
                done, _ = await asyncio.wait([told], timeout=self._wait_s)
                if done:
                    return told.result()
            return None
        finally:
            del self._waiting[ident]

    def close(self) -> None:
        """Ask no more; who waits is told nothing."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    def _free_id(self) -> int:
        while (ident := secrets.randbelow(0x10000)) in self._waiting:
            continue
        return ident

    def _send(self, query: bytes, interface: int) -> bool:
        try:
            if self._socket is None:
                self._socket = _opened()
                asyncio.get_running_loop().add_reader(self._socket, self._on_datagrams)
            if sys.platform == "linux":
                where = _MREQN.pack(bytes(4), bytes(4), interface)
                self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, where)
            self._socket.sendto(query, self._group)
        except BlockingIOError:  # it is lost, as any datagram may be
            return True
        except OSError as error:
            self._deaf.add(interface)
            log.info("devices are not asked for their names there (%s)", error.strerror)
            return False
        return True

    def _on_datagrams(self) -> None:
        for _ in range(MOST_AT_ONCE):
            if self._socket is None:
                return
            try:
                data, (host, _) = self._socket.recvfrom(_DATAGRAM)
            except OSError:  # there is none, or it was refused
                return
            self._take(data, socket.inet_aton(host))

    def _take(self, data: bytes, sender: bytes) -> None:
        """An answer to what was asked, by the device that was asked; all else is dropped."""
        asked = self._waiting.get(int.from_bytes(data[:2], "big"))
        if asked is None or asked.told.done() or not answers_question(data, asked.query):
            return
        if sender != asked.packed and not self._is_same(sender, asked.packed):
            return
        try:
            asked.told.set_result(read_reply(data))
        except WireError:
            log.debug("a device said something that is no DNS")


def _opened() -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, _TTL)
        sock.bind(("", 0))
    except OSError:
        sock.close()
        raise
    return sock
