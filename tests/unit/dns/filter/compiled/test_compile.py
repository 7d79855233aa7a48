"""Compiling lists, and the program that does it in a child process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sinkhole.dns.filter.compiled import entry
from sinkhole.dns.filter.compiled.compile import compile_file, compile_lines, main
from sinkhole.dns.filter.compiled.key import rule_key
from sinkhole.dns.filter.language.line import Kind, Scope
from sinkhole.dns.wire.name import from_text
from sinkhole.model.errors import ListError

MIXED = b"""! Title: A list of everything
[Adblock Plus 2.0]

||ads.example.org^
ads.example.org
0.0.0.0 a.example b.example
@@||good.ads.example.org^
example.org##.banner
||x.example^$third-party
/y(/
||z.example^$colour=red
||ads.example.org^
127.0.0.1 localhost
"""


def entry_of(lines: list[bytes], name: str, scope: Scope, kind: Kind = "block") -> int:
    parts = compile_lines(lines, kind).parts
    return parts.entries[int(parts.trie[rule_key(from_text(name), scope)])]


def test_every_line_is_counted_once() -> None:
    report = compile_lines(MIXED.splitlines(keepends=True)).report
    assert report.lines == 13
    assert report.lines == report.rules + report.comments + report.ignored + report.refused
    assert (report.rules, report.comments, report.ignored, report.refused) == (5, 3, 3, 2)
    assert (report.names, report.duplicates) == (5, 1)
    assert report.title == "A list of everything"
    assert [(sample.line, sample.text) for sample in report.samples] == [
        (10, "/y(/"),
        (11, "||z.example^$colour=red"),
    ]
    assert set(report.reasons) == {sample.reason for sample in report.samples}


def test_rules_are_counted_by_kind() -> None:
    lines = [
        *(b"||a.example^", b"0.0.0.0 b.example c.example", b"@@||d.example^", b"||192.0.2.0/24^"),
        *(b"-ads-", b"-ads-$important", b"/^x[0-9]/", b"||e.example^$dnstype=A", b"@@|f.example^"),
        *(
            b"||g.example^$dnsrewrite=192.0.2.1",
            b"||a.example^$badfilter",
            b"a.example",
            b"ads*.x^",
        ),
    ]
    report = compile_lines(line + b"\n" for line in lines).report
    assert report.refused == report.ignored == 0
    assert (report.rules, report.names, report.networks) == (13, 8, 1)
    assert (report.patterns, report.regexes, report.duplicates) == (2, 1, 2)
    assert (report.exceptions, report.rewrites) == (2, 1)
    assert (report.conditional, report.badfilters) == (1, 1)


def test_a_name_alone_and_a_name_with_what_is_below_are_two_entries() -> None:
    lines = [b"a.example\n", b"||a.example^\n"]
    assert entry_of(lines, "a.example", Scope.EXACT) == 1
    assert entry_of(lines, "a.example", Scope.TREE) == entry.NETWORK | 2


@pytest.mark.parametrize("line", [b"||a.example^", b"@@||a.example^", b"||a.example^$important"])
def test_in_an_allow_list_every_rule_allows(line: bytes) -> None:
    assert entry_of([line], "a.example", Scope.TREE, kind="allow") & entry.ALLOW


def test_a_wildcard_header_counts_for_the_bare_names_below_it() -> None:
    lines = [b"a.example\n", b"# Syntax: Wildcard domains\n", b"b.example\n", b"B2.example\n"]
    assert entry.line_of(entry_of(lines, "a.example", Scope.EXACT)) == 1
    assert entry.line_of(entry_of(lines, "b.example", Scope.TREE)) == 3
    assert entry.line_of(entry_of(lines, "b2.example", Scope.TREE)) == 4


def test_an_empty_list_compiles() -> None:
    compiled = compile_lines([])
    assert compiled.report.lines == compiled.report.names == len(compiled.parts.trie) == 0


def test_what_the_collector_refuses_is_counted_like_all_that_is_refused() -> None:
    report = compile_lines([b"||a^\n", b"/(a)\\1/\n", b"/a{1001}/\n"]).report
    assert (report.rules, report.refused) == (1, 2)
    assert [sample.line for sample in report.samples] == [2, 3]


def test_the_offset_of_every_64th_line_is_kept() -> None:
    lines = [f"||n{number}.example^\n".encode() for number in range(200)]
    blocks = compile_lines(lines).blocks
    assert list(blocks) == [sum(map(len, lines[:at])) for at in (0, 64, 128, 192)]


def test_a_missing_source_is_an_error_and_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(ListError, match=r"gone\.txt.*No such file"):
        compile_file(tmp_path / "gone.txt", tmp_path / "gone.list")
    assert not list(tmp_path.iterdir())


def test_a_target_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    source = tmp_path / "a.txt"
    source.write_bytes(MIXED)
    with pytest.raises(ListError, match="can't write"):
        compile_file(source, tmp_path / "missing" / "a.list")


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    source = tmp_path / "a.txt"
    source.write_bytes(MIXED)
    target = tmp_path / "a.list"
    target.mkdir()  # a folder can't be replaced by a file
    with pytest.raises(ListError, match="can't write"):
        compile_file(source, target)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.list", "a.txt"]


def run_program(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sinkhole.dns.filter.compiled.compile", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_the_program_prints_the_report_as_one_line(tmp_path: Path) -> None:
    source, target = tmp_path / "a.txt", tmp_path / "a.list"
    source.write_bytes(MIXED)
    done = run_program(str(source), str(target), "--kind", "allow")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1
    assert json.loads(done.stdout)["names"] == 5
    assert target.exists()


def test_the_program_says_in_one_line_what_is_wrong(tmp_path: Path) -> None:
    done = run_program(str(tmp_path / "gone.txt"), str(tmp_path / "a.list"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "gone.txt" in done.stderr
    assert not (tmp_path / "a.list").exists()


def test_main_returns_what_the_program_ends_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "a.txt"
    source.write_bytes(MIXED)
    assert main([str(source), str(tmp_path / "a.list")]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "A list of everything"
    assert main([str(tmp_path / "gone.txt"), str(tmp_path / "b.list")]) == 1
    assert "gone.txt" in capsys.readouterr().err
