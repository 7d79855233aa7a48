"""The PROXY protocol, versions 1 and 2: a proxy in front says whose connection or datagram it is.

Specified with HAProxy (proxy-protocol.txt, 2.1 and 2.2). Only to be read from proxies that the
settings trust, and then it must be there: who could choose to send it could be anybody.
"""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address
from typing import Final, NamedTuple

from sinkhole.model.errors import WireError

MOST_HEADER: Final = 2048
"""Bytes of a header: version 2 may have more behind the addresses, but nobody sends as much."""

_SIGNATURE: Final = b"\r\n\r\n\0\r\nQUIT\n"
_WORD: Final = b"PROXY "
_FIXED_SIZE: Final = 16
_MOST_LINE: Final = 107
_ADDRESS_SIZES: Final = {1: 4, 2: 16}
"""By address family of version 2."""
_PORTS_SIZE: Final = 4
_FAMILIES: Final = {b"TCP4": 4, b"TCP6": 6}


class ProxyHeader(NamedTuple):
    """Whose connection it is: `source` is the client's address, 4 or 16 bytes, an IPv4-mapped one
    as IPv4; None where the proxy speaks for itself. `size` bytes of what was read are the header.
    """

    source: bytes | None
    size: int


def read_proxy_header(data: bytes) -> ProxyHeader | None:
    """The header that stands in front of `data`; None while more of it has to come.

    Raises WireError for what is none.
    """
    if data.startswith(_SIGNATURE[: len(data)]):
        return _read_binary(data)
    if data.startswith(_WORD[: len(data)]):
        return _read_line(data)
    raise WireError("no PROXY header")


def _read_binary(data: bytes) -> ProxyHeader | None:
    """Version 2: signature (12), version and command, family and transport, length (2), then the
    addresses, the ports and what else the proxy tells."""
    if len(data) < _FIXED_SIZE:
        return None
    version, command = data[12] >> 4, data[12] & 15
    if version != 2 or command > 1:
        raise WireError(f"PROXY version {version} with command {command}")
    size = _FIXED_SIZE + int.from_bytes(data[14:16], "big")
    if size > MOST_HEADER:
        raise WireError(f"a PROXY header of {size} bytes")
    address_size = _ADDRESS_SIZES.get(data[13] >> 4)
    is_own = command == 0 or address_size is None  # LOCAL; a family that is no IP
    if address_size and size < _FIXED_SIZE + 2 * address_size + _PORTS_SIZE and not is_own:
        raise WireError("a PROXY header that is shorter than its addresses")
    if len(data) < size:
        return None
    if is_own:
        return ProxyHeader(None, size)
    return ProxyHeader(_unmapped(data[_FIXED_SIZE : _FIXED_SIZE + (address_size or 0)]), size)


def _read_line(data: bytes) -> ProxyHeader | None:
    """Version 1: `PROXY TCP4 source destination port port`, or `PROXY UNKNOWN` and anything."""
    end = data.find(b"\r\n", 0, _MOST_LINE)
    if end < 0:
        if len(data) >= _MOST_LINE:
            raise WireError("a PROXY line without an end")
        return None
    words = data[:end].split(b" ")
    if words[1] == b"UNKNOWN":
        return ProxyHeader(None, end + 2)
    version = _FAMILIES.get(words[1])
    if version is None or len(words) != 6:
        raise WireError("a PROXY line of another form")
    try:
        addresses = [ip_address(word.decode("ascii")) for word in words[2:4]]
    except ValueError:
        raise WireError("a PROXY line without addresses") from None
    if any(each.version != version for each in addresses) or not all(map(_is_port, words[4:])):
        raise WireError("a PROXY line of another form")
    return ProxyHeader(_unmapped(addresses[0].packed), end + 2)


def _is_port(word: bytes) -> bool:
    return word.isdigit() and len(word) <= 5 and int(word) <= 0xFFFF


def _unmapped(packed: bytes) -> bytes:
    mapped = IPv6Address(packed).ipv4_mapped if len(packed) == 16 else None
    return mapped.packed if mapped else packed
