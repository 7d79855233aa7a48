"""The records that a fake upstream has, and what they say about a question."""

from __future__ import annotations

from typing import Final

import dnslib

_SOA: Final = ". 300 IN SOA ns.example. host.example. 1 2 3 4 60"


class Records:
    """Names without records are NXDOMAIN with a SOA; other types of a known name are NODATA.

    What is known of "*" is said of every name that has nothing of its own.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], list[dnslib.RR]] = {}

    def add(self, name: str, type_: str, rdatas: list[str], ttl: int) -> None:
        """Have these records, in place of others of the name and type."""
        lines = "\n".join(f"{name.rstrip('.')}. {ttl} IN {type_} {rdata}" for rdata in rdatas)
        self._known[name.rstrip(".").lower(), type_] = dnslib.RR.fromZone(lines)

    def fill(self, reply: dnslib.DNSRecord, name: str, type_: str) -> None:
        """Put the answer into an empty reply; a CNAME is followed to what else is here."""
        asked, known = name, False
        for _ in range(20):
            known = known or any(owner == name for owner, _ in self._known)
            reply.add_answer(*self._known.get((name, type_), []))
            cname = self._known.get((name, "CNAME"))
            if (name, type_) in self._known or cname is None:
                break
            reply.add_answer(*cname)
            name = str(cname[0].rdata).rstrip(".").lower()
        if not reply.rr and not known:
            for rr in self._known.get(("*", type_), []):
                reply.add_answer(dnslib.RR(asked, rr.rtype, rr.rclass, rr.ttl, rr.rdata))
        if not reply.rr:
            reply.header.rcode = dnslib.RCODE.NOERROR if known else dnslib.RCODE.NXDOMAIN
            reply.add_auth(*dnslib.RR.fromZone(_SOA))


def unknown(wire: bytes) -> bytes:
    """NXDOMAIN to a query whose name dnslib can't read."""
    end = 12
    while wire[end]:
        end += wire[end] + 1
    return wire[:2] + b"\x81\x83\0\1" + bytes(6) + wire[12 : end + 5]
