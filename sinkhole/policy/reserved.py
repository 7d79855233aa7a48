"""Names nobody upstream may be asked about, answered here.

The special-use names: RFC 6761 (localhost, invalid, test), 6762 §22.1 (local), 7686 (onion), 8375
(home.arpa), 9476 (alt), 9462 §6.1 (resolver.arpa); and the reverse zones of addresses that only
mean something inside the house: RFC 6303 §4, 7793. Asking the public DNS about them tells
strangers about the house and never gives an answer.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import Final

from sinkhole.policy.blocking import Refusal, soa
from sinkhole.wire import numbers as n
from sinkhole.wire.name import ancestors, from_text, is_below
from sinkhole.wire.reply import Record

TTL_S: Final = 3600

_LOCALHOST: Final = from_text("localhost")
_RESOLVER: Final = from_text("resolver.arpa")
_LOOPBACK: Final[dict[int, IPv4Address | IPv6Address]] = {
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
_ZONES: Final = {from_text(name): "special-use name" for name in _SPECIAL} | {
    from_text(name): "private reverse zone" for name in _REVERSE
}
# One comparison of endings tells nearly every other name that it is not reserved.
_ENDINGS: Final = tuple({list(ancestors(zone))[-2] for zone in _ZONES})


def reserved_zone(name: bytes) -> tuple[bytes, str] | None:
    """The reserved zone a lower-cased wire name lies in, and what kind of zone it is."""
    if not name.endswith(_ENDINGS):
        return None
    position = 0
    while size := name[position]:
        kind = _ZONES.get(name[position:])
        if kind is not None:
            return name[position:], kind
        position += size + 1
    return None


def answer_reserved(name: bytes, qtype: int) -> tuple[Refusal, str] | None:
    """The answer about a reserved name and what kind it is; None for all other names.

    Names in a reserved zone do not exist, but for the zone's own name, which has no records.
    Two exceptions: `localhost` and names below it are the loopback address of whoever asks, and
    the loopback addresses are called `localhost` (RFC 6761 §6.3); and everything below
    resolver.arpa exists without records, so that "no encrypted resolver here" is learnt from one
    query (RFC 9462 §6.1).
    """
    found = reserved_zone(name)
    if found is None:
        return None
    zone, kind = found
    negative = (soa(zone, TTL_S),)
    if is_below(name, _LOCALHOST):
        address = _LOOPBACK.get(qtype)
        if address is not None:
            record = Record(name, qtype, TTL_S, address.packed)
            return Refusal(n.Rcode.NOERROR, (record,)), kind
        return Refusal(n.Rcode.NOERROR, authority=negative), kind
    if name in _LOOPBACK_REVERSE:
        if qtype == n.Type.PTR:
            record = Record(name, qtype, TTL_S, _LOCALHOST)
            return Refusal(n.Rcode.NOERROR, (record,)), kind
        return Refusal(n.Rcode.NOERROR, authority=negative), kind
    exists = name == zone or zone == _RESOLVER
    rcode = n.Rcode.NOERROR if exists else n.Rcode.NXDOMAIN
    return Refusal(rcode, authority=negative), kind
