"""DNS64: IPv6 addresses for names that have IPv4 addresses only (RFC 6147).

A network without IPv4 reaches such names through a translator (NAT64), for which an IPv4 address is
written into an IPv6 prefix (RFC 6052 §2.2). The bits 64 to 71 stay zero, so with a short prefix the
address is in two parts:

    /32   prefix (4)  v4 (4)              u  zeros
    /40   prefix (5)  v4 (3)              u  v4 (1)  zeros
    /48   prefix (6)  v4 (2)              u  v4 (2)  zeros
    /56   prefix (7)  v4 (1)              u  v4 (3)  zeros
    /64   prefix (8)                      u  v4 (4)  zeros
    /96   prefix (12)                                v4 (4)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from ipaddress import IPv4Address, IPv6Address, IPv6Network
from typing import Final

from sinkhole.dns.policy.blocking import SyntheticReply, soa
from sinkhole.dns.policy.refused_addresses import is_private
from sinkhole.dns.policy.special_use import TTL_S
from sinkhole.dns.wire import numbers as n
from sinkhole.dns.wire.name import from_text, is_below, labels
from sinkhole.dns.wire.question import Question
from sinkhole.dns.wire.reply import Record, Reply
from sinkhole.model.verdict import Cause

DNS64: Final = Cause("DNS64")

WELL_KNOWN: Final = IPv6Network("64:ff9b::/96")
"""The prefix of RFC 6052 §2.1. It may not stand before private addresses (§3.1)."""

IPV4_MAPPED: Final = IPv6Network("::ffff:0:0/96")
"""No host is reached by these, so a name with no others has no IPv6 address (§5.1.4)."""

MOST_PREFIXES: Final = 4
"""Each makes an address of every IPv4 address."""

SOA_TTL_S: Final = 600
"""How long an address made here lives at most, where no SOA says it (§5.1.7)."""

_PLACES: Final = {
    32: (4, 5, 6, 7),
    40: (5, 6, 7, 9),
    48: (6, 7, 9, 10),
    56: (7, 9, 10, 11),
    64: (9, 10, 11, 12),
    96: (12, 13, 14, 15),
}
"""Where the four bytes of the IPv4 address stand, by prefix length."""

_U_AT: Final = 8
_NOT_REACHED: Final = (0, 127, *range(224, 256))
"""First bytes of IPv4 addresses that are no host's: this network, loopback, multicast, reserved."""

_IP6_ARPA: Final = from_text("ip6.arpa")
_NIBBLES: Final = {digit.encode(): value for value, digit in enumerate("0123456789abcdef")}

_IPV4ONLY: Final = from_text("ipv4only.arpa")
_IPV4ONLY_ADDRESSES: Final = tuple(IPv4Address(f"192.0.0.{last}").packed for last in (170, 171))
_IPV4ONLY_REVERSE: Final = tuple(
    from_text(IPv4Address(packed).reverse_pointer) for packed in _IPV4ONLY_ADDRESSES
)


