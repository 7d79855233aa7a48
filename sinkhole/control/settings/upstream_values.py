"""The kinds of values that only upstreams have: routes, client subnets, proxies, DNS64 prefixes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv6Network
from typing import Any, Final, Literal
from urllib.parse import unquote

from sinkhole.control.settings.addresses import (
    Network,
    host_and_port,
    parse_host,
    parse_host_name,
    parse_network,
    read_port,
)
from sinkhole.control.settings.quoting import shown
from sinkhole.control.settings.values import Kind, read_text
from sinkhole.model.masking import masked_address
from sinkhole.model.proxy_url import PROXY_PORTS, ProxyKind, ProxyUrl

UNQUALIFIED: Final = "unqualified"
"""The route of names without a dot, and no zone: that one is written "unqualified."."""

_WILDCARD: Final = "*."
_SET_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,40}", re.ASCII)


def parse_route(value: Any) -> str:
    """A zone ("corp.example"), what is below one ("*.corp.example"), or UNQUALIFIED.

    Lower-cased, without a final dot; of the one zone that is called as UNQUALIFIED, with it.
    Raises ValueError for anything else.
    """
    text = read_text(value, 1000)
    if text.lower() in (UNQUALIFIED, f"{UNQUALIFIED}."):
        return text.lower()
    below = _WILDCARD if text.startswith(_WILDCARD) else ""
    zone = text.removeprefix(_WILDCARD)
    if "*" in zone:
        raise ValueError(f'{shown(text)}: a * may only be the first label, as in "*.corp.example"')
    if zone == ".":
        raise ValueError(f"{shown(text)} is every name, write its servers in upstream.servers")
    return below + parse_host_name(zone)


def parse_set_name(value: Any) -> str:
    """The name of an upstream set: letters, digits, - and _."""
    name = read_text(value, 100)
    if not _SET_NAME.fullmatch(name):
        raise ValueError(
            f"{shown(value)} is not the name of a set, write letters, digits, - and _; servers"
            ' stand in a list: ["192.0.2.1"]'
        )
    return name


# ---- the subnet of clients ---------------------------------------------------------------------

_IPV4_BITS: Final = (8, 32)
_IPV6_BITS: Final = (16, 128)
_USUAL_BITS: Final = (24, 56)
_OF_CLIENT: Final = re.compile(r"client(?:/([0-9]{1,3})/([0-9]{1,3}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class SubnetTold:
    """What upstreams are told of where a client is (RFC 7871).

    `mode` "client": its own network, by the first bits of its address; "fixed": `network`, whoever
    asks; "off": nothing.
    """

    mode: Literal["off", "client", "fixed"]
    network: Network | None = None
    ipv4_bits: int = _USUAL_BITS[0]
    ipv6_bits: int = _USUAL_BITS[1]

    def __str__(self) -> str:
        """The text that it is read from."""
        if self.network is not None:
            return str(self.network)
        bits = (self.ipv4_bits, self.ipv6_bits)
        return self.mode if bits == _USUAL_BITS else f"{self.mode}/{bits[0]}/{bits[1]}"


NOTHING_TOLD: Final = SubnetTold("off")


def parse_client_subnet(value: Any) -> SubnetTold:
    """Read "off", "client", "client/24/56" or a network; ValueError for anything else."""
    if isinstance(value, SubnetTold):
        return value
    if value is False or value == "off":
        return NOTHING_TOLD
    text = read_text(value, 100)
    if found := _OF_CLIENT.fullmatch(text):
        ipv4, ipv6 = (int(bits) for bits in found.groups(default=0)) if found[1] else _USUAL_BITS
        for bits, (low, high) in ((ipv4, _IPV4_BITS), (ipv6, _IPV6_BITS)):
            if not low <= bits <= high:
                raise ValueError(
                    f"{shown(text)}: /{bits} is out of range, write /8 to /32 for IPv4, then"
                    ' /16 to /128 for IPv6, as in "client/24/56"'
                )
        return SubnetTold("client", None, ipv4, ipv6)
    try:
        return SubnetTold("fixed", parse_network(text))
    except ValueError as error:
        raise ValueError(f'{error}; or "off", "client" or "client/24/56"') from None


# ---- proxies -----------------------------------------------------------------------------------

_PROXY_KINDS: Final[dict[str, ProxyKind]] = {
    "http": "http",
    "socks5": "socks5",
    "socks5h": "socks5",
}
"""By the scheme that people write; names are always looked up by the proxy."""

_EXAMPLE: Final = '"http://192.0.2.8:8080" or "socks5://192.0.2.8:1080"'


def parse_proxy(value: Any) -> ProxyUrl | None:
    """Read "http://[user:password@]host:port" or "socks5://...".  "" and false are none.

    Raises ValueError, which shows no password.
    """
    if isinstance(value, ProxyUrl) or value is None:
        return value
    if value is False or value == "":
        return None
    text = read_text(value, 1000)
    told = masked_address(text)
    scheme, mark, rest = text.partition("://")
    kind = _PROXY_KINDS.get(scheme.lower())
    user, at, authority = rest.removesuffix("/").rpartition("@")
    host, port = host_and_port(authority)
    if not mark or kind is None or not host or "/" in authority:
        raise ValueError(f"{shown(told)} is no proxy, write {_EXAMPLE}")
    name, _, password = user.partition(":")
    return ProxyUrl(
        kind,
        parse_host(host, told),
        read_port(told, port) if port else PROXY_PORTS[kind],
        unquote(name) if at else "",
        unquote(password),
    )


# ---- DNS64 -------------------------------------------------------------------------------------

_PREFIX_LENGTHS: Final = (32, 40, 48, 56, 64, 96)
_RESERVED_BYTE: Final = 8


def dns64_prefix() -> Kind:
    """An IPv6 prefix behind which an IPv4 address fits (RFC 6052 §2.2)."""

    def read(value: Any) -> IPv6Network:
        found = value if isinstance(value, IPv6Network) else parse_network(read_text(value, 100))
        if not isinstance(found, IPv6Network) or found.prefixlen not in _PREFIX_LENGTHS:
            raise ValueError(
                f"{shown(str(found))} is no prefix for IPv4 addresses, write one such as"
                ' "64:ff9b::/96", of 32, 40, 48, 56, 64 or 96 bits'
            )
        if found.network_address.packed[_RESERVED_BYTE]:
            raise ValueError(f"{found}: its bits 64 to 71 must be zero")
        return found

    return Kind(read, accepts={"type": "string", "pattern": ":.*/[0-9]+$"})
