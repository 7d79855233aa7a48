"""Addresses in settings: where to listen, whom to ask, who may ask.

Only literal addresses are taken, never host names: a DNS server that has to resolve a name in
order to start would have to ask itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_interface,
    ip_network,
)

from sinkhole.control.settings.words import shown

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

ANY = (IPv4Network("0.0.0.0/0"), IPv6Network("::/0"))
"""What "any" stands for in a list of networks."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address, in its shortest spelling, and a port; `str()` gives "192.0.2.1:53"."""

    host: str
    port: int

    def __str__(self) -> str:
        """The text that `parse` reads back: "host:port", with IPv6 in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @classmethod
    def parse(cls, text: str, default_port: int, lowest_port: int = 1) -> Endpoint:
        """Read "ip", "ip:port", "[v6]:port" or a bare IPv6 address.

        Raises ValueError, saying what to write, for host names, URLs, zones ("%eth0") and ports
        outside `lowest_port`..65535.
        """
        host, port = _host_and_port(text)
        try:
            address = ip_address(host)
        except ValueError:
            raise ValueError(_not_an_endpoint(text, default_port)) from None
        if "%" in host:
            raise ValueError(f"{shown(text)} names an interface after %, write the address only")
        return cls(str(address), _port(text, port, lowest_port) if port else default_port)


def parse_address(text: str) -> Address:
    """Read one IPv4 or IPv6 address; ValueError for anything else."""
    try:
        address = ip_address(text)
    except ValueError:
        raise ValueError(
            f'{shown(text)} is not an IP address, write one such as "192.0.2.10" or "2001:db8::10"'
        ) from None
    if "%" in text:
        raise ValueError(f"{shown(text)} names an interface after %, write the address only")
    return address


def parse_network(text: str, others: str = "") -> Network:
    """Read "192.0.2.0/24" or a single address; `others` is what else the error should offer.

    Raises ValueError, saying what to write, also for a network with bits behind its prefix:
    "192.0.2.1/24" may mean the network or the one address.
    """
    try:
        if "%" in text:
            raise ValueError("a network has no interface")
        network, address = ip_network(text, strict=False), ip_interface(text).ip
    except ValueError:
        raise ValueError(
            f'{shown(text)} is not a network, write one such as "192.0.2.0/24",'
            f' "2001:db8::/32"{others} or an address'
        ) from None
    if network.network_address != address:
        raise ValueError(
            f'{shown(text)} has bits behind its prefix, write "{network}" for the network'
            f' or "{address}" for the one address'
        )
    return network


def _host_and_port(text: str) -> tuple[str, str]:
    """Split an endpoint into host and port texts; the port is "" where none is written."""
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        fits = bracket and ":" in host and (not rest or (rest[0] == ":" and rest[1:]))
        return (host, rest[1:]) if fits else ("", "")
    if text.count(":") == 1:
        host, _, port = text.partition(":")
        return (host, port) if port else ("", "")
    return text, ""


def _port(text: str, port: str, lowest: int) -> int:
    if port.isascii() and port.isdigit() and len(port) <= 5 and lowest <= int(port) <= 65535:
        return int(port)
    raise ValueError(f"{shown(text)} has the port {shown(port)}, it must be {lowest}..65535")


def _not_an_endpoint(text: str, port: int) -> str:
    return (
        f'{shown(text)} is not an IP address with a port, write one such as "192.0.2.1:{port}"'
        f' or "[2001:db8::1]:{port}"'
    )
