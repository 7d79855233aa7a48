"""Where a fetch may connect to: names are resolved once, and only to allowed addresses.

A list's address comes from the settings, but where it leads is decided by name servers and
redirects of other people. Neither may turn the updater into a way to reach the router's page,
a cloud's metadata service (169.254.169.254) or a program on this machine. Only where the household
itself says where a host is, in its local records, may that be at home, too.
"""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple

from aiohttp.abc import AbstractResolver, ResolveResult

from sinkhole.model.errors import ListError, SinkholeError

# IPv6 addresses that end in an IPv4 address: NAT64 (RFC 6052 §2.1), and what came before mapped
# addresses (RFC 4291 §2.5.5.1).
_ENDS_IN_IPV4 = (IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))
_LOCAL_NAT64 = IPv6Network("64:ff9b:1::/48")  # RFC 8215


class HostAddresses(NamedTuple):
    """Where a host is; `by_household` where the household says so, and no stranger."""

    addresses: list[str]
    by_household: bool = False


Resolve = Callable[[str], Awaitable[HostAddresses]]
"""Finds a host by its name; raises OSError, ValueError or a SinkholeError when it can't."""

Refuse = Callable[[str], str]
"""Says why an address in text may not be connected to, "" when it may."""


def refusal(text: str, private_allowed: bool) -> str:
    """Why an IP address in text may not be connected to; "" when it may.

    Text that is no address in the usual notation is refused too: `127.1` and `0x7f000001` mean
    something to the operating system.
    """
    try:
        address = _innermost(ip_address(text.partition("%")[0]))
    except ValueError:
        return f"{text!r} is not an IP address in the usual notation"
    if address.is_multicast:
        return f"{text} is a multicast address"
    if private_allowed or (address.is_global and not _is_local_ipv6(address)):
        return ""
    return (
        f"{text} is a private, loopback or link-local address: "
        "set filtering.private_sources to allow lists from there"
    )


def is_numeric(host: str) -> bool:
    """Whether a URL's host is an address, or what some systems read as one, and not a name.

    No name of the DNS's root ends in a number (RFC 3696 §2), so a host that does is an address.
    """
    last = host.rstrip(".").rpartition(".")[2].lower()
    return ":" in host or last.isdecimal() or last.startswith("0x")


async def resolve_nothing(host: str) -> HostAddresses:
    """For those who only look at lists: there is nobody to ask."""
    raise OSError(f"nobody is asked where {host} is")


class CheckedResolver(AbstractResolver):
    """Gives aiohttp, which asks it for every host name, addresses that are allowed only."""

    def __init__(self, list_name: str, resolve: Resolve, refuse: Refuse) -> None:
        self._list_name = list_name
        self._resolve = resolve
        self._refuse = refuse
        self._home_allowed = True
        self._was_by_household = False

    def check_literal(self, host: str) -> None:
        """Refuse a URL's host that is a forbidden address: no resolver is asked for those."""
        if is_numeric(host):
            self._was_by_household = False
            if why := self._refuse(host):
                raise ListError(self._list_name, why)

    def redirected(self) -> None:
        """Take note that the host asked last names the next: strangers may not name one at home."""
        self._home_allowed = self._home_allowed and self._was_by_household

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The allowed addresses of a host; ListError when there are none."""
        try:
            found, self._was_by_household = await self._resolve(host)
        except (OSError, ValueError, SinkholeError) as error:  # ValueError: it is no name
            why = getattr(error, "strerror", None) or error
            raise ListError(self._list_name, f"{host} can't be resolved: {why}") from error
        if not found:
            raise ListError(self._list_name, f"{host} has no address")
        reasons = {address: self._reason(address) for address in found}
        allowed = [address for address, why in reasons.items() if not why]
        if not allowed:
            raise ListError(self._list_name, f"{host}: {reasons[found[0]]}")
        return [_result(host, address, port) for address in allowed]

    def _reason(self, address: str) -> str:
        if self._was_by_household and self._home_allowed:
            return refusal(address, private_allowed=True)
        return self._refuse(address)

    async def close(self) -> None:
        """Nothing to close: the injected resolver belongs to somebody else."""


def _result(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    numeric = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return ResolveResult(
        hostname=host, host=address, port=port, family=family, proto=0, flags=numeric
    )


def _is_local_ipv6(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is local although Python (before 3.13) calls it global."""
    return isinstance(address, IPv6Address) and (address.is_site_local or address in _LOCAL_NAT64)


def _innermost(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address within an IPv6 one, if there is one: that is where packets end up."""
    if isinstance(address, IPv4Address):
        return address
    if any(address in network for network in _ENDS_IN_IPV4):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
