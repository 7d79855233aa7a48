"""Which addresses a list may be fetched from.

A list's address comes from the settings, but where it leads is decided by name servers and
redirects of other people. Neither may turn the updater into a way to reach the router's page,
a cloud's metadata service (169.254.169.254) or a program on this machine.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052 §2.1


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
    site_local = isinstance(address, IPv6Address) and address.is_site_local
    if (address.is_global and not site_local) or private_allowed:
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


def _innermost(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address within a mapped, 6to4 or NAT64 address: that is where packets end up."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
