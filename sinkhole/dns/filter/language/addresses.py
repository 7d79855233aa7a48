"""Addresses and networks in rules: what they block is found in answers."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from sinkhole.dns.filter.language.line import Address, Network

_MAYBE_ADDRESS = re.compile(r"[0-9]+\.[0-9.]+|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*(?:%\S+)?")
_MAYBE_NETWORK = re.compile(r"(?:[0-9]+\.[0-9.]+|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)(?:/[0-9]{1,3})?")
_MAPPED_BITS = 96
_NUMBERS = re.compile(r"[0-9][0-9.]*[0-9]")
_DOTS = 3


def read_address(text: str) -> Address | None:
    """The address of a text, or None; without its zone, and IPv4-mapped ones as IPv4."""
    if _MAYBE_ADDRESS.fullmatch(text) is None:
        return None
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def read_network(text: str) -> Network | None:
    """The network of `ADDRESS`, `[ADDRESS]` or `ADDRESS/BITS`, or None.

    Bits behind the prefix don't matter. A network of IPv4-mapped addresses is the IPv4 network.
    """
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    if _MAYBE_NETWORK.fullmatch(text) is None:
        return None
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return None
    return _without_mapping(network) if isinstance(network, IPv6Network) else network


def is_no_address(text: str) -> bool:
    """Whether a text is of digits and dots as an address is, but none: `192.0.2.300`, `1.2..3`.

    Less than a whole address, such as `192.0.2.`, may be a part of one.
    """
    return (
        _NUMBERS.fullmatch(text) is not None
        and text.count(".") >= _DOTS
        and read_address(text) is None
    )


def is_range(text: str) -> bool:
    """Whether a text is a range of addresses: `192.0.2.1-192.0.2.9`, `192.0.2.1-9`."""
    first, dash, last = text.partition("-")
    if not dash or (read_address(first) is None and not is_no_address(first)):
        return False
    return last.isdecimal() or read_address(last) is not None or is_no_address(last)


def names_nobody(address: Address) -> bool:
    """Whether an address stands for "nowhere" in a hosts file: the null address, or loopback."""
    return address.is_unspecified or address.is_loopback


def _without_mapping(network: IPv6Network) -> Network:
    mapped = network.network_address.ipv4_mapped
    if mapped is None or network.prefixlen < _MAPPED_BITS:
        return network
    return IPv4Network((mapped, network.prefixlen - _MAPPED_BITS))
