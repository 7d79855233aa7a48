"""What a service binding (HTTPS and SVCB records) leads to: its target and its address hints.

    rdata    priority (2 bytes), target (wire name, never compressed), parameters
    each     key (2), length (2), value; ipv4hint is key 4, ipv6hint key 6 (RFC 9460 §2.2, §7.3);
             mandatory is key 0, and lists the keys that a client has to know (§8)

The target "." stands for the owner itself, or for "no such service" (RFC 9460 §2.5).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, NamedTuple

from sinkhole.dns.wire.name import ROOT, end_of
from sinkhole.model.errors import WireError

IPV4_HINT: Final = b"\0\4"
IPV6_HINT: Final = b"\0\6"

_TARGET_AT: Final = 2
_HINT_SIZES: Final = {IPV4_HINT: 4, IPV6_HINT: 16}
_MANDATORY: Final = b"\0\0"


class ServiceBinding(NamedTuple):
    """The target (lower-cased wire name, b"" where it is "."), and hints of 4 or 16 bytes."""

    target: bytes
    hints: list[bytes]


def read_service(rdata: bytes) -> ServiceBinding:
    """Read the rdata of one record, as far as it can be: what is broken, no client can follow."""
    try:
        position = end_of(rdata, _TARGET_AT)
    except WireError:
        return ServiceBinding(b"", [])
    target = rdata[_TARGET_AT:position].lower()
    hints: list[bytes] = []
    while position + 4 <= len(rdata):
        key, start = rdata[position : position + 2], position + 4
        position = start + int.from_bytes(rdata[position + 2 : start], "big")
        if (size := _HINT_SIZES.get(key)) and position <= len(rdata):
            hints += [rdata[at : at + size] for at in range(start, position - size + 1, size)]
    return ServiceBinding(b"" if target == ROOT else target, hints)


def without_hints(rdata: bytes, hints: Collection[bytes]) -> bytes:
    """The rdata of one record without some of IPV4_HINT and IPV6_HINT, and without a word that
    these are mandatory; from where it is broken on, it is left as it is."""
    try:
        position = end_of(rdata, _TARGET_AT)
    except WireError:
        return rdata
    kept = bytearray(rdata[:position])
    while position < len(rdata):
        key, start = rdata[position : position + 2], position + 4
        end = start + int.from_bytes(rdata[position + 2 : start], "big")
        if start > len(rdata) or end > len(rdata):
            return bytes(kept) + rdata[position:]
        value, position = rdata[start:end], end
        if key == _MANDATORY:
            named = (value[at : at + 2] for at in range(0, len(value), 2))
            value = b"".join(each for each in named if each not in hints)
        if key not in hints and (value or key != _MANDATORY):
            kept += key + len(value).to_bytes(2, "big") + value
    return bytes(kept)
