"""The rules of a list, gathered line by line while it is compiled, and put together at the end.

Most lists are names and nothing else, and long. So the keys are kept as lines of one buffer with
an entry each, and only what several rules share, or what is more than a name, gets details.
"""

from __future__ import annotations

import io
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import marisa_trie

from sinkhole.dns.filter.compiled import entry
from sinkhole.dns.filter.compiled.bloom import bloom_filter_of
from sinkhole.dns.filter.compiled.details import CompiledRule, encode, is_plain, join
from sinkhole.dns.filter.compiled.grams import PatternWriter
from sinkhole.dns.filter.compiled.key import network_key, rule_key, text_key
from sinkhole.dns.filter.language.line import ALWAYS, Conditions, Kind, Rule, Scope

MAX_CRITERIA = 10_000
"""The most clients, networks and tags that the rules of one list may name in all."""

ALLOWS_NOTHING = "$dnsrewrite in an allow list: it allows nothing"


@dataclass(frozen=True, slots=True)
class Parts:
    """A list's rules in the parts a list file is made of.

    `entries` holds one entry (see `entry`) for each key of `trie`, by the key's id. A detailed
    one is the number of a record: `details[offsets[n]:offsets[n + 1]]`. `patterns` is for a
    `PatternIndex`, `bloom_filter` for `BloomFilters`, and `criteria` is what the rules ask about
    clients (see `traits`).
    """

    trie: Any
    entries: array[int]
    offsets: array[int]
    details: bytes
    patterns: bytes
    bloom_filter: bytes
    criteria: frozenset[str]


@dataclass(slots=True)
class Collector:
    """Takes the rules of one list; `kind` is what the list is for.

    `duplicates` is how often a name, network or pattern was said again; complete when finished.
    """

    kind: Kind
    keys: io.BytesIO = field(default_factory=io.BytesIO)
    entries: array[int] = field(default_factory=lambda: array(entry.TYPECODE))
    detailed: list[bytes] = field(default_factory=list)
    patterns: PatternWriter = field(default_factory=PatternWriter)
    criteria: set[str] = field(default_factory=set)
    duplicates: int = 0

    def __len__(self) -> int:
        return len(self.entries) + len(self.patterns)

    def plain_adder(self) -> Callable[[bytes, Scope, bool, int], None]:
        """A function that adds a plain block rule: text of the name, scope, hosts line?, line."""
        allow = entry.ALLOW if self.kind == "allow" else 0
        below = {scope: entry.BELOW if scope is Scope.BELOW else 0 for scope in Scope}
        write_key, append = self.keys.write, self.entries.append

        def add(name: bytes, scope: Scope, hosts: bool, line: int) -> None:
            write_key(text_key(name, scope) + b"\n")
            append(allow | below[scope] | (0 if hosts else entry.NETWORK) | line)

        return add

    def add(self, rule: Rule, line: int) -> None:
        """Add the rule on a line. ValueError, with the reason, if it can't be used after all."""
        if self.kind == "allow" and rule.is_dnsrewrite and not rule.badfilter:
            raise ValueError(ALLOWS_NOTHING)
        flags = self._flags(rule)
        self._note_criteria(rule.conditions)
        if rule.pattern:
            encoded = encode(CompiledRule.of(rule, line, flags))
            new = self.patterns.add(rule.pattern, encoded, narrowed=rule.conditions != ALWAYS)
            self.duplicates += not new
            return
        value = flags | line
        if not is_plain(rule):
            value = entry.DETAILED | len(self.detailed)
            self.detailed.append(encode(CompiledRule.of(rule, line, flags)))
        for name in rule.names:
            self._append(rule_key(name, rule.scope), value)
        for network in rule.networks:
            self._append(network_key(network), value)

    def _append(self, key: bytes, value: int) -> None:
        self.keys.write(key + b"\n")
        self.entries.append(value)

    def _flags(self, rule: Rule) -> int:
        allow = rule.allow or self.kind == "allow"
        return (
            (entry.IMPORTANT if rule.important else 0)
            | (entry.ALLOW if allow else 0)
            | (0 if rule.hosts else entry.NETWORK)
            | (entry.BELOW if rule.names and rule.scope is Scope.BELOW else 0)
        )

    def _note_criteria(self, conditions: Conditions) -> None:
        asked = conditions.clients | conditions.not_clients | conditions.tags | conditions.not_tags
        if len(self.criteria | asked) > MAX_CRITERIA:
            raise ValueError(f"more than {MAX_CRITERIA} clients are named in one list")
        self.criteria |= asked

    def finish(self) -> Parts:
        """Put everything together; nothing may be added after that."""
        trie = marisa_trie.BinaryTrie(self._stored_keys())
        merged, shared = self._merge(trie)
        offsets, details = array("Q", [0]), io.BytesIO()
        numbers: dict[bytes, int] = {}
        for index, values in shared.items():
            record = join(map(self._encoded, values))
            number = numbers.setdefault(record, len(numbers))
            if number == len(offsets) - 1:
                offsets.append(details.tell() + details.write(record))
            merged[index] = entry.DETAILED | number
        self.duplicates += len(self.entries) - len(trie)
        patterns, criteria = self.patterns.data(), frozenset(self.criteria)
        bloom_filter = bloom_filter_of(trie.iterkeys())
        return Parts(trie, merged, offsets, details.getvalue(), patterns, bloom_filter, criteria)

    def _merge(self, trie: Any) -> tuple[array[int], dict[int, list[int]]]:
        """One entry for each key, and all entries of those keys that need details.

        Of plain rules that say the same about a key only the first is kept.
        """
        merged = array(entry.TYPECODE, bytes(entry.SIZE * len(trie)))
        shared: dict[int, list[int]] = {}
        identify = trie.get
        for key, new in zip(self._stored_keys(), self.entries, strict=True):
            index = identify(key)
            old = merged[index]
            if not old and new < entry.DETAILED:
                merged[index] = new
            elif new >= entry.DETAILED or entry.flags_of(new) != entry.flags_of(old):
                values = shared.setdefault(index, [old] if old else [])
                is_known = new < entry.DETAILED and any(
                    entry.flags_of(new) == entry.flags_of(each) for each in values
                )
                if not is_known:
                    values.append(new)
                merged[index] = merged[index] or new
        return merged, shared

    def _encoded(self, value: int) -> bytes:
        if value >= entry.DETAILED:
            return self.detailed[entry.line_of(value)]
        return encode(CompiledRule.plain(value))

    def _stored_keys(self) -> Iterator[bytes]:
        self.keys.seek(0)
        for key in self.keys:
            yield key[:-1]
