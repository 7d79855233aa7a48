"""Names of the house: local records of any type, wildcards below them, and reverse names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final, NamedTuple

from sinkhole.dns.policy.blocking import SyntheticReply, soa
from sinkhole.dns.wire import numbers as n
from sinkhole.dns.wire.name import from_text, to_text
from sinkhole.dns.wire.reply import Record
from sinkhole.model.verdict import Cause

LocalRecords = Mapping[str, Iterable[tuple[int, bytes]]]
"""Records by name, or by `*.name` for every name below it: pairs of type and wire rdata."""

LOCAL_RECORDS: Final = Cause("local records")
HOSTS_FILE: Final = Cause("hosts file")

MOST_LINKS: Final = 8
"""CNAMEs that lead from name to name in the house; SERVFAIL beyond, as then they are a circle."""

MOST_BYTES: Final = 32_768
"""Rdata of one name and type; more would not fit a reply."""

_WILDCARD: Final = "*."
_ADDRESS_TYPES: Final = (n.Type.A, n.Type.AAAA)


class LocalAnswer(NamedTuple):
    """What is said about a local name, and by which source.

    `onward` is the name outside the house that the CNAMEs in `made` lead to, b"" if they don't:
    only an upstream can complete the answer.
    """

    cause: Cause
    made: SyntheticReply
    onward: bytes = b""


@dataclass(frozen=True, slots=True)
class _Node:
    """All records of a name, by type."""

    cause: Cause
    rdatas: dict[int, tuple[bytes, ...]] = field(default_factory=dict)

    @property
    def cname(self) -> bytes:
        """The target of its CNAME in the letter case it was given, b"" where there is none."""
        (target,) = self.rdatas.get(n.Type.CNAME, (b"",))
        return target


class LocalNames:
    """Answers for local records; raises ValueError, naming the name, for what can't be answered.

    An exact name beats a wildcard, a longer wildcard beats a shorter one. A name has no records
    of types that are not given for it (NOERROR, empty), but a CNAME leads on, whatever is asked.
    A CNAME to the name itself takes it out of a wildcard: it is no local name then. The first
    exact name of an address is what its reverse name (PTR) says, where no record says it.
    `weaker` are records of the machine's hosts file: names that `records` cover are left out.
    """

    def __init__(
        self,
        records: LocalRecords | None = None,
        ttl_s: int = 60,
        weaker: LocalRecords | None = None,
    ) -> None:
        self.ttl_s = ttl_s
        self._exact: dict[bytes, _Node] = {}
        self._below: dict[bytes, _Node] = {}
        self._add(records or {}, LOCAL_RECORDS)
        stronger = frozenset(self._exact), dict(self._below)
        self._add(weaker or {}, HOSTS_FILE)
        self._drop_covered(*stronger)
        self._size = len(self._exact) + len(self._below)
        self._add_reverse_names()

    def __len__(self) -> int:
        """The number of names and wildcards given."""
        return self._size

    def answer(self, name: bytes, qtype: int) -> LocalAnswer | None:
        """The answer about a lower-cased wire name, or None if it is not a local name."""
        if name not in self._exact and not self._below:
            return None  # nearly every name
        node = self._find(name)
        if node is None:
            return None
        cause, links = node.cause, list[Record]()
        while node is not None:
            target = node.cname
            if not target or qtype == n.Type.CNAME:
                return LocalAnswer(cause, self._end(name, qtype, node, links))
            if len(links) == MOST_LINKS:
                return LocalAnswer(cause, SyntheticReply(n.Rcode.SERVFAIL))
            links.append(Record(name, n.Type.CNAME, self.ttl_s, target))
            name = target.lower()
            node = self._find(name)
        return LocalAnswer(cause, SyntheticReply(n.Rcode.NOERROR, tuple(links)), onward=name)

    def _end(self, name: bytes, qtype: int, node: _Node, links: list[Record]) -> SyntheticReply:
        rdatas = node.rdatas.get(qtype, ())
        answer = (*links, *(Record(name, qtype, self.ttl_s, rdata) for rdata in rdatas))
        authority = () if rdatas else (soa(name, self.ttl_s),)
        return SyntheticReply(n.Rcode.NOERROR, answer, authority)

    def _find(self, name: bytes) -> _Node | None:
        """The records that apply to a name, if it is one of the house."""
        node = self._exact.get(name)
        if node is None and self._below:
            node = _longest(self._below, name)
        return None if node is None or node.cname.lower() == name else node

    def _add(self, records: LocalRecords, cause: Cause) -> None:
        for name, values in records.items():
            is_wildcard = name.startswith(_WILDCARD)
            nodes = self._below if is_wildcard else self._exact
            wire_name = from_text(name.removeprefix(_WILDCARD))
            nodes.setdefault(wire_name, _node(name, values, cause))

    def _drop_covered(self, exact: frozenset[bytes], below: dict[bytes, _Node]) -> None:
        for name in [*self._exact] if below else ():
            if name not in exact and _longest(below, name):
                del self._exact[name]

    def _add_reverse_names(self) -> None:
        for name, node in list(self._exact.items()):
            for rtype in _ADDRESS_TYPES:
                for packed in node.rdatas.get(rtype, ()):
                    reverse = from_text(ip_address(packed).reverse_pointer)
                    there = self._exact.setdefault(reverse, _Node(node.cause))
                    there.rdatas.setdefault(n.Type.PTR, (name,))


def _longest(below: dict[bytes, _Node], name: bytes) -> _Node | None:
    """The records of the longest wildcard that covers a name."""
    position = 0
    while size := name[position]:
        position += size + 1
        if (node := below.get(name[position:])) is not None:
            return node
    return None


def _node(name: str, values: Iterable[tuple[int, bytes]], cause: Cause) -> _Node:
    rdatas: dict[int, tuple[bytes, ...]] = {}
    for rtype, rdata in values:
        rdatas[rtype] = (*rdatas.get(rtype, ()), rdata)
    for problem in _problems(rdatas):
        raise ValueError(f"local records of {name}: {problem}")
    return _Node(cause, rdatas)


def _problems(rdatas: dict[int, tuple[bytes, ...]]) -> Iterator[str]:
    targets = rdatas.get(n.Type.CNAME, ())
    if len(targets) > 1:
        told = " and ".join(to_text(target) for target in targets[:2])
        yield f"a name can have one CNAME only, not {told}"
    if targets and len(rdatas) > 1:
        yield "a name with a CNAME can have no other records"
    for rtype, values in rdatas.items():
        if sum(len(rdata) + 12 for rdata in values) > MOST_BYTES:
            yield f"more than {MOST_BYTES} bytes of {n.type_name(rtype)} records"
        if rtype == n.Type.A and any(len(rdata) != 4 for rdata in values):
            yield "an A record holds 4 bytes"
        if rtype == n.Type.AAAA and any(len(rdata) != 16 for rdata in values):
            yield "an AAAA record holds 16 bytes"
