"""Which addresses are those of the house, and who its router is."""

from __future__ import annotations

import ipaddress
import socket
from contextlib import suppress
from struct import Struct
from typing import Final, NamedTuple

from sinkhole.control.settings.addresses import HOME
from sinkhole.model import netlink

_NEW, _ASK = 24, 26
_HEAD: Final = Struct("=BBBBBBBBI")
"""struct rtmsg: family, length of prefix, and what is not looked at."""
_INTERFACE, _GATEWAY, _METRIC = 4, 5, 6


class Gateway(NamedTuple):
    """A router that a default route leads to; a lower `metric` goes first."""

    metric: int
    address: bytes
    interface: int

    def __str__(self) -> str:
        """As an endpoint is written: a link-local address with its interface."""
        address = ipaddress.ip_address(self.address)
        if not (address.version == 6 and address.is_link_local):
            return str(address)
        return f"{address}%{socket.if_indextoname(self.interface)}"


def is_private(packed: bytes) -> bool:
    """Whether an address means nothing outside of the house: private, link-local or ULA.

    Loopback is none of those: there is no device behind it but this machine.
    """
    address = ipaddress.ip_address(packed)
    return not address.is_loopback and any(address in network for network in HOME)


def gateways() -> list[Gateway]:
    """The routers of this machine's default routes, IPv4 first; [] where that is not told.

    For a thread, though the kernel answers at once.
    """
    found: list[Gateway] = []
    for family in (socket.AF_INET, socket.AF_INET6):
        with suppress(OSError):  # there is no netlink, or not for us
            told = netlink.dump(_ASK, _HEAD.pack(family, *[0] * 8))
            found += sorted(each for message in told if (each := gateway_in(message)) is not None)
    return found


def gateway_in(message: netlink.Message) -> Gateway | None:
    """The router of a default route; None of any other route, and of one that leads to nobody."""
    if message.kind != _NEW or len(message.body) < _HEAD.size:
        return None
    family, length, *_ = _HEAD.unpack_from(message.body)
    said = netlink.attributes(message.body[_HEAD.size :])
    address = said.get(_GATEWAY, b"")
    if length or len(address) != {socket.AF_INET: 4, socket.AF_INET6: 16}.get(family):
        return None
    metric, interface = (
        int.from_bytes(said.get(kind, b"")[:4], netlink.ORDER) for kind in (_METRIC, _INTERFACE)
    )
    return Gateway(metric, address, interface)
