"""One list, ready to be asked about names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import marisa_trie

from sinkhole.errors import ListError
from sinkhole.filter import entry
from sinkhole.filter.compile import Compiled, compile_lines, compile_source
from sinkhole.filter.line import Kind
from sinkhole.filter.listfile import MappedParts, map_list_file
from sinkhole.filter.report import CompileReport
from sinkhole.filter.source import SourceCopy

_EMPTY = marisa_trie.BinaryTrie()


class CompiledList:
    """The names of one list with the line of each; made by one of the class methods.

    `name` is the list's name in the settings, `kind` what it is for, `names` and `rules` how many
    entries and rule lines it has, `report` what compiling it found.
    """

    def __init__(self, name: str, kind: Kind, report: CompileReport) -> None:
        self.name = name
        self.kind = kind
        self.report = report
        self.names = report.names
        self.rules = report.rules
        self._use(_EMPTY, ())
        self._parts: MappedParts | None = None
        self._source: SourceCopy | None = None
        self._texts: Sequence[str] | None = None

    def _use(self, trie: Any, entries: Sequence[int] | memoryview) -> None:
        self._prefixes = trie.prefixes
        self._identify = trie.get
        self._iterate = trie.iterkeys
        self._entries = entries

    @classmethod
    def map(cls, path: Path, name: str, kind: Kind, source: Path | None = None) -> CompiledList:
        """Map a file that `compile_file` wrote; some 4 ms for a million names, most of it checking.

        `source` is the text it was compiled from, for `rule_text`. Raises ListError if the file is
        missing, damaged, not ours, of another version, or compiled for the other kind: compile the
        source again then.
        """
        parts = map_list_file(path, name)
        if parts.contents.kind != kind:
            raise ListError(name, f"compiled as a list of kind {parts.contents.kind}")
        try:
            report = CompileReport.from_dict(parts.contents.report)
            # marisa reads in place and holds no reference: `parts` must outlive the trie.
            trie = marisa_trie.BinaryTrie().map(parts.mapping)
        except (RuntimeError, TypeError) as error:
            raise ListError(name, f"{path} is not a compiled list: {error}") from None
        if not len(trie) == len(parts.entries) == report.names:
            raise ListError(name, f"{path} does not fit together")
        mapped = cls(name, kind, report)
        mapped._parts = parts
        mapped._use(trie, parts.entries)
        if source is not None:
            mapped._source = SourceCopy(source, parts.contents.fingerprint, parts.blocks)
        return mapped

    @classmethod
    def from_rules(cls, name: str, kind: Kind, rules: Sequence[str]) -> CompiledList:
        """Compile rules in memory, one per text, such as the own rules of the settings.

        A text that is no rule is refused, and stands in `report.samples` with its reason.
        """
        lines = (rule.encode(errors="replace") for rule in rules)
        made = cls._from_compiled(name, kind, compile_lines(lines, kind))
        made._texts = tuple(rules)
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
        made._use(compiled.trie, compiled.entries)
        return made

    def find(self, key: bytes) -> int:
        """The packed entry (see `entry`) of the rule that decides on a query key, 0 if none does.

        The strongest rule wins, and of equally strong ones that of the most specific name.
        0.4 µs when nothing matches, some 0.4 µs more for each rule that does.
        """
        best = 0
        for prefix in self._prefixes(key):  # shortest, that is most general, first
            found = self._entries[self._identify(prefix)]
            if found >> entry.STRENGTH_SHIFT >= best >> entry.STRENGTH_SHIFT:
                best = found
        return best

    def keys(self) -> Iterator[bytes]:
        """All stored keys (see `key`) in no particular order, a few at a time in memory.

        `find` of such a key tells whether a list covers all that the key stands for.
        """
        yield from self._iterate()

    def has_key(self, key: bytes) -> bool:
        """Whether exactly this key is stored."""
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

    def close(self) -> None:
        """Give a mapped file back; the list then knows no name. Closing again does nothing."""
        self._use(_EMPTY, ())
        self._source = None
        if self._parts is not None:
            self._parts.close()
            self._parts = None
