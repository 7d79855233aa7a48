"""Addresses and host names in settings: where to listen, whom to ask, who may ask.

An `Endpoint` is a literal address, never a host name: where to listen, and whom to ask for the
addresses of all others. The first half parses text; the second makes annotations of these kinds,
as values.py does.
"""

from __future__ import annotations

import re
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
from typing import Any, Final

from pydantic import AfterValidator, BeforeValidator

from sinkhole.control.settings.quoting import shown
from sinkhole.control.settings.values import Kind, read_text
from sinkhole.dns.wire import name as wire_name
from sinkhole.model.socket_address import address_text

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_MAPPED_BITS: Final = 96

ANY = (IPv4Network("0.0.0.0/0"), IPv6Network("::/0"))
"""What "any" stands for in a list of networks."""

HOME = tuple(
    ip_network(text)
    for text in (
        *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"),
        *("169.254.0.0/16", "::1/128", "fc00::/7", "fe80::/10"),
    )
)
"""Loopback, private (RFC 1918), carrier NAT (RFC 6598), link-local and ULA (RFC 4193): the
addresses a home network has. Answering anyone else makes an open resolver (RFC 5358 §4)."""

_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}
_HOST_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*", re.ASCII)
_INTERFACE = re.compile(r"\S{1,15}")
"""What Linux takes for the name of an interface; a number is one, too."""
_ENDS_IN_NUMBER = re.compile(r"(^|\.)[0-9]+\.?$", re.ASCII)
"""No name does (RFC 3696 §2): an address that has too few parts, or too many."""
_IPV4 = re.compile(r"[0-9]+(\.[0-9]+){3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address, in its shortest spelling, and a port; `str()` gives "192.0.2.1:53"."""

    host: str
    port: int

    def __str__(self) -> str:
        """The text that `parse` reads back: "host:port", with IPv6 in brackets."""
        return address_text(self.host, self.port)

    @classmethod
    def parse(cls, text: str, default_port: int, lowest_port: int = 1) -> Endpoint:
        """Read "ip", "ip:port", "[v6]:port" or a bare IPv6 address.

        A link-local address has its interface behind it, "fe80::1%eth0" or "[fe80::1%eth0]:port";
        whether that is there shows when the address is used. Raises ValueError, saying what to
        write, for host names, URLs, interfaces of other addresses and ports outside
        `lowest_port`..65535.
        """
        host, port = host_and_port(text)
        if not is_address(host):
            raise ValueError(_not_an_endpoint(text, default_port))
        found = _with_interface(host, text)
        return cls(found, read_port(text, port, lowest_port) if port else default_port)

    @property
    def in_url(self) -> str:
        """As it stands in a URL, where "%" is written "%25" (RFC 6874)."""
        return str(self).replace("%", "%25")

    @property
    def reachable(self) -> Endpoint:
        """Where this machine reaches what listens here: a wildcard address is no destination."""
        return Endpoint(_LOOPBACK.get(self.host, self.host), self.port)


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


def unmapped(network: Network) -> Network:
    """IPv4 addresses written as IPv6 ones (RFC 4291 §2.5.5.2) as what they stand for: nobody asks
    from the others."""
    if isinstance(network, IPv4Network) or network.prefixlen < _MAPPED_BITS:
        return network
    mapped = network.network_address.ipv4_mapped
    return IPv4Network((mapped, network.prefixlen - _MAPPED_BITS)) if mapped else network


def parse_host_name(text: str) -> str:
    """The lower-cased ASCII form of a host name (Unicode by IDNA); ValueError if it is none."""
    try:
        wire = wire_name.from_text(text)
    except ValueError as error:
        raise ValueError(f"{shown(text)} is not a name: {error}") from None
    found = wire_name.to_text(wire)
    if not _HOST_NAME.fullmatch(found):
        raise ValueError(
            f"{shown(text)} is not a host name, write letters, digits, - and _ between dots"
        )
    if _IPV4.fullmatch(found):
        raise ValueError(f"{shown(text)} is an address, write a name")
    return found


def parse_host(host: str, text: str) -> str:
    """The address (link-local with its interface) or the name of one server.

    `text` is all that was written, for errors. Raises ValueError for what is neither, and for
    addresses that no single server can have.
    """
    if not is_address(host):
        if _ENDS_IN_NUMBER.search(host):
            raise ValueError(f"{shown(text)} has neither a name nor a whole IP address in it")
        return parse_host_name(host)
    refuse_many(host, text)
    return _with_interface(host, text)


def is_address(host: str) -> bool:
    """Whether it is an IP address, with or without an interface behind it."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def refuse_many(host: str, text: str) -> None:
    """Raise ValueError if no single server can have an address."""
    address = ip_address(host)
    if address.is_unspecified or address.is_multicast:
        raise ValueError(f"{shown(text)} is not the address of one server")


def _with_interface(host: str, text: str) -> str:
    """An address in its shortest spelling; ValueError if what is behind % is no interface."""
    address = ip_address(host)
    ip, percent, interface = host.partition("%")
    is_interface = _INTERFACE.fullmatch(interface) and interface.isprintable()
    if percent and not (address.is_link_local and is_interface):
        raise ValueError(_not_an_interface(text, ip, is_needed=address.is_link_local))
    return str(address)


def host_and_port(text: str) -> tuple[str, str]:
    """Split "host:port" into two texts; the port is "" where none is written.

    Both are "" where it cannot be split. IPv6 addresses stand in brackets, or without a port.
    """
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        fits = bracket and ":" in host and (not rest or (rest[0] == ":" and rest[1:]))
        return (host, rest[1:]) if fits else ("", "")
    if text.count(":") == 1:
        host, _, port = text.partition(":")
        return (host, port) if port else ("", "")
    return text, ""


def read_port(text: str, port: str, lowest: int = 1) -> int:
    """The number of a port; ValueError if it is outside `lowest`..65535."""
    if port.isascii() and port.isdigit() and len(port) <= 5 and lowest <= int(port) <= 65535:
        return int(port)
    raise ValueError(f"{shown(text)} has the port {shown(port)}, it must be {lowest}..65535")


def _not_an_interface(text: str, ip: str, *, is_needed: bool) -> str:
    if is_needed:
        return f'{shown(text)} names no interface after %, write one such as "{ip}%eth0"'
    return f'{shown(text)} is not link-local, so it has no interface: write "{ip}"'


def _not_an_endpoint(text: str, port: int) -> str:
    return (
        f'{shown(text)} is not an IP address with a port, write one such as "192.0.2.1:{port}"'
        f' or "[2001:db8::1]:{port}"'
    )


# ---- kinds of values ---------------------------------------------------------------------------

_TEXT = {"type": "string", "minLength": 1}


def endpoint(default_port: int, *, any_port: bool = False) -> Kind:
    """An IP address with or without a port; `any_port` allows 0, a port of the system's choice."""
    lowest = 0 if any_port else 1

    def read(value: Any) -> Endpoint:
        if isinstance(value, Endpoint):
            return value
        return Endpoint.parse(read_text(value, 100), default_port, lowest)

    syntax = f'"IPv4:port" or "[IPv6]:port"; without a port, {default_port}'
    return Kind(read, accepts=_TEXT, syntax=syntax)


def one_server() -> AfterValidator:
    """Refuse endpoints with an address that no single server can have."""

    def check(server: Endpoint) -> Endpoint:
        refuse_many(server.host, str(server))
        return server

    return AfterValidator(check)


def address(version: int) -> Kind:
    """An address of IP `version` 4 or 6."""

    def read(value: Any) -> Address:
        found = value if isinstance(value, Address) else parse_address(read_text(value, 100))
        if found.version != version:
            raise ValueError(f"{found} is IPv{found.version}, this key takes IPv{version}")
        return found

    return Kind(read, accepts=_TEXT, syntax=f"an IPv{version} address")


def network(others: str = "") -> Kind:
    """A network or a single address; `others` is what else the error should offer."""

    def read(value: Any) -> Network:
        return value if isinstance(value, Network) else parse_network(read_text(value, 100), others)

    return Kind(read, accepts=_TEXT)


def client_ref() -> Kind:
    """A client: a network, an address, or what the settings call it."""

    def read(value: Any) -> Network | str:
        if isinstance(value, Network):
            return value
        words = read_text(value, 100)
        try:
            return parse_network(words)
        except ValueError:
            return words

    return Kind(read, accepts=_TEXT)


def any_as_networks() -> BeforeValidator:
    """Write "any" out in a list of networks."""

    def spread(value: Any) -> Any:
        if not isinstance(value, (list, tuple)) or "any" not in value:
            return value
        # The IPv6 half goes to the end, so that errors name the right item.
        return [str(ANY[0]) if item == "any" else item for item in value] + [str(ANY[1])]

    return BeforeValidator(spread)


def host_name() -> Kind:
    """A domain name, lower-cased, in the form it has on the wire."""
    return Kind(lambda value: parse_host_name(read_text(value, 1000)), accepts=_TEXT)


def no_address() -> AfterValidator:
    """Refuse a name that `$client` would take for an address."""

    def check(name: str) -> str:
        try:
            parse_network(name)
        except ValueError:
            return name
        raise ValueError(f"{shown(name)} is an address, write a name, and the address below it")

    return AfterValidator(check)
