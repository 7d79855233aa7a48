"""How clients find the encrypted DNS of this very server (DDR, RFC 9462).

A client that was given an address by DHCP asks it `_dns.resolver.arpa SVCB`, and changes over to
what is named there, if the certificate there is for that address, or the address is a private one.
A client that knows a name asks `_dns.NAME SVCB` (RFC 9461 §3).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from sinkhole.dns.filter.language.line import Address
from sinkhole.dns.policy.blocking import SyntheticReply, soa
from sinkhole.dns.wire import numbers as n
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.reply import Record
from sinkhole.dns.wire.text.rdata import rdata_from_text

TTL_S: Final = 300
"""Certificates and listeners come and go: clients are to look again soon."""

MOST_SERVICES: Final = 8
"""Records of one name: a client takes the first that it can use."""

MOST_HINTS: Final = 8
"""Addresses of each family in one record; the others are left out, as a reply must hold them."""

_ANYBODYS: Final = from_text("_dns.resolver.arpa")


class DesignatedService(NamedTuple):
    """An encrypted listener by the name in its certificate.

    `alpn` are its protocols: dot, doq, h2 and h3 (RFC 9461 §4, RFC 9250 §4.1.1). `path` is for
    those over HTTP: a URI template such as `/dns-query{?dns}` (RFC 9461 §5), else "". `addresses`
    are where it listens, as far as that is known.
    """

    name: str
    alpn: tuple[str, ...]
    port: int
    path: str = ""
    addresses: tuple[Address, ...] = ()


class Designated:
    """The services, the preferred one first; raises ValueError for what is no name or parameter."""

    def __init__(self, services: Iterable[DesignatedService] = ()) -> None:
        self._records: dict[bytes, list[bytes]] = {}
        for priority, service in enumerate(services, start=1):
            rdata = rdata_from_text(n.Type.SVCB, _text(priority, service))
            for name in (_ANYBODYS, from_text(f"_dns.{service.name}")):
                there = self._records.setdefault(name, [])
                if len(there) < MOST_SERVICES:
                    there.append(rdata)

    def answer(self, name: bytes, qtype: int) -> SyntheticReply | None:
        """What is said about a lower-cased wire name by which clients look for services, if any."""
        rdatas = self._records.get(name)
        if rdatas is None:
            return None
        if qtype != n.Type.SVCB:
            return SyntheticReply(n.Rcode.NOERROR, authority=(soa(name, TTL_S),))
        records = tuple(Record(name, qtype, TTL_S, rdata) for rdata in rdatas)
        return SyntheticReply(n.Rcode.NOERROR, records)


def _text(priority: int, service: DesignatedService) -> str:
    """The data of the record as zone files write it."""
    params = [f"alpn={','.join(service.alpn)}", f"port={service.port}"]
    if service.path:
        params.append(f"dohpath={service.path}")
    for version in (4, 6):
        hints = [str(each) for each in service.addresses if each.version == version][:MOST_HINTS]
        if hints:
            params.append(f"ipv{version}hint={','.join(hints)}")
    return f"{priority} {service.name.removesuffix('.')}. {' '.join(params)}"
