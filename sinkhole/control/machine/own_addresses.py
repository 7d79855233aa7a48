"""The addresses by which devices can reach this machine (rtnetlink, Linux)."""

from __future__ import annotations

import socket
from contextlib import suppress
from ipaddress import ip_address
from struct import Struct
from typing import Final, Literal, NamedTuple

from sinkhole.control.settings.addresses import HOME
from sinkhole.model import netlink

_NEW, _ASK = 20, 22
_HEAD: Final = Struct("=BBBBI")
"""struct ifaddrmsg: family, length of prefix, flags, scope, interface."""
_ADDRESS, _LOCAL, _FLAGS = 1, 2, 8
_SIZES: Final = {socket.AF_INET: 4, socket.AF_INET6: 16}
_TEMPORARY, _FAILED, _DEPRECATED, _TENTATIVE, _PERMANENT = 0x01, 0x08, 0x20, 0x40, 0x80
"""IFA_F_…; the first is one of privacy (RFC 8981), and of IPv4 something else."""

Reach = Literal["home", "public", "link"]
"""Who can mean something by an address: this house, anybody, or who is on the same wire."""


class OwnAddress(NamedTuple):
    """An address, and the interface that has it. `leased` is one that was not set by hand, and so
    lasts as long as who gave it wants."""

    text: str
    version: Literal[4, 6]
    reach: Reach
    interface: str
    leased: bool


def own_addresses() -> list[OwnAddress]:
    """Those that stay, without loopback; [] where they are not told."""
    with suppress(OSError):  # there is no netlink, or not for us
        told = netlink.dump(_ASK, _HEAD.pack(*[0] * 5))
        return [each for message in told if (each := address_in(message)) is not None]
    return []


def address_in(message: netlink.Message) -> OwnAddress | None:
    """The address that a message tells of; None of one that no device should be told."""
    if message.kind != _NEW or len(message.body) < _HEAD.size:
        return None
    family, _, flags, _, number = _HEAD.unpack_from(message.body)
    said = netlink.attributes(message.body[_HEAD.size :])
    packed = said.get(_LOCAL) or said.get(_ADDRESS, b"")
    if len(packed) != _SIZES.get(family):
        return None
    flags = int.from_bytes(said.get(_FLAGS, bytes([flags]))[:4], netlink.ORDER)
    passing = _FAILED | _DEPRECATED | _TENTATIVE | (_TEMPORARY if len(packed) == 16 else 0)
    address = ip_address(packed)
    if flags & passing or address.is_loopback or (address.version == 4 and address.is_link_local):
        return None
    interface = interface_name(number) or str(number)
    is_link = address.is_link_local
    text = f"{address}%{interface}" if is_link else str(address)
    is_home = any(address in network for network in HOME)
    reach: Reach = "link" if is_link else "home" if is_home else "public"
    return OwnAddress(text, address.version, reach, interface, not flags & _PERMANENT)


def interface_name(number: int) -> str:
    """What an interface is called; "" where it has gone."""
    try:
        return socket.if_indextoname(number)
    except OSError:
        return ""
