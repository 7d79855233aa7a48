"""Upstreams and routes as the others write them, and as ours take them.

AdGuard Home   192.0.2.1   tls://name   [/corp.example/lan/]192.0.2.1 192.0.2.2   [/a.example/]#
Pi-hole        192.0.2.1#5335   2001:db8::1#53   name#53
blocky         192.0.2.1   tcp-tls:name:853   https://name/path   tcp+udp:192.0.2.1#name
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from sinkhole.control.imports.branch import span_text
from sinkhole.control.imports.plan import Plan
from sinkhole.control.settings.addresses import Network, host_and_port, is_address
from sinkhole.control.settings.quoting import shown
from sinkhole.control.settings.upstream_urls import parse_upstream
from sinkhole.control.settings.upstream_values import UNQUALIFIED, parse_route

USUAL: Final = "default"
ROUTES: Final = "upstream.routes"
SHORTEST_S: Final = 0.1
LONGEST_S: Final = 10.0
"""Seconds, as `upstream.timeout` takes them."""

FOR_NAMES: Final = "[/"
"""How a line of AdGuard Home begins whose servers are for some names."""

_NET: Final = re.compile(r"(tcp\+udp|tcp-tls|tcp|udp|https|quic):(?://)?(.*)", re.DOTALL)
_SCHEMES: Final = {"tcp+udp": "udp", "tcp-tls": "tls"}

Read = Callable[[str], str]
"""From a server as somebody else writes it to ours; ValueError says what is wrong with it."""


def adguardhome_server(text: str) -> str:
    """A server of AdGuard Home; ValueError."""
    return _ours(text if "://" in text else _plain(text))


def pihole_server(text: str) -> str:
    """A server of Pi-hole, whose port stands behind a #; ValueError."""
    host, _, port = text.strip().partition("#")
    if is_address(host) and ":" in host and port:
        host = f"[{host}]"
    return _ours(_plain(f"{host}:{port}" if port else host))


def blocky_server(text: str) -> str:
    """A server of blocky; ValueError."""
    words = text.strip()
    if words.startswith("sdns://"):
        return _ours(words)
    name, hash_mark, certificate = words.partition("#")
    found = _NET.fullmatch(name)
    if found is None:
        return _ours(_plain(name))
    net, rest = found.groups()
    if is_address(rest) and ":" in rest:
        rest = f"[{rest}]"
    if net == "tcp+udp" and is_address(host_and_port(rest)[0]):
        return _ours(rest)
    return _ours(f"{_SCHEMES.get(net, net)}://{rest}{hash_mark}{certificate}")


def _plain(text: str) -> str:
    """Plain DNS: an address as it is, a name with how it is asked."""
    words = text.strip()
    host, _ = host_and_port(words)
    return words if not host or is_address(host) else f"udp://{words}"


def _ours(text: str) -> str:
    return parse_upstream(text.strip()).text


def take_servers(plan: Plan, about: str, texts: Iterable[str], read: Read) -> list[str]:
    """Servers as ours, each once; those that can't be are told."""
    found: dict[str, None] = {}
    for text in texts:
        try:
            found[read(text)] = None
        except ValueError as error:
            plan.left(about, str(error))
    return list(found)


def split_lines(plan: Plan, about: str, lines: Sequence[str]) -> list[str]:
    """The servers for everything among lines of AdGuard Home, as they are written; what is for some
    names becomes routes."""
    usual: list[str] = []
    routes: dict[str, list[str]] = {}
    for written in lines:
        line = written.strip()
        if not line or line.startswith("#"):
            continue
        if not line.startswith(FOR_NAMES):
            usual.append(line)
            continue
        names, end, servers = line.removeprefix(FOR_NAMES).partition("/]")
        if not end or not servers.strip():
            plan.left(about, f"{shown(line)} is not whole: it lacks /] or a server")
            continue
        for name in names.split("/"):
            routes.setdefault(name, []).extend(servers.split())
    for name, servers_of in routes.items():
        put_route(plan, about, name, servers_of, adguardhome_server)
    return usual


def put_route(plan: Plan, about: str, name: str, servers: Sequence[str], read: Read) -> None:
    """Want a route; "" are names without a dot, and a server "#" is the usual ones."""
    try:
        route = parse_route(name or UNQUALIFIED) if name != UNQUALIFIED else f"{UNQUALIFIED}."
    except ValueError as error:
        plan.left(about, str(error))
        return
    named = [each for each in servers if each != "#"]
    if not named:
        plan.put(ROUTES, route, USUAL)
        return
    if found := take_servers(plan, about, named, read):
        known = plan.wants(ROUTES, route)
        before = known if isinstance(known, list) else []
        plan.put(ROUTES, route, list(dict.fromkeys([*before, *found])))


def put_timeout(plan: Plan, about: str, wanted_s: float) -> None:
    """Want that a server has so many seconds, as far as ours takes that; else it is told."""
    taken_s = min(max(wanted_s, SHORTEST_S), LONGEST_S)
    plan.set("upstream.timeout", span_text(taken_s))
    if taken_s != wanted_s:
        text = f"an upstream has between 0.1 and 10 seconds here, so it is {span_text(taken_s)}"
        plan.differs(about, text)


def reverse_zones(network: Network) -> list[str]:
    """The zones in which the addresses of a network are asked backwards (RFC 1035 §3.5, RFC 3596).

    A prefix between two labels takes several: 16 for 10.0.0.0/12.
    """
    bits = 8 if network.version == 4 else 4
    labels = -(-network.prefixlen // bits)
    step = 1 << (network.max_prefixlen - labels * bits)
    first, suffix = int(network.network_address), "in-addr.arpa" if bits == 8 else "ip6.arpa"
    zones = []
    for number in range(1 << (labels * bits - network.prefixlen)):
        value = (first + number * step) >> (network.max_prefixlen - labels * bits)
        parts = [value >> (bits * at) & ((1 << bits) - 1) for at in range(labels)]
        zones.append(
            ".".join([*(f"{part:x}" if bits == 4 else str(part) for part in parts), suffix])
        )
    return zones


def network_text(network: Network) -> str:
    """A network as people write it: one address without its prefix."""
    is_one = network.prefixlen == network.max_prefixlen
    return str(network.network_address) if is_one else str(network)
