"""What is answered here whatever lists say: special questions, and special-use names.

Special questions get no usual answer whatever the name: other classes, transfers, ANY.

Special-use names are those nobody upstream may be asked about: RFC 6761 (localhost, invalid,
test), 6762 §22.1 (local), 7686 (onion), 8375 (home.arpa), 9476 (alt), 9462 §6.1 (resolver.arpa);
and the reverse zones of addresses that only mean something inside the house: RFC 6303 §4, 7793.
Asking the public DNS about them tells strangers about the house and never gives an answer. A
server of the house may know some of them: those a route can lead to it.
"""

from __future__ import annotations

from functools import cache
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from sinkhole.dns.filter.language.line import Address
from sinkhole.dns.policy.blocking import SyntheticReply, soa
from sinkhole.dns.policy.designated import Designated
from sinkhole.dns.wire import numbers as n
from sinkhole.dns.wire.name import ancestors, from_text, is_below
from sinkhole.dns.wire.reply import Record

TTL_S: Final = 3600

_LOCALHOST: Final = from_text("localhost")
_RESOLVER: Final = from_text("resolver.arpa")
_LOOPBACK: Final[dict[int, Address]] = {
    int(n.Type.A): IPv4Address("127.0.0.1"),
    int(n.Type.AAAA): IPv6Address("::1"),
}
_LOOPBACK_REVERSE: Final = {from_text(ip.reverse_pointer) for ip in _LOOPBACK.values()}

_SPECIAL: Final = (
    "localhost",
    "resolver.arpa",
    "invalid",
    "test",
    "onion",
    "home.arpa",
    "alt",
    "local",
)
_REVERSE: Final = (
    "0.in-addr.arpa",
    "10.in-addr.arpa",
    "127.in-addr.arpa",
    "254.169.in-addr.arpa",
    *(f"{i}.172.in-addr.arpa" for i in range(16, 32)),
    "168.192.in-addr.arpa",
    *(f"{i}.100.in-addr.arpa" for i in range(64, 128)),
    "2.0.192.in-addr.arpa",
    "100.51.198.in-addr.arpa",
    "113.0.203.in-addr.arpa",
    "255.255.255.255.in-addr.arpa",
    IPv6Address("::").reverse_pointer,
    IPv6Address("::1").reverse_pointer,
    "8.b.d.0.1.0.0.2.ip6.arpa",
    "c.f.ip6.arpa",
    "d.f.ip6.arpa",
    *(f"{digit}.e.f.ip6.arpa" for digit in "89ab"),
)
_KINDS: Final = {from_text(name): "special-use name" for name in _SPECIAL} | {
    from_text(name): "private reverse zone" for name in _REVERSE
}

_NEVER_ASKED: Final = tuple(
    from_text(name)
    for name in (
        *("localhost", "resolver.arpa", "invalid", "onion", "alt"),
        *("0.in-addr.arpa", "127.in-addr.arpa", "255.255.255.255.in-addr.arpa"),
        IPv6Address("::").reverse_pointer,
        IPv6Address("::1").reverse_pointer,
    )
)
"""Zones that no server at all may be asked about, not even one of the house."""

DESIGNATED: Final = "encrypted DNS of this server"

_HINFO: Final = b"\x07RFC8482\x00"
_META_TYPES: Final = range(128, 256)


def answer_special(name: bytes, qtype: int, qclass: int) -> tuple[SyntheticReply, str] | None:
    """The answer and the reason for it, or None for usual questions.

    Classes other than IN are refused, CHAOS among them: it would tell our version (RFC 6895
    §3.2). Zone transfers are refused (RFC 5936 §2.2), and so are all other types that ask for
    an action instead of records. ANY is answered with HINFO instead of everything there is, as
    that is only good for amplification (RFC 8482 §4.2).
    """
    if qclass != n.CLASS_IN:
        return SyntheticReply(n.Rcode.REFUSED), "class other than IN"
    if qtype == n.Type.ANY:
        record = Record(name, n.Type.HINFO, TTL_S, _HINFO)
        return SyntheticReply(n.Rcode.NOERROR, (record,)), "ANY is not served"
    if qtype in _META_TYPES or qtype in (0, n.Type.OPT):
        return SyntheticReply(n.Rcode.REFUSED), f"{n.type_name(qtype)} is not served"
    return None


class Reserved:
    """Answers for reserved names: for all of them, or, where the settings say so, for fewer.

    `names` is about all but resolver.arpa, `discovery` about that: clients are told what encrypted
    resolvers there are here, which are the `designated` ones. Whoever switches it off lets them
    find the one that an upstream recommends, and leave us for it.
    """

    def __init__(
        self, *, names: bool = True, discovery: bool = True, designated: Designated | None = None
    ) -> None:
        self._designated = designated if discovery else None
        self._kinds, self._endings = _zones(names=names, discovery=discovery)

    def zone_of(self, name: bytes) -> tuple[bytes, str] | None:
        """The reserved zone a lower-cased wire name lies in, and what kind of zone it is."""
        if not name.endswith(self._endings):
            return None
        position = 0
        while size := name[position]:
            kind = self._kinds.get(name[position:])
            if kind is not None:
                return name[position:], kind
            position += size + 1
        return None

    @staticmethod
    def may_be_routed(name: bytes) -> bool:
        """Whether a server of the house may be asked about a reserved name, where a route says so.

        Not about those that no DNS server may know: RFC 6761 §6.3 and §6.4, 7686 §2, 9476 §2, 9462
        §6.1.
        """
        return not any(is_below(name, zone) for zone in _NEVER_ASKED)

    def answer(self, name: bytes, qtype: int) -> tuple[SyntheticReply, str] | None:
        """The answer about a reserved name and what kind it is; None for all other names.

        Names in a reserved zone do not exist, but for the zone's own name, which has no records.
        Two exceptions: `localhost` and names below it are the loopback address of whoever asks,
        and the loopback addresses are called `localhost` (RFC 6761 §6.3); and everything below
        resolver.arpa exists, and has no records but those of designated resolvers, so that "no
        encrypted resolver here" is learnt from one query (RFC 9462 §6.1).
        """
        if self._designated is not None:
            told = self._designated.answer(name, qtype)
            if told is not None:
                return told, DESIGNATED
        found = self.zone_of(name)
        if found is None:
            return None
        zone, kind = found
        if (record := _record_of(name, qtype)) is not None:
            return SyntheticReply(n.Rcode.NOERROR, (record,)), kind
        exists = name == zone or zone in (_LOCALHOST, _RESOLVER) or name in _LOOPBACK_REVERSE
        rcode = n.Rcode.NOERROR if exists else n.Rcode.NXDOMAIN
        return SyntheticReply(rcode, authority=(soa(zone, TTL_S),)), kind


def _record_of(name: bytes, qtype: int) -> Record | None:
    """The address of localhost, or the name of the loopback addresses."""
    if is_below(name, _LOCALHOST) and (address := _LOOPBACK.get(qtype)):
        return Record(name, qtype, TTL_S, address.packed)
    if name in _LOOPBACK_REVERSE and qtype == n.Type.PTR:
        return Record(name, qtype, TTL_S, _LOCALHOST)
    return None


@cache
def _zones(*, names: bool, discovery: bool) -> tuple[dict[bytes, str], tuple[bytes, ...]]:
    """Each reserved zone and what kind it is, and how they end: one comparison tells nearly every
    other name that it is not reserved. Once for all groups that have the same."""
    kinds = {
        zone: kind for zone, kind in _KINDS.items() if (discovery if zone == _RESOLVER else names)
    }
    return kinds, tuple({list(ancestors(zone))[-2] for zone in kinds})
