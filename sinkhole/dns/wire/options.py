"""EDNS options of a query: whether those we know have the form that their RFCs give them.

No option has a say in an answer here and none is passed on, but for the wish that nobody is told
where a client is (ECS with a prefix of no bits, RFC 7871 §7.1.2), and for what a forwarder that is
believed says of the device for which it asks. A client that sends a broken one
is told so, as one that sends any other broken part of a query is (RFC 7871 §7.2.1, RFC 7873
§5.2.2). Options that are not known here are passed over (RFC 6891 §6.1.2).
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Collection, Iterator
from ipaddress import ip_address
from typing import Final

from sinkhole.dns.wire import numbers as n
from sinkhole.model.errors import WireError

_SIZES: Final[dict[int, Collection[int]]] = {
    n.Option.LLQ: (18,),  # RFC 8764 §3.2
    n.Option.EXPIRE: (0, 4),  # RFC 7314 §2
    n.Option.COOKIE: (8, *range(16, 41)),  # RFC 7873 §4: the client's part, then the server's
    n.Option.KEEPALIVE: (0, 2),  # RFC 7828 §3.1
}

MOST_OPTIONS: Final = 100
"""EDNS options of a reply that are looked at; real ones have one or two."""

NO_SUBNET: Final = b"\0\1\0\0"
"""The client subnet that says: tell nobody where the client is (RFC 7871 §7.1.2)."""

_MAC_SIZE: Final = 6
_SOURCE_AT: Final = 2
_SCOPE_AT: Final = 3
_FAMILY_BITS: Final = {0: 0, 1: 32, 2: 128}
"""Address bits by ECS family. Family 0 is how some clients say "no address" (`dig +subnet=0`)."""


def check_option(code: int, data: bytes) -> None:
    """Raise WireError for a known option of a query whose data is malformed."""
    sizes = _SIZES.get(code)
    if sizes is not None and len(data) not in sizes:
        raise WireError(f"EDNS option {code} cannot have {len(data)} bytes")
    if code == n.Option.ECS:
        _check_client_subnet(data)


def options_in(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Code and data of the options in the rdata of OPT, MOST_OPTIONS at most; what is malformed
    ends them."""
    position = 0
    for _ in range(MOST_OPTIONS):
        start = position + 4
        code = int.from_bytes(data[position : position + 2], "big")
        position = start + int.from_bytes(data[position + 2 : start], "big")
        if start > len(data) or position > len(data):
            return
        yield code, data[start:position]


def wants_no_subnet(code: int, data: bytes) -> bool:
    """Whether an option of a query, which was checked, says that nobody is to be told of it."""
    return code == n.Option.ECS and not data[_SOURCE_AT]


def device_in(options: bytes) -> tuple[bytes, str]:
    """For whom a forwarder asks, by the options of a query, which were checked: the packed address,
    b"" where that is none of a single device, and the MAC, "" for none.

    dnsmasq tells them by its `add-subnet=32,128` and `add-mac`, the latter in three ways.
    """
    address, mac = b"", ""
    for code, data in options_in(options):
        if code == n.Option.ECS and data[_SOURCE_AT] == _FAMILY_BITS[data[1]] > 0:
            told = data[_SCOPE_AT + 1 :]
            address = b"" if ip_address(told).is_loopback else told  # what it asks for itself
        elif code == n.Option.MAC and len(data) == _MAC_SIZE:
            mac = data.hex(":")
        elif code == n.Option.MAC_TEXT:
            mac = _mac_in(data) or mac
    return address, mac


def _mac_in(text: bytes) -> str:
    """The MAC that is written out, or as base64; "" for anything else."""
    try:
        data = (
            bytes.fromhex(text.replace(b":", b" ").decode())
            if b":" in text
            else b64decode(text, validate=True)
        )
    except ValueError:
        return ""
    return data.hex(":") if len(data) == _MAC_SIZE else ""


def subnet_option(packed: bytes, bits: int) -> bytes:
    """The content of a client subnet option: the first bits of an address of 4 or 16 bytes."""
    family = 1 if len(packed) == 4 else 2
    size, excess = (bits + 7) // 8, -bits % 8
    address = bytearray(packed[:size])
    if excess:
        address[-1] &= 0xFF << excess
    return family.to_bytes(2, "big") + bytes((bits, 0)) + address


def subnet_text(option: bytes) -> str:
    """The network in a client subnet option of ours, as people write it."""
    size = 4 if option[1] == 1 else 16
    return f"{ip_address(option[4:].ljust(size, bytes(1)))}/{option[2]}"


def scope_of(said: bytes, asked: bytes) -> int:
    """For how many bits an answer holds, of the subnet that was asked for: 0 is for everybody.

    `said` is the option in the reply: without one the server knows no subnets, so it is for
    everybody (RFC 7871 §7.2.2). Raises WireError where it is about another subnet: such a reply
    has to be dropped (§7.3).
    """
    if not said or not asked or not asked[_SOURCE_AT]:
        return 0
    if said[:_SCOPE_AT] != asked[:_SCOPE_AT] or said[_SCOPE_AT + 1 :] != asked[_SCOPE_AT + 1 :]:
        raise WireError("an answer for another client subnet than was asked for")
    return said[_SCOPE_AT]


def _check_client_subnet(data: bytes) -> None:
    """RFC 7871 §6: family (2 bytes), source and scope prefix lengths, then the address.

    The address has exactly the bytes that the source prefix reaches into, and no bit beyond it.
    """
    if len(data) < 4:
        raise WireError("a client subnet option ends within its head")
    family, source, scope = int.from_bytes(data[:2], "big"), data[2], data[3]
    bits = _FAMILY_BITS.get(family)
    if bits is None:
        raise WireError(f"client subnet of family {family}")
    address = data[4:]
    if source > bits or scope or len(address) != (source + 7) // 8:
        raise WireError("a client subnet whose lengths do not fit together")
    if address and address[-1] & (0xFF >> ((source - 1) % 8 + 1)):
        raise WireError("a client subnet with bits behind its prefix")
