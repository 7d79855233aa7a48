"""The kernel's neighbour tables: which MAC an address on our own networks has (rtnetlink, Linux).

Asked for as a whole once, and followed by what the kernel tells from then on; nothing is looked at
from time to time. A device that asks us has been in the table since it looked for us, mostly before
its first query is here. It takes no root.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Callable
from struct import Struct
from typing import Final, NamedTuple

from sinkhole.model import netlink

log = logging.getLogger(__name__)

MOST_AT_ONCE: Final = 64
"""Datagrams of the kernel read in one wake-up."""

AGAIN_S: Final = 1.0
LONGEST_PAUSE_S: Final = 300.0
"""The pause before the tables are asked for again, after something was missed: twice as long each
time it happens again, up to this."""

_GROUP: Final = 0x4
"""RTMGRP_NEIGH: news of neighbours, of either family."""
_NEW, _ASK = 28, 30
_HEAD: Final = Struct("=BBHiHBB")
"""struct ndmsg: family, padding, padding, interface, state, flags, type."""
_ADDRESS, _MAC = 1, 2
_FAMILIES: Final = {socket.AF_INET: 4, socket.AF_INET6: 16}
_USABLE: Final = 0x02 | 0x04 | 0x08 | 0x10 | 0x80
"""Reachable, stale, delay, probe, permanent. Left out are those being looked for, those that could
not be found, and what has no MAC of its own."""
_PROXY: Final = 0x08
"""The kernel answers in the place of that one."""

_DATAGRAM: Final = 1 << 16


class Neighbour(NamedTuple):
    """An address (4 or 16 bytes), its MAC (6 bytes), and the number of the interface it is at."""

    address: bytes
    mac: bytes
    interface: int


def neighbour_in(message: netlink.Message) -> Neighbour | None:
    """The neighbour that a message tells of; None if of none that can be spoken to."""
    if message.kind != _NEW or len(message.body) < _HEAD.size:
        return None
    family, _, _, interface, state, flags, _ = _HEAD.unpack_from(message.body)
    said = netlink.attributes(message.body[_HEAD.size :])
    address, mac = said.get(_ADDRESS, b""), said.get(_MAC, b"")
    if len(address) != _FAMILIES.get(family) or len(mac) != 6:
        return None
    is_one_device = any(mac) and not mac[0] & 1  # not a group of them
    if not state & _USABLE or flags & _PROXY or not is_one_device:
        return None
    return Neighbour(address, mac, interface)


class Neighbours:
    """Calls `met` with each neighbour there is and each that comes, within the running loop.

    One that only went on being there may be told again. Where there is no netlink, or not for us,
    nothing is told, and `trouble` says why.
    """

    def __init__(self, met: Callable[[Neighbour], None]) -> None:
        self.trouble = ""
        self._met = met
        self._socket: socket.socket | None = None
        self._is_telling = False
        self._missed = False
        self._pause_s = AGAIN_S
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Follow the tables from now on, beginning with all that is in them."""
        self.trouble = ""
        try:
            self._socket = netlink.listening(_GROUP)
        except OSError as error:
            self.trouble = f"the neighbours of this machine are not told ({error.strerror})"
            log.info("%s", self.trouble)
        if self._socket is not None:
            asyncio.get_running_loop().add_reader(self._socket, self._on_news)
            self._ask()

    def close(self) -> None:
        """Follow them no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    def _ask(self) -> None:
        """Ask for all there is; the answer comes like news."""
        self._timer = None
        if self._socket is None:
            return
        self._missed = False
        try:
            self._socket.sendto(netlink.message(_ASK, netlink.DUMP, _HEAD.pack(*[0] * 7)), (0, 0))
        except OSError as error:
            log.info("the tables of neighbours cannot be asked for (%s)", error.strerror)
            self._ask_later()
        else:
            self._is_telling = True

    def _ask_later(self) -> None:
        """Something was missed: ask again, once the kernel has told what it is telling now."""
        self._missed = True
        if not self._is_telling and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._pause_s, self._ask)
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)

    def _on_news(self) -> None:
        """Read what the kernel says; what is left over wakes the loop again at once."""
        assert self._socket is not None
        for _ in range(MOST_AT_ONCE):
            try:
                datagram, (port, _) = self._socket.recvfrom(_DATAGRAM)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    log.info("news of neighbours cannot be read (%s)", error.strerror)
                # What was lost may have been the end of what it was telling.
                self._is_telling = False
                self._ask_later()
                return
            if port == 0:  # the kernel's
                self.take(datagram)

    def take(self, datagram: bytes) -> None:
        """Read one datagram of the kernel's. Garbage is no news."""
        for message in netlink.messages(datagram):
            if message.flags & netlink.INTERRUPTED or message.kind == netlink.ERROR:
                self._missed = True
            if message.kind in (netlink.DONE, netlink.ERROR):
                self._is_telling = False
                if self._missed:
                    self._ask_later()
                else:
                    self._pause_s = AGAIN_S
            elif (neighbour := neighbour_in(message)) is not None:
                self._met(neighbour)
