"""Lines of a list -> a compiled list; run as a program, it does so for a file, in a child process.

    python -m sinkhole.dns.filter.compiled.compile SOURCE TARGET [--kind block|allow]

prints the report as one line of JSON and ends with 0, or one line on stderr and ends with 1. A
million lines take some 6 s and 175 MB, none of which the server that waits for it ever has.
"""

from __future__ import annotations

import argparse
import json
import sys
from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from sinkhole.dns.filter.compiled import entry
from sinkhole.dns.filter.compiled.collect import Collector, Parts
from sinkhole.dns.filter.compiled.key import ADDRESS
from sinkhole.dns.filter.compiled.listfile import Contents, Part, write_list_file
from sinkhole.dns.filter.compiled.report import CompileReport
from sinkhole.dns.filter.compiled.source import LINES_PER_BLOCK, Fingerprint
from sinkhole.dns.filter.language.line import Comment, Ignored, Kind, Line, Reject
from sinkhole.dns.filter.language.reader import LANGUAGE_VERSION, ListReader
from sinkhole.model.errors import ListError


class Compiled(NamedTuple):
    """A list in memory: its parts, the offset of line 1, 65, 129, … in the source, the report."""

    parts: Parts
    blocks: array[int]
    report: CompileReport


def compile_lines(lines: Iterable[bytes], kind: Kind = "block") -> Compiled:
    """Compile lines (each with its line end, if there is one)."""
    compiler = _Compiler(kind)
    compiler.read(lines)
    return compiler.finish()


def compile_file(source: Path, target: Path, kind: Kind = "block") -> CompileReport:
    """Compile the list `source` into the file `target`, which is replaced as a whole or not at all.

    Raises ListError if the source can't be read or the target not written.
    """
    compiled, fingerprint = compile_source(source, kind, source.name)
    _write(target, compiled, kind, fingerprint, source.name)
    return compiled.report


def compile_files(sources: Sequence[Path], target: Path, kind: Kind = "block") -> CompileReport:
    """Compile several lists into one file; line numbers count on from file to file.

    The texts of rules can be read back from a single source only, so with several `target` names
    lines without their text. Raises ListError as `compile_file` does.
    """
    if len(sources) == 1:
        return compile_file(sources[0], target, kind)
    compiler = _Compiler(kind)
    for source in sources:
        try:
            with source.open("rb") as file:
                compiler.read(file)
        except OSError as error:
            raise ListError(source.name, f"can't read {source}: {error.strerror}") from None
    compiled = compiler.finish()._replace(blocks=array("Q"))
    _write(target, compiled, kind, Fingerprint(0, 0, ""), target.name)
    return compiled.report


def compile_source(source: Path, kind: Kind, list_name: str) -> tuple[Compiled, Fingerprint]:
    """Compile the file `source` in memory; ListError if it can't be read."""
    try:
        with source.open("rb") as file:
            fingerprint = Fingerprint.of(file)
            file.seek(0)
            return compile_lines(file, kind), fingerprint
    except OSError as error:
        raise ListError(list_name, f"can't read {source}: {error.strerror}") from None


def _write(
    target: Path, compiled: Compiled, kind: Kind, fingerprint: Fingerprint, list_name: str
) -> None:
    parts, blocks, report = compiled
    packed = entry.pack(parts.entries)
    criteria = sorted(parts.criteria)
    palette, shift = packed.palette, packed.shift
    contents = Contents(
        kind, fingerprint, report.as_dict(), palette, shift, criteria, LANGUAGE_VERSION
    )
    laid_out: dict[str, Part] = {
        "trie": parts.trie.tobytes(),
        "low": packed.low,
        "high": packed.high,
        "offsets": parts.offsets,
        "details": parts.details,
        "patterns": parts.patterns,
        "digest": parts.bloom_filter,
        "blocks": blocks,
    }
    try:
        write_list_file(target, laid_out, contents)
    except OSError as error:
        raise ListError(list_name, f"can't write {target}: {error.strerror}") from None


class _Compiler:
    """Reads the lines of one list."""

    def __init__(self, kind: Kind) -> None:
        self.reader = ListReader()
        self.report = CompileReport()
        self.collected = Collector(kind)
        self.blocks = array("Q")

    def read(self, lines: Iterable[bytes]) -> None:
        """Read the lines of one file; a further file's lines are numbered on from there."""
        self.reader = ListReader()
        read_quick, read = self.reader.quick, self.reader.read
        add_plain = self.collected.plain_adder()
        number, offset, rules = self.report.lines, 0, 0
        for line in lines:
            if number % LINES_PER_BLOCK == 0:
                self.blocks.append(offset)
            number += 1
            offset += len(line)
            quick = read_quick(line)
            if quick is not None:
                add_plain(*quick, number)
                rules += 1
            else:
                self._take(number, line, read(line, at_top=not self.collected))
        self.report.lines = number
        self.report.rules += rules

    def _take(self, number: int, line: bytes, parsed: Line) -> None:
        if isinstance(parsed, Comment):
            self.report.comments += 1
        elif isinstance(parsed, Ignored):
            self.report.ignore(parsed.reason)
        elif isinstance(parsed, Reject):
            self._refuse(number, line, parsed.reason)
        else:
            try:
                self.collected.add(parsed, number)
            except ValueError as error:
                self._refuse(number, line, str(error))
            else:
                self.report.accept(parsed)

    def _refuse(self, number: int, line: bytes, reason: str) -> None:
        self.report.refuse(number, line[:4096].decode(errors="replace"), reason)

    def finish(self) -> Compiled:
        if self.report.lines > entry.MAX_LINE_NUMBER:
            raise ListError("", f"more than {entry.MAX_LINE_NUMBER} lines")
        parts = self.collected.finish()
        self.report.title = self.reader.header.title
        networks = len(parts.trie.keys(ADDRESS))
        self.report.names = len(parts.trie) - networks
        self.report.networks = networks
        self.report.regexes = self.collected.patterns.regexes()
        self.report.patterns = len(self.collected.patterns) - self.report.regexes
        self.report.duplicates = self.collected.duplicates
        return Compiled(parts, self.blocks, self.report)


def main(arguments: list[str] | None = None) -> int:
    """The program; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m sinkhole.dns.filter.compiled.compile")
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--kind", choices=("block", "allow"), default="block")
    given = parser.parse_args(arguments)
    try:
        report = compile_file(given.source, given.target, given.kind)
    except ListError as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(report.as_dict()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
