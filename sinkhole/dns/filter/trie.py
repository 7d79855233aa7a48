"""One list, ready to be asked about names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import marisa_trie

from sinkhole.dns.filter.compiled import entry
from sinkhole.dns.filter.compiled.compile import Compiled, compile_lines, compile_source
from sinkhole.dns.filter.compiled.details import CompiledRule, Details
from sinkhole.dns.filter.compiled.entry import PackedEntries
from sinkhole.dns.filter.compiled.grams import CompiledPattern, read_patterns
from sinkhole.dns.filter.compiled.key import EXACT
from sinkhole.dns.filter.compiled.listfile import MappedParts, map_list_file
from sinkhole.dns.filter.compiled.report import CompileReport
from sinkhole.dns.filter.compiled.source import SourceCopy
from sinkhole.dns.filter.language.line import Kind
from sinkhole.dns.filter.language.reader import LANGUAGE_VERSION
from sinkhole.model.errors import ListError

_EMPTY = marisa_trie.BinaryTrie()

MOST_FEW: Final = 16
"""Keys of a list in memory that are kept without a trie."""


class FewKeys:
    """The keys of a trie, where they are few, as that has them.

    A trie takes 5 kB for a single key, and each client and group may have rules of its own. What
    begins with none of the keys, as nearly every name, is told as quickly.
    """

    def __init__(self, trie: Any) -> None:
        self._numbers = {key: trie.get(key) for key in sorted(trie.iterkeys(), key=len)}
        self._keys = tuple(self._numbers)
        self.get = self._numbers.get
        self.iterkeys = self._numbers.keys

    def prefixes(self, key: bytes) -> Sequence[bytes]:
        """Those that a key begins with, the shortest first."""
        if not key.startswith(self._keys):
            return ()
        return [each for each in self._keys if key.startswith(each)]


class Origin(NamedTuple):
    """What a list was made of, so that another process can make the same.

    That is a compiled `file` with the `source` of its lines, whose text has this `content_hash`; or
    `rules`, with what is said in place of each, None for themselves.
    """

    name: str
    kind: Kind | None
    file: Path | None = None
    source: Path | None = None
    content_hash: str = ""
    rules: tuple[str, ...] = ()
    texts: tuple[str, ...] | None = None


class CompiledList:
    """The names of one list with the line of each; made by one of the class methods.

    `name` is the list's name in the settings, `kind` what it is for, `names` and `rules` how many
    names and rule lines it has, `report` what compiling it found. `patterns` are its patterns,
    `criteria` what its rules ask about clients (see `traits`). `language` is the version of the
    rule language that compiled it. `strongest` is the highest strength (see `entry`) that any entry
    has, `bloom_filter` for `BloomFilters`. `origin` is None where no other process could make it.
    """

    def __init__(self, name: str, kind: Kind, report: CompileReport) -> None:
        self.name = name
        self.kind = kind
        self.report = report
        self.names = report.names
        self.rules = report.rules
        self.criteria: frozenset[str] = frozenset()
        self.language = LANGUAGE_VERSION
        self._use(_EMPTY, (), Details(), (), 0)
        self.bloom_filter: bytes | memoryview = b""
        self.origin: Origin | None = None
        self._parts: MappedParts | None = None
        self._source: SourceCopy | None = None
        self._texts: Sequence[str] | None = None

    def _use(
        self,
        trie: Any,
        entries: Sequence[int] | PackedEntries,
        details: Details,
        patterns: tuple[CompiledPattern, ...],
        strongest: int,
    ) -> None:
        self._prefixes = trie.prefixes
        self._identify = trie.get
        self._trie = trie
        self._entries = entries
        self._details = details
        self.patterns = patterns
        self.strongest = strongest

    @classmethod
    def map(
        cls, path: Path, name: str, kind: Kind | None, source: Path | None = None
    ) -> CompiledList:
        """Map a file that `compile_file` wrote; some 4 ms for a million names, most of it checking.

        `kind` is what it must be compiled for, None for either. `source` is the text it was
        compiled from, for `rule_text`. Raises ListError if the file is
        missing, damaged, not ours, of another version, or compiled for the other kind: compile the
        source again then.
        """
        parts = map_list_file(path, name)
        contents = parts.contents
        if kind is not None and contents.kind != kind:
            raise ListError(name, f"compiled as a list of kind {contents.kind}")
        try:
            mapped = cls(name, contents.kind, CompileReport.from_dict(contents.report))
            # marisa reads in place and holds no reference: `parts` must outlive the trie.
            trie = marisa_trie.BinaryTrie().map(parts["trie"])
            entries = PackedEntries(parts["low"], parts["high"], contents.palette, contents.shift)
            details = Details(parts["offsets"], parts["details"])
            patterns = read_patterns(parts["patterns"])
        except (RuntimeError, TypeError, ValueError) as error:
            raise ListError(name, f"{path} is not a compiled list: {error}") from None
        if not len(trie) == len(entries) == mapped.report.names + mapped.report.networks:
            raise ListError(name, f"{path} does not fit together")
        mapped.origin = Origin(name, kind, path, source, contents.fingerprint.content_hash)
        mapped._parts = parts
        mapped._use(trie, entries, details, patterns, _strongest(contents.palette))
        mapped.criteria = frozenset(contents.criteria)
        mapped.language = contents.language
        mapped.bloom_filter = parts["digest"]
        if source is not None:
            mapped._source = SourceCopy(source, contents.fingerprint, parts["blocks"])
        return mapped

    @classmethod
    def from_rules(
        cls, name: str, kind: Kind, rules: Sequence[str], texts: Sequence[str] | None = None
    ) -> CompiledList:
        """Compile rules in memory, one per text, such as the own rules of the settings.

        `texts` are what `rule_text` says in place of the rules. A text that is no rule is refused,
        and stands in `report.samples` with its reason.
        """
        origin = Origin(
            name, kind, rules=tuple(rules), texts=None if texts is None else tuple(texts)
        )
        lines = (rule.encode(errors="replace") for rule in rules)
        made = cls._from_compiled(name, kind, compile_lines(lines, kind))
        made.origin = origin
        made._texts = origin.rules if texts is None else tuple(texts)
        return made

    @classmethod
    def again(cls, origin: Origin) -> CompiledList:
        """The same list anew. Raises ListError as `map` does, and where the file has been compiled
        from another text since."""
        if origin.file is None:
            return cls.from_rules(origin.name, origin.kind or "block", origin.rules, origin.texts)
        made = cls.map(origin.file, origin.name, origin.kind, origin.source)
        if made.origin is None or made.origin.content_hash != origin.content_hash:
            raise ListError(origin.name, f"{origin.file} has been compiled anew")
        return made

    @classmethod
    def from_file(cls, source: Path, name: str, kind: Kind) -> CompiledList:
        """Compile a list in memory, leaving nothing on disk; ListError if it can't be read."""
        compiled, fingerprint = compile_source(source, kind, name)
        made = cls._from_compiled(name, kind, compiled)
        made._source = SourceCopy(source, fingerprint, compiled.blocks)
        return made

    @classmethod
    def _from_compiled(cls, name: str, kind: Kind, compiled: Compiled) -> CompiledList:
        made = cls(name, kind, compiled.report)
        parts = compiled.parts
        details = Details(parts.offsets, parts.details)
        patterns = read_patterns(parts.patterns)
        trie = FewKeys(parts.trie) if len(parts.trie) <= MOST_FEW else parts.trie
        made._use(trie, parts.entries, details, patterns, _strongest(parts.entries))
        made.criteria = parts.criteria
        made.bloom_filter = parts.bloom_filter
        return made

    def find(self, key: bytes) -> int:
        """The entry (see `entry`) of the rule that decides on a query key, 0 if none does.

        The strongest rule wins, and of equally strong ones that of the most specific name. A
        detailed entry is stronger than all others: what is found may not decide, ask `rules` then.
        0.4 µs when nothing matches, some 0.6 µs more for each rule that does.
        """
        best = 0
        for prefix in self._prefixes(key):  # shortest, that is most general, first
            found = self._entries[self._identify(prefix)]
            if found >> entry.STRENGTH_SHIFT >= best >> entry.STRENGTH_SHIFT and (
                not found & entry.BELOW or len(prefix) < len(key) - 1
            ):
                best = found
        return best

    def find_rules(self, key: bytes) -> Iterator[tuple[bytes, CompiledRule]]:
        """All rules that match a query key or the key of an address, each with its own key."""
        for prefix in self._prefixes(key):
            found = self._entries[self._identify(prefix)]
            whole = len(prefix) == len(key) - 1
            for rule in self._rules_of(found):
                if not (whole and rule.flags & entry.BELOW):
                    yield prefix, rule

    def _rules_of(self, found: int) -> tuple[CompiledRule, ...]:
        if found >= entry.DETAILED:
            return self._details.rules(entry.line_of(found))
        return (CompiledRule.plain(found),)

    def all_keys(self) -> Iterator[bytes]:
        """The keys (see `key`) of all names and networks, in no order worth naming; 1 µs each."""
        return iter(self._trie.iterkeys())

    def holds(self, key: bytes) -> bool:
        """Whether any rule is about all that a key stands for, or a part of it that is a name."""
        return bool(self._prefixes(key if key.endswith(EXACT) else key + EXACT))

    def has_key(self, key: bytes) -> bool:
        """Whether exactly this key is stored, whatever its rules say."""
        return self._identify(key) is not None

    def rule_text(self, line: int) -> str:
        """The text of a line, read back from the source; "" if it can't be: see `trouble`."""
        if self._texts is not None:
            return self._texts[line - 1].strip() if 0 < line <= len(self._texts) else ""
        return self._source.text(line) if self._source else ""

    @property
    def kept_text(self) -> bool:
        """Whether `rule_text` reads from memory only."""
        return self._texts is not None

    @property
    def trouble(self) -> str:
        """Why `rule_text` last gave nothing, or ""."""
        if self._texts is not None:
            return ""
        return self._source.trouble if self._source else "no copy of the source was kept"

    def moved_to(self, file: Path) -> None:
        """Take note that its file has another name now; nothing is mapped again."""
        if self.origin is not None:
            self.origin = self.origin._replace(file=file)

    def close(self) -> None:
        """Give a mapped file back; the list then knows no name. Closing again does nothing."""
        self._use(_EMPTY, (), Details(), (), 0)
        self.bloom_filter = b""
        self._source = None
        if self._parts is not None:
            self._parts.close()
            self._parts = None


def _strongest(entries: Iterable[int]) -> int:
    return max(entries, default=0) >> entry.STRENGTH_SHIFT
