"""How a request came here: from whom, by which name of ours, through which proxies.

What a request says of proxies is believed if it came from one of `web.trusted_proxies`. From
anybody else it only shows that there is one, so that who asks is not at this machine.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final, NamedTuple

from aiohttp import HttpVersion11, web

from sinkhole.control.settings import Network
from sinkhole.control.web.refusals import Refused
from sinkhole.model.errors import WireError
from sinkhole.model.forwarded import client_behind

_TOLD: Final = (
    *("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Prefix"),
    *("X-Forwarded-Proto", "X-Ingress-Path", "X-Real-IP"),
)
"""What proxies add."""
_PREFIX: Final = re.compile(r"(?:/[A-Za-z0-9._~-]+)*")
_AUTHORITY: Final = re.compile(r"[^\s\"',;/@]+")


class Approach(NamedTuple):
    """How a request came.

    `address` is the client's, "" for the socket of this machine. `is_local`: straight from this
    machine, so that whoever asks can log in here. `host` is what the browser has in its address
    bar, `prefix` the path there below which we are, without a slash at its end. `is_framed`: a page
    of the same site shows ours in a frame, as Home Assistant does.
    """

    address: str
    is_local: bool
    is_socket: bool
    is_https: bool
    host: str
    prefix: str
    is_framed: bool = False


def approach_of(request: web.Request, proxies: Sequence[Network]) -> Approach:
    """How this request came. Raises Refused where a proxy that is believed says nonsense."""
    sock = request.get_extra_info("socket")
    if sock is not None and sock.family == socket.AF_UNIX:
        return Approach("", False, True, False, "", "")
    peer = _plain(str((request.get_extra_info("peername") or ("",))[0]))
    is_https = request.get_extra_info("ssl_object") is not None
    host = request.headers.get("Host", "")
    is_told = any(name in request.headers for name in _TOLD)
    if peer is None or not _is_in(peer, proxies):
        is_local = peer is not None and peer.is_loopback and not is_told
        # A proxy that says nothing of itself often asks by HTTP/1.0; programs of today do not.
        is_local = is_local and request.version >= HttpVersion11
        return Approach(str(peer or ""), is_local, False, is_https, host, "")
    client = _client(request, peer, proxies)
    elements = _last_forwarded(request)
    proto = _last(request, "X-Forwarded-Proto") or elements.get("proto", "")
    return Approach(
        str(client),
        client.is_loopback and is_told,
        False,
        proto.lower() == "https" if proto else is_https,
        _host(_last(request, "X-Forwarded-Host") or elements.get("host", "") or host),
        _prefix(request),
        "X-Ingress-Path" in request.headers,
    )


def _plain(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def _is_in(address: IPv4Address | IPv6Address, networks: Sequence[Network]) -> bool:
    return any(address in each for each in networks if each.version == address.version)


def _client(
    request: web.Request, peer: IPv4Address | IPv6Address, proxies: Sequence[Network]
) -> IPv4Address | IPv6Address:
    """Who asked the first proxy that is believed, by X-Real-IP where nothing else says it."""
    told = [(name.lower(), value) for name, value in request.raw_headers]
    if not any(name in (b"x-forwarded-for", b"forwarded") for name, _ in told):
        told += [(b"x-forwarded-for", value) for name, value in told if name == b"x-real-ip"]
    try:
        packed = client_behind(peer.packed, told, lambda each: _is_in(ip_address(each), proxies))
    except WireError as error:
        raise Refused(400, "bad_proxy", f"a proxy on the way says nonsense: {error}") from None
    return ip_address(packed)


def _last(request: web.Request, name: str) -> str:
    """What the proxy next to us says: the last element of a list."""
    return ",".join(request.headers.getall(name, [])).rpartition(",")[2].strip()


def _last_forwarded(request: web.Request) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in _last(request, "Forwarded").split(";"))
    return {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}


def _host(text: str) -> str:
    if not _AUTHORITY.fullmatch(text):
        raise Refused(400, "bad_proxy", "a proxy on the way names a host that can't be one")
    return text


def _prefix(request: web.Request) -> str:
    told = _last(request, "X-Ingress-Path") or _last(request, "X-Forwarded-Prefix")
    prefix = told.rstrip("/")
    if not _PREFIX.fullmatch(prefix):
        raise Refused(400, "bad_proxy", "a proxy on the way names a path that can't be one")
    return prefix
