"""Which addresses a list may be fetched from.

A list's address comes from the settings, but where it leads is decided by name servers and
redirects of other people. Neither may turn the updater into a way to reach the router's page,
a cloud's metadata service (169.254.169.254) or a program on this machine.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

# IPv6 addresses that end in an IPv4 address: NAT64 (RFC 6052 §2.1), and what came before mapped
# addresses (RFC 4291 §2.5.5.1).
_ENDS_IN_IPV4 = (IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))
_LOCAL_NAT64 = IPv6Network("64:ff9b:1::/48")  # RFC 8215


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
