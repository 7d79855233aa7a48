"""Which upstreams are asked about a name: routes to named upstream sets.

A route says for a name, and all below it, who is asked: the router for `fritz.box`, the server of
the office for `corp.example`. The most specific one wins, so a name within a wide route can go
elsewhere, or back to the usual upstreams.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from sinkhole.dns.wire import numbers as n
from sinkhole.dns.wire.name import ROOT, from_text

UNQUALIFIED: Final = "unqualified"
"""The key of the route for names of a single label, such as `nas`."""

USUAL: Final = ""
"""The set that is asked about names without a route."""

_WILDCARD: Final = "*."

_OF_ZONES: Final = frozenset({n.Type.NS, n.Type.SOA, n.Type.DS, n.Type.DNSKEY})
"""Asked about top-level domains, by clients that validate (RFC 4035 §5.3.1): no host has them."""


def set_of_route(key: str) -> str:
    """What the set is called that has the servers of one route; no set of the settings can be."""
    return f"route {key}"


class Route(NamedTuple):
    """A route: its key, as in the settings, and the upstream set it leads to.

    A key that leads to the `USUAL` set takes names out of a wider route.
    """

    key: str = ""
    via: str = USUAL


NO_ROUTE: Final = Route()


class Routes:
    """Routes by key: a name for it and those below, `*.name` for those below only, or UNQUALIFIED.

    Raises ValueError, with a text fit for people, for keys that are no such thing.
    """

    def __init__(self, sets: Mapping[str, str] | None = None) -> None:
        """`sets` are names of upstream sets, by key."""
        self._exact: dict[bytes, Route] = {}
        self._below: dict[bytes, Route] = {}
        self._unqualified = NO_ROUTE
        wildcards = dict[bytes, Route]()
        for key, via in (sets or {}).items():
            route = Route(key, via)
            if key == UNQUALIFIED:
                self._unqualified = route
            elif key.startswith(_WILDCARD):
                wildcards[_zone(key)] = route
            else:
                self._exact[_zone(key)] = self._below[_zone(key)] = route
        self._below |= wildcards
        self._size = len(sets or {})

    def __len__(self) -> int:
        """The number of routes."""
        return self._size

    def of(self, name: bytes, qtype: int) -> Route:
        """The route of a lower-cased wire name; NO_ROUTE for nearly every one.

        Cost: 60 ns without routes, else 100 and 100 for each label.
        """
        if not self._size:
            return NO_ROUTE
        route = self._exact.get(name)
        if route is not None:
            return route
        below, position = self._below, 0
        while size := name[position]:
            position += size + 1
            route = below.get(name[position:])
            if route is not None:
                return route
        is_single = name != ROOT and not name[name[0] + 1]
        return self._unqualified if is_single and qtype not in _OF_ZONES else NO_ROUTE


def _zone(key: str) -> bytes:
    zone = from_text(key.removeprefix(_WILDCARD))
    if zone == ROOT:
        raise ValueError(
            f"a route for {key!r} would be for every name: these go to the usual upstreams"
        )
    return zone
