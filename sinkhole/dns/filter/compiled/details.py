"""Rules that are more than a name and a line: how a compiled list holds them, as JSON.

A record holds the rules of one key, or of one pattern. It is read when something matches it, so a
list may have any number of them without a cost in memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from sinkhole.dns.filter.compiled import entry
from sinkhole.dns.filter.language.line import ALWAYS, Address, Conditions, Rewrite, Rule

MOST_REMEMBERED = 1024
"""Records of one list that are kept after being read; then remembering starts anew."""


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule as a compiled list holds it: all but what it matches.

    `flags` are those of an entry: IMPORTANT, ALLOW, NETWORK, BELOW.
    """

    line: int
    flags: int
    conditions: Conditions = ALWAYS
    rewrite: Rewrite | None = None
    badfilter: bool = False
    addresses: tuple[Address, ...] = ()

    @classmethod
    def of(cls, rule: Rule, line: int, flags: int) -> CompiledRule:
        """What is kept of a rule on a line."""
        return cls(line, flags, rule.conditions, rule.rewrite, rule.badfilter, rule.addresses)

    @classmethod
    def plain(cls, plain: int) -> CompiledRule:
        """The rule that a plain entry stands for."""
        return cls(entry.line_of(plain), entry.flags_of(plain))

    @property
    def strength(self) -> int:
        """The higher wins; see `entry`."""
        return self.flags >> entry.STRENGTH_SHIFT

    @property
    def allow(self) -> bool:
        """Whether it is an exception, or stands in an allow list."""
        return self.flags & entry.ALLOW != 0

    @property
    def important(self) -> bool:
        """Whether it carries `$important`."""
        return self.flags & entry.IMPORTANT != 0


def is_plain(rule: Rule) -> bool:
    """Whether a rule for names or networks fits into an entry, needing no details."""
    return (
        rule.conditions == ALWAYS
        and rule.rewrite is None
        and not rule.badfilter
        and not rule.addresses
    )


def encode(rule: CompiledRule) -> bytes:
    """One rule in JSON, for a record: the members of an array."""
    written: dict[str, Any] = {"line": rule.line, "flags": rule.flags}
    if rule.conditions != ALWAYS:
        written["if"] = _written_conditions(rule.conditions)
    if rule.rewrite is not None:
        written["rewrite"] = [rule.rewrite.rcode, rule.rewrite.rtype, rule.rewrite.rdata.hex()]
    if rule.badfilter:
        written["badfilter"] = True
    if rule.addresses:
        written["addresses"] = [str(address) for address in rule.addresses]
    return json.dumps(written, separators=(",", ":")).encode()


def join(rules: Iterable[bytes]) -> bytes:
    """A record of rules that `encode` made."""
    return b"[" + b",".join(rules) + b"]"


def decode(record: bytes | memoryview) -> tuple[CompiledRule, ...]:
    """The rules of a record; none for what no compiler wrote."""
    try:
        return read_rules(json.loads(bytes(record)))
    except (ValueError, RecursionError):
        return ()


def read_rules(written: Any) -> tuple[CompiledRule, ...]:
    """The rules of a record that is read as JSON already; none for what no compiler wrote."""
    try:
        return tuple(map(_read, written))
    except (TypeError, KeyError, IndexError, AttributeError, ValueError):
        return ()


class Details:
    """The records of one list: `data`, cut at `offsets`."""

    def __init__(self, offsets: Sequence[int] = (), data: bytes | memoryview = b"") -> None:
        self._offsets = offsets
        self._data = data
        self._remembered: dict[int, tuple[CompiledRule, ...]] = {}

    def rules(self, index: int) -> tuple[CompiledRule, ...]:
        """The rules of a record; none where a file says what no compiler wrote."""
        known = self._remembered.get(index)
        if known is None:
            if len(self._remembered) >= MOST_REMEMBERED:
                self._remembered.clear()
            known = self._remembered[index] = self._read(index)
        return known

    def _read(self, index: int) -> tuple[CompiledRule, ...]:
        if index + 1 >= len(self._offsets):
            return ()
        return decode(self._data[self._offsets[index] : self._offsets[index + 1]])


def _written_conditions(conditions: Conditions) -> dict[str, Any]:
    written: dict[str, Any] = {name: sorted(getattr(conditions, name)) for name in _SETS}
    written["denyallow"] = [name.hex() for name in conditions.denyallow]
    return {name: value for name, value in written.items() if value}


_SETS = ("clients", "not_clients", "tags", "not_tags", "types", "not_types")


def _read(written: dict[str, Any]) -> CompiledRule:
    rewrite = written.get("rewrite")
    conditions = written.get("if")
    return CompiledRule(
        int(written["line"]),
        int(written["flags"]) & ~(entry.DETAILED | entry.MAX_LINE_NUMBER),
        _read_conditions(conditions) if conditions else ALWAYS,
        Rewrite(int(rewrite[0]), int(rewrite[1]), bytes.fromhex(rewrite[2])) if rewrite else None,
        bool(written.get("badfilter")),
        tuple(ip_address(str(address)) for address in written.get("addresses", ())),
    )


def _read_conditions(written: dict[str, Any]) -> Conditions:
    def texts(name: str) -> frozenset[str]:
        return frozenset(map(str, written.get(name, ())))

    def numbers(name: str) -> frozenset[int]:
        return frozenset(map(int, written.get(name, ())))

    return Conditions(
        texts("clients"),
        texts("not_clients"),
        texts("tags"),
        texts("not_tags"),
        numbers("types"),
        numbers("not_types"),
        tuple(bytes.fromhex(name) for name in written.get("denyallow", ())),
    )
