"""What the kernel tells of routes and addresses (rtnetlink, Linux), and what of it matters.

A house's router repeats every few minutes what it said before, and containers come and go. It
matters where traffic to the world goes, so: a default route that is new or gone, an address that
this machine no longer has.
"""

from __future__ import annotations

from typing import Final

from sinkhole.model.netlink import attributes, messages

GROUPS: Final = 0x10 | 0x40 | 0x100 | 0x400
"""RTMGRP_IPV4_IFADDR, RTMGRP_IPV4_ROUTE and the same for IPv6: what to listen to."""

MOST_ROUTES: Final = 1000
"""Default routes that are remembered; beyond, the memory of them starts anew."""

_ROUTE_SIZE: Final = 12
_ADDRESS_SIZE: Final = 8

_DELETED_ADDRESS: Final = 21
_NEW_ROUTE, _DELETED_ROUTE = 24, 25
_REPLACED: Final = 0x100
_UNICAST: Final = 1
_SHORT_PREFIX: Final = 1
"""A VPN that takes everything does so with two routes for a half of the world each."""

_TO, _INTERFACE, _GATEWAY, _METRIC, _SEVERAL = 1, 4, 5, 6, 9
_LINK_LOCAL: Final = (b"\xfe\x80", b"\xa9\xfe")

Route = tuple[bytes, bytes, bytes]
"""What it is about, how dear it is, and where it leads to: family, length, table and prefix;
metric; interface and gateway."""


class RouteNews:
    """Reads datagrams of a socket that listens to GROUPS. Garbage is no news."""

    def __init__(self) -> None:
        self._known: set[Route] = set()

    def take(self, datagram: bytes) -> bool:
        """Whether something in it matters that was not known before."""
        news = [self._matters(kind, flags, body) for kind, flags, body in messages(datagram)]
        return any(news)

    def _matters(self, kind: int, flags: int, body: bytes) -> bool:
        if kind == _DELETED_ADDRESS:
            address = attributes(body[_ADDRESS_SIZE:]).get(1, b"")
            return len(address) in (4, 16) and not address.startswith(_LINK_LOCAL)
        if kind not in (_NEW_ROUTE, _DELETED_ROUTE) or len(body) < _ROUTE_SIZE:
            return False
        if body[1] > _SHORT_PREFIX or body[7] != _UNICAST:
            return False
        route = _route(body)
        if kind == _DELETED_ROUTE:
            self._known.discard(route)
            return True
        if route in self._known:
            return False
        if flags & _REPLACED or len(self._known) >= MOST_ROUTES:
            self._known = {one for one in self._known if one[:2] != route[:2]}
        if len(self._known) >= MOST_ROUTES:
            self._known.clear()
        self._known.add(route)
        return True


def _route(body: bytes) -> Route:
    said = attributes(body[_ROUTE_SIZE:])
    about = body[:2] + body[4:5] + said.get(_TO, b"")
    leads_to = said.get(_INTERFACE, b"") + said.get(_GATEWAY, b"") + said.get(_SEVERAL, b"")
    return about, said.get(_METRIC, b""), leads_to
