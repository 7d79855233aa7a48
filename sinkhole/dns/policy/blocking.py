"""What a refused name is answered with, by blocking mode and query type."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address
from typing import Final, NamedTuple

from sinkhole.dns.filter.language.line import Address
from sinkhole.dns.wire import numbers as n
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.reply import Record

_MNAME: Final = from_text("sinkhole.invalid")
_RNAME: Final = from_text("hostmaster.sinkhole.invalid")
_TIMERS: Final = b"".join(v.to_bytes(4, "big") for v in (1, 1800, 900, 604_800))
_NULL_IPV4: Final = IPv4Address("0.0.0.0")
_NULL_IPV6: Final = IPv6Address("::")
_ADDRESS_OR_HTTPS: Final = frozenset({n.Type.A, n.Type.AAAA, n.Type.HTTPS})

MOST_RECORDS: Final = 100
"""Records that rules give for one name; the others are left out, as no client wants them."""

MOST_BYTES: Final = 32_768
"""Rdata that rules give for one name; what is beyond is left out, as a reply must hold it."""


class Mode(StrEnum):
    """The ways to refuse a name; the same words as in the settings."""

    DEFAULT = "default"
    NULL_IP = "null_ip"
    NXDOMAIN = "nxdomain"
    NODATA = "nodata"
    REFUSED = "refused"
    CUSTOM_IP = "custom_ip"


_WITH_ADDRESS: Final = frozenset({Mode.DEFAULT, Mode.NULL_IP, Mode.CUSTOM_IP})


class SyntheticReply(NamedTuple):
    """The rcode and the records of an answer made here."""

    rcode: int
    answer: tuple[Record, ...] = ()
    authority: tuple[Record, ...] = ()


@dataclass(frozen=True, slots=True)
class Blocking:
    """How refused names are answered.

        mode         A, AAAA                              HTTPS       other types
        default      the hosts line's, 0.0.0.0 and ::     no record   no record
        null_ip      0.0.0.0 and ::                       no record   no record
        custom_ip    `ipv4` and `ipv6`                    no record   no record
        nxdomain     NXDOMAIN                             NXDOMAIN    no record
        nodata       no record                            no record   no record
        refused      REFUSED                              REFUSED     no record

    NXDOMAIN and REFUSED are said for the types that browsers ask for; for other types the answer
    is "no such record", as in AdGuard Home. A negative answer carries an SOA, so that clients
    remember it for `ttl_s` (RFC 2308 §3); without one they would ask again at once.
    """

    mode: Mode = Mode.NULL_IP
    ttl_s: int = 10
    ipv4: IPv4Address = _NULL_IPV4
    ipv6: IPv6Address = _NULL_IPV6

    def refuse(self, name: bytes, qtype: int, addresses: Iterable[Address] = ()) -> SyntheticReply:
        """The answer to a refused name (lower-cased wire form) for a query type.

        `addresses` are those of the hosts lines that refuse it, for the mode `default`.
        """
        if self.mode in _WITH_ADDRESS:
            if qtype == n.Type.A:
                return self._address(name, qtype, addresses, self.ipv4)
            if qtype == n.Type.AAAA:
                return self._address(name, qtype, addresses, self.ipv6)
        elif qtype in _ADDRESS_OR_HTTPS:
            if self.mode is Mode.NXDOMAIN:
                return self.negative(name, n.Rcode.NXDOMAIN)
            if self.mode is Mode.REFUSED:
                return SyntheticReply(n.Rcode.REFUSED)
        return self.negative(name)

    def rewrite(
        self, name: bytes, rcode: int, records: Iterable[tuple[int, bytes]]
    ) -> SyntheticReply:
        """The answer that a rule gives instead: an rcode, or records by type and rdata."""
        if rcode == n.Rcode.NOERROR and (answer := self._records(name, records)):
            return SyntheticReply(rcode, answer)
        if rcode in (n.Rcode.NOERROR, n.Rcode.NXDOMAIN):
            return self.negative(name, rcode)
        return SyntheticReply(rcode if rcode <= n.RCODE_MASK else n.Rcode.SERVFAIL)

    def negative(self, name: bytes, rcode: int = n.Rcode.NOERROR) -> SyntheticReply:
        """No such record, or with NXDOMAIN no such name."""
        return SyntheticReply(rcode, authority=(soa(name, self.ttl_s),))

    def _address(
        self, name: bytes, qtype: int, addresses: Iterable[Address], usual: Address
    ) -> SyntheticReply:
        given = [each for each in addresses if each.version == usual.version]
        if self.mode is not Mode.DEFAULT or not given:
            given = [usual]
        records = self._records(name, [(qtype, each.packed) for each in given])
        return SyntheticReply(n.Rcode.NOERROR, records)

    def _records(self, name: bytes, records: Iterable[tuple[int, bytes]]) -> tuple[Record, ...]:
        """As many as a reply can hold."""
        kept, size = list[Record](), 0
        for rtype, rdata in records:
            size += len(rdata)
            if len(kept) < MOST_RECORDS and size <= MOST_BYTES:
                kept.append(Record(name, rtype, self.ttl_s, rdata))
        return tuple(kept)


def soa(zone: bytes, ttl_s: int) -> Record:
    """An SOA of our own for a zone we answer for, whose negative answers live `ttl_s`."""
    rdata = _MNAME + _RNAME + _TIMERS + ttl_s.to_bytes(4, "big")
    return Record(zone, n.Type.SOA, ttl_s, rdata)