class Dns64:
    """Makes IPv6 addresses with each of the `prefixes`, and takes those in `excluded` for none.

    `settings` are a few bytes that are the same for the same prefixes and excluded networks. Raises
    ValueError, with a text fit for people, for what cannot be a prefix.
    """

    def __init__(
        self,
        prefixes: Iterable[IPv6Network] = (WELL_KNOWN,),
        excluded: Iterable[IPv6Network] = (IPV4_MAPPED,),
    ) -> None:
        self.prefixes, self.excluded = tuple(prefixes), tuple(excluded)
        if not 1 <= len(self.prefixes) <= MOST_PREFIXES:
            raise ValueError(f"DNS64 takes 1 to {MOST_PREFIXES} prefixes, not {len(self.prefixes)}")
        for prefix in self.prefixes:
            _check(prefix)
        told = " ".join(map(str, (*self.prefixes, "but", *self.excluded)))
        self.settings = blake2b(told.encode(), digest_size=8).digest()

    @staticmethod
    def is_for(question: Question) -> bool:
        """Whether a question is for an address that may be made here.

        Not for clients that validate for themselves: they set DO and CD (§5.5).
        """
        return question.qtype == n.Type.AAAA and not (question.do and question.cd)

    def without_excluded(self, reply: Reply) -> Reply:
        """The reply to a question for AAAA without the addresses that count for none (§5.1.4)."""
        if not any(self._is_excluded(record) for record in reply.answer):
            return reply
        return reply._replace(
            answer=tuple(record for record in reply.answer if not self._is_excluded(record))
        )

    @staticmethod
    def lacks_addresses(reply: Reply) -> bool:
        """Whether the name of a reply to a question for AAAA is there and has none (§5.1.1)."""
        return reply.rcode == n.Rcode.NOERROR and not any(
            record.rtype == n.Type.AAAA for record in reply.answer
        )

    def made_of(self, ipv4: Reply, ipv6: Reply, *, private: bool) -> Reply:
        """The reply with addresses made of those in `ipv4`; `ipv6` itself where none can be made.

        `ipv4` and `ipv6` are the replies to the question for A and to that for AAAA. CNAMEs stay
        as they are (§5.1.5); of the client subnets the narrower counts. `private` makes even the
        well-known prefix stand before private addresses: where the answer is refused for them.
        """
        most_s = _negative_ttl_s(ipv6)
        answer: list[Record] = []
        for record in ipv4.answer:
            if record.rtype != n.Type.A:
                answer.append(record)
                continue
            ttl_s = min(record.ttl, most_s)
            answer += (
                Record(record.name, n.Type.AAAA, ttl_s, packed)
                for packed in self.addresses_for(record.rdata, private=private)
            )
        subnet = max(ipv4.subnet, ipv6.subnet, key=_scope)
        if not any(record.rtype == n.Type.AAAA for record in answer):
            return ipv6 if ipv6.subnet == subnet else ipv6._replace(subnet=subnet)
        made = Reply(n.Rcode.NOERROR, False, False, tuple(answer), ipv4.authority)
        return made._replace(subnet=subnet)

    def addresses_for(self, packed: bytes, *, private: bool = False) -> Iterator[bytes]:
        """The IPv6 addresses that stand for an IPv4 address (both packed); perhaps none."""
        if len(packed) != 4 or packed[0] in _NOT_REACHED:
            return
        for prefix in self.prefixes:
            if prefix == WELL_KNOWN and is_private(packed) and not private:
                continue  # RFC 6052 §3.1
            made = bytearray(prefix.network_address.packed)
            for place, byte in zip(_PLACES[prefix.prefixlen], packed, strict=True):
                made[place] = byte
            yield bytes(made)

    def ipv4_in(self, packed: bytes) -> bytes:
        """The IPv4 address that an IPv6 address stands for (both packed), b"" if for none."""
        for prefix in self.prefixes:
            size = prefix.prefixlen // 8
            if packed[:size] == prefix.network_address.packed[:size] and not packed[_U_AT]:
                return bytes(packed[place] for place in _PLACES[prefix.prefixlen])
        return b""

    def target(self, name: bytes, qtype: int) -> bytes:
        """The reverse name of the IPv4 address that a reverse name is about (lower-cased, wire).

        b"" for all but PTR questions about addresses with a prefix of ours: to those a CNAME leads
        (§5.3.1).
        """
        if qtype != n.Type.PTR or not name.endswith(_IP6_ARPA):
            return b""
        nibbles = [_NIBBLES.get(label, 16) for label in labels(name[: -len(_IP6_ARPA)] + b"\0")]
        if len(nibbles) != 32 or 16 in nibbles:
            return b""
        pairs = zip(nibbles[::-2], nibbles[-2::-2], strict=True)
        ipv4 = self.ipv4_in(bytes(high << 4 | low for high, low in pairs))
        return from_text(IPv4Address(ipv4).reverse_pointer) if ipv4 else b""

    def answer(self, name: bytes, qtype: int) -> SyntheticReply | None:
        """The answer about `ipv4only.arpa`, by which hosts learn the prefix (RFC 7050 §3), or None.

        A server with DNS64 asks nobody about it and is its authority (RFC 8880 §7.1): it and the
        reverse names of its addresses have fixed records.
        """
        zone = next((z for z in (_IPV4ONLY, *_IPV4ONLY_REVERSE) if is_below(name, z)), None)
        if zone is None:
            return None
        authority = (soa(zone, TTL_S),)
        if name != zone:
            return SyntheticReply(n.Rcode.NXDOMAIN, authority=authority)
        records = tuple(Record(name, qtype, TTL_S, rdata) for rdata in self._fixed(zone, qtype))
        return SyntheticReply(n.Rcode.NOERROR, records, () if records else authority)

    def _fixed(self, zone: bytes, qtype: int) -> list[bytes]:
        if zone != _IPV4ONLY:
            return [_IPV4ONLY] if qtype == n.Type.PTR else []
        if qtype == n.Type.A:
            return list(_IPV4ONLY_ADDRESSES)
        if qtype != n.Type.AAAA:
            return []
        return [
            made
            for packed in _IPV4ONLY_ADDRESSES
            for made in self.addresses_for(packed, private=True)
        ]

    def _is_excluded(self, record: Record) -> bool:
        if record.rtype != n.Type.AAAA or len(record.rdata) != 16:
            return False
        address = IPv6Address(record.rdata)
        return any(address in network for network in self.excluded)


def _check(prefix: IPv6Network) -> None:
    if prefix.prefixlen not in _PLACES:
        lengths = ", ".join(f"/{length}" for length in _PLACES)
        raise ValueError(f"{prefix} cannot be a DNS64 prefix: its length is none of {lengths}")
    if prefix.network_address.packed[_U_AT]:
        raise ValueError(f"{prefix} cannot be a DNS64 prefix: its bits 64 to 71 must be zero")


def _scope(subnet: bytes) -> bytes:
    """The byte that says for how many bits a client subnet of a reply holds (RFC 7871 §6)."""
    return subnet[3:4]


def _negative_ttl_s(ipv6: Reply) -> int:
    """How long it holds that a name has no IPv6 address: RFC 2308 §5, and 600 s without an SOA."""
    found = next((record for record in ipv6.authority if record.rtype == n.Type.SOA), None)
    if found is None or len(found.rdata) < 4:
        return SOA_TTL_S
    return min(found.ttl, int.from_bytes(found.rdata[-4:], "big"))
