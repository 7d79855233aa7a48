"""Lines of a list -> a compiled list; run as a program, it does so for a file, in a child process.

    python -m sinkhole.filter.compile SOURCE TARGET [--kind block|allow]

prints the report as one line of JSON and ends with 0, or one line on stderr and ends with 1. A
million lines take some 5 s and 170 MB, none of which the server that waits for it ever has.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import marisa_trie

from sinkhole.errors import ListError
from sinkhole.filter import entry
from sinkhole.filter.header import Header
from sinkhole.filter.key import rule_key, text_key
from sinkhole.filter.line import Comment, Ignored, Kind, Line, Reject, Scope
from sinkhole.filter.listfile import Contents, write_list_file
from sinkhole.filter.quick import quick_name
from sinkhole.filter.report import CompileReport
from sinkhole.filter.rules import parse_line
from sinkhole.filter.source import LINES_PER_BLOCK, Fingerprint


class Compiled(NamedTuple):
    """A list in memory, in the parts a list file is made of.

    `entries` holds one packed entry (see `entry`) for each key of `trie`, by the key's id;
    `blocks` the byte offset of line 1, 65, 129, … in the source.
    """

    trie: Any
    entries: array[int]
    blocks: array[int]
    report: CompileReport


def compile_lines(lines: Iterable[bytes], kind: Kind = "block") -> Compiled:
    """Compile lines (each with its line end, if there is one) into a trie, entries and a report.

    A name that several rules name keeps the strongest of them, and of equals the first.
    """
    reader = _Reader(kind)
    reader.read(lines)
    return reader.finish()


def compile_file(source: Path, target: Path, kind: Kind = "block") -> CompileReport:
    """Compile the list `source` into the file `target`, which is replaced as a whole or not at all.

    Raises ListError if the source can't be read or the target not written.
    """
    (trie, entries, blocks, report), fingerprint = compile_source(source, kind, source.name)
    contents = Contents(kind, fingerprint, report.as_dict())
    try:
        write_list_file(target, trie.tobytes(), entries, blocks, contents)
    except OSError as error:
        raise ListError(source.name, f"can't write {target}: {error.strerror}") from None
    return report


def compile_files(sources: Sequence[Path], target: Path, kind: Kind = "block") -> CompileReport:
    """Compile several lists into one file; line numbers count on from file to file.

    The texts of rules can be read back from a single source only, so with several `target` names
    lines without their text. Raises ListError as `compile_file` does.
    """
    if len(sources) == 1:
        return compile_file(sources[0], target, kind)
    reader = _Reader(kind)
    for source in sources:
        try:
            with source.open("rb") as file:
                reader.read(file)
        except OSError as error:
            raise ListError(source.name, f"can't read {source}: {error.strerror}") from None
    trie, entries, _, report = reader.finish()
    contents = Contents(kind, Fingerprint(0, 0, ""), report.as_dict())
    try:
        write_list_file(target, trie.tobytes(), entries, array("Q"), contents)
    except OSError as error:
        raise ListError(target.name, f"can't write {target}: {error.strerror}") from None
    return report


def compile_source(source: Path, kind: Kind, list_name: str) -> tuple[Compiled, Fingerprint]:
    """Compile the file `source` in memory; ListError if it can't be read."""
    try:
        with source.open("rb") as file:
            fingerprint = Fingerprint.of(file)
            file.seek(0)
            return compile_lines(file, kind), fingerprint
    except OSError as error:
        raise ListError(list_name, f"can't read {source}: {error.strerror}") from None


class _Reader:
    """Reads lines, collecting keys and entries; keys as lines of one buffer, as they are many."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.header = Header()
        self.report = CompileReport()
        self.keys = io.BytesIO()
        self.entries = array(entry.TYPECODE)
        self.blocks = array("Q")

    def read(self, lines: Iterable[bytes]) -> None:
        """Read the lines of one file; a further file's lines are numbered on from there."""
        self.header = Header()
        plain = entry.pack(0, allow=self.kind == "allow", important=False)
        header, write_key, append = self.header, self.keys.write, self.entries.append
        number, offset, rules = self.report.lines, 0, 0
        for line in lines:
            if number % LINES_PER_BLOCK == 0:
                self.blocks.append(offset)
            number += 1
            offset += len(line)
            quick = quick_name(line, header.bare_is_subtree)
            if quick is not None:
                write_key(text_key(*quick) + b"\n")
                append(plain | number)
                rules += 1
            else:
                self._take(number, line, parse_line(line, header.bare_is_subtree))
        self.report.lines = number
        self.report.rules += rules

    def _take(self, number: int, line: bytes, parsed: Line) -> None:
        if isinstance(parsed, Comment):
            self.report.comments += 1
            self.header.read(parsed.text, at_top=not self.entries)
        elif isinstance(parsed, Ignored):
            self.report.ignore(parsed.reason)
        elif isinstance(parsed, Reject):
            self.report.refuse(number, line[:4096].decode(errors="replace"), parsed.reason)
        else:
            self.report.rules += 1
            allow = parsed.allow or self.kind == "allow"
            for name in parsed.names:
                self.keys.write(rule_key(name, parsed.scope is Scope.TREE) + b"\n")
                self.entries.append(entry.pack(number, allow, parsed.important))

    def finish(self) -> Compiled:
        if self.report.lines > entry.MAX_LINE_NUMBER:
            raise ListError("", f"more than {entry.MAX_LINE_NUMBER} lines")
        trie = marisa_trie.BinaryTrie(self._stored_keys())
        merged = array(entry.TYPECODE, bytes(entry.SIZE * len(trie)))
        identify = trie.get
        for key, new in zip(self._stored_keys(), self.entries, strict=True):
            index = identify(key)
            old = merged[index]
            if not old or new >> entry.STRENGTH_SHIFT > old >> entry.STRENGTH_SHIFT:
                merged[index] = new
        self.report.title = self.header.title
        self.report.names = len(trie)
        self.report.duplicates = len(self.entries) - len(trie)
        return Compiled(trie, merged, self.blocks, self.report)

    def _stored_keys(self) -> Iterator[bytes]:
        self.keys.seek(0)
        for key in self.keys:
            yield key[:-1]


def main(arguments: list[str] | None = None) -> int:
    """The program; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m sinkhole.filter.compile")
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
    with contextlib.suppress(OSError):  # where it can't be lowered, it runs all the same
        os.nice(10)
    sys.exit(main())
