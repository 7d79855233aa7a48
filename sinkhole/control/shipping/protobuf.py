"""Fields of protobuf messages (its wire format), as far as dnstap has any."""

from __future__ import annotations

from typing import Final

_VARINT: Final = 0
_BYTES: Final = 2
_FIXED32: Final = 5


def varint(number: int) -> bytes:
    """A number that is not negative, seven bits a byte, the lowest first."""
    if number < 0x80:
        return bytes((number,))
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def number_field(field: int, number: int) -> bytes:
    """A field of kind uint32, uint64 or enum."""
    return varint(field << 3 | _VARINT) + varint(number)


def fixed32_field(field: int, number: int) -> bytes:
    """A field of kind fixed32."""
    return varint(field << 3 | _FIXED32) + number.to_bytes(4, "little")


def bytes_field(field: int, data: bytes) -> bytes:
    """A field of kind bytes, string, or a message in one."""
    return varint(field << 3 | _BYTES) + varint(len(data)) + data
