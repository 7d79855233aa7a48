"""An address of the settings as the kernel wants it, with the number of its interface.

A link-local address (RFC 4007) says nothing without its interface: `fe80::1%eth0`. Interfaces come
and go, and get other numbers, so the name is looked up whenever an address is used.
"""

from __future__ import annotations

import errno
import socket
from ipaddress import ip_address

SocketAddress = tuple[str, int] | tuple[str, int, int, int]
"""Address and port; for IPv6 with flow label and number of the interface, 0 for none."""


def family_of(host: str) -> socket.AddressFamily:
    """The family of an IP address."""
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def address_text(host: str, port: int) -> str:
    """How people write both: "192.0.2.1:53", with IPv6 in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def is_link_local(host: str) -> bool:
    """Whether an IP address means nothing without an interface."""
    return ":" in host and ip_address(host).is_link_local


def socket_address(host: str, port: int) -> SocketAddress:
    """An IP address and a port, for `bind` and `connect`.

    Raises OSError, with words for people in `strerror`, when it is link-local and its interface is
    missing: in the text (EINVAL) or on this machine (ENODEV).
    """
    if ":" not in host:
        return host, port
    ip, _, interface = host.partition("%")
    if interface:
        return ip, port, 0, _number_of(interface)
    if is_link_local(ip):
        raise OSError(errno.EINVAL, f"{ip} needs its interface, write such as {ip}%eth0")
    return ip, port, 0, 0


def _number_of(interface: str) -> int:
    try:
        return socket.if_nametoindex(interface)
    except OSError:
        if interface.isascii() and interface.isdecimal():
            return int(interface)
        raise OSError(errno.ENODEV, f"there is no interface {interface}") from None
