"""What a refused name is answered with, by blocking mode and query type."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address
from typing import Final, NamedTuple

from sinkhole.wire import numbers as n
from sinkhole.wire.name import from_text
from sinkhole.wire.reply import Record

_MNAME: Final = from_text("sinkhole.invalid")
_RNAME: Final = from_text("hostmaster.sinkhole.invalid")
_TIMERS: Final = b"".join(v.to_bytes(4, "big") for v in (1, 1800, 900, 604_800))
_NULL_IPV4: Final = IPv4Address("0.0.0.0")
_NULL_IPV6: Final = IPv6Address("::")
_ADDRESS_OR_HTTPS: Final = frozenset({n.Type.A, n.Type.AAAA, n.Type.HTTPS})


class Mode(StrEnum):
    """The five ways to refuse a name; the same words as in the settings."""

    NULL_IP = "null_ip"
    NXDOMAIN = "nxdomain"
    NODATA = "nodata"
    REFUSED = "refused"
    CUSTOM_IP = "custom_ip"


class Refusal(NamedTuple):
    """The rcode and the records of an answer made here."""

    rcode: int
    answer: tuple[Record, ...] = ()
    authority: tuple[Record, ...] = ()


@dataclass(frozen=True, slots=True)
class Blocking:
    """How refused names are answered.

    A negative answer carries an SOA, so that clients remember it for `ttl_s` (RFC 2308 §3);
    without one they would ask again at once. NXDOMAIN and REFUSED are said for the types that
    browsers ask for; for other types the answer is "no such record", as in AdGuard Home.
    """

    mode: Mode = Mode.NULL_IP
    ttl_s: int = 10
    ipv4: IPv4Address = _NULL_IPV4
    ipv6: IPv6Address = _NULL_IPV6

    def refuse(self, name: bytes, qtype: int) -> Refusal:
        """The answer to a refused name (lower-cased wire form) for a query type."""
        if self.mode in (Mode.NULL_IP, Mode.CUSTOM_IP):
            if qtype == n.Type.A:
                return self._address(name, qtype, self.ipv4)
            if qtype == n.Type.AAAA:
                return self._address(name, qtype, self.ipv6)
        elif qtype in _ADDRESS_OR_HTTPS:
            if self.mode is Mode.NXDOMAIN:
                return Refusal(n.Rcode.NXDOMAIN, authority=(soa(name, self.ttl_s),))
            if self.mode is Mode.REFUSED:
                return Refusal(n.Rcode.REFUSED)
        return Refusal(n.Rcode.NOERROR, authority=(soa(name, self.ttl_s),))

    def _address(self, name: bytes, qtype: int, address: IPv4Address | IPv6Address) -> Refusal:
        return Refusal(n.Rcode.NOERROR, (Record(name, qtype, self.ttl_s, address.packed),))


def soa(zone: bytes, ttl_s: int) -> Record:
    """An SOA of our own for a zone we answer for, whose negative answers live `ttl_s`."""
    rdata = _MNAME + _RNAME + _TIMERS + ttl_s.to_bytes(4, "big")
    return Record(zone, n.Type.SOA, ttl_s, rdata)
