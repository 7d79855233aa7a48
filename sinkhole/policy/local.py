"""Names of the house: local records, wildcards below them, and the reverse of both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from sinkhole.policy.blocking import Refusal, soa
from sinkhole.wire import numbers as n
from sinkhole.wire.name import from_text
from sinkhole.wire.reply import Record

Address = IPv4Address | IPv6Address

_WILDCARD: Final = "*."
_VERSIONS: Final[dict[int, int]] = {n.Type.A: 4, n.Type.AAAA: 6}


class LocalNames:
    """Answers for the local records of the settings.

    `records` maps a name, or `*.name` for every name below it, to addresses. An exact name beats
    a wildcard, a longer wildcard beats a shorter one. A name that has addresses of one family
    only has no records of the other (NOERROR, empty). The first exact name of an address is also
    what its reverse name (PTR) says.
    """

    def __init__(self, records: Mapping[str, Iterable[Address | str]], ttl_s: int = 60) -> None:
        self.ttl_s = ttl_s
        self._exact: dict[bytes, list[Address]] = {}
        self._below: dict[bytes, list[Address]] = {}
        self._reverse: dict[bytes, bytes] = {}
        for name, values in records.items():
            addresses = [ip_address(str(value)) for value in values]
            if name.startswith(_WILDCARD):
                self._below[from_text(name.removeprefix(_WILDCARD))] = addresses
                continue
            wire_name = from_text(name)
            self._exact[wire_name] = addresses
            for address in addresses:
                self._reverse.setdefault(from_text(address.reverse_pointer), wire_name)

    def __len__(self) -> int:
        """The number of names and wildcards."""
        return len(self._exact) + len(self._below)

    def answer(self, name: bytes, qtype: int) -> Refusal | None:
        """The answer about a lower-cased wire name, or None if it is not a local name."""
        host = self._reverse.get(name)
        if host is not None:
            records = (Record(name, n.Type.PTR, self.ttl_s, host),) if qtype == n.Type.PTR else ()
            return self._reply(name, records)
        addresses = self._exact.get(name)
        if addresses is None:
            addresses = self._wildcard(name)
        if addresses is None:
            return None
        version = _VERSIONS.get(qtype)
        found = [address.packed for address in addresses if address.version == version]
        return self._reply(name, tuple(Record(name, qtype, self.ttl_s, rdata) for rdata in found))

    def _wildcard(self, name: bytes) -> list[Address] | None:
        if not self._below:
            return None
        position = 0
        while size := name[position]:
            position += size + 1
            if (addresses := self._below.get(name[position:])) is not None:
                return addresses
        return None

    def _reply(self, name: bytes, records: tuple[Record, ...]) -> Refusal:
        if records:
            return Refusal(n.Rcode.NOERROR, records)
        return Refusal(n.Rcode.NOERROR, authority=(soa(name, self.ttl_s),))
