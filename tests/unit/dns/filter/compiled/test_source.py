"""Reading lines back from the text a list was compiled from."""

from __future__ import annotations

import os
from pathlib import Path

from sinkhole.dns.filter.compiled.compile import compile_source
from sinkhole.dns.filter.compiled.source import SourceCopy


def copy_of(path: Path) -> SourceCopy:
    compiled, fingerprint = compile_source(path, "block", "a")
    return SourceCopy(path, fingerprint, compiled.blocks)


def test_every_line_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    lines = [f"||n{number}{'x' * (number % 50)}.example^" for number in range(1, 300)]
    path.write_text("\r\n".join(lines))
    source = copy_of(path)
    assert [source.text(number) for number in range(1, 300)] == lines
    assert source.trouble == ""


def test_a_line_that_is_not_there_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("one.example\n")
    source = copy_of(path)
    for line in (0, -1, 65, 1000):
        assert source.text(line) == ""
        assert source.trouble == f"{path} has no line {line}"
    assert source.text(1) == "one.example"
    assert source.trouble == ""


def test_a_text_that_is_gone_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("one.example\n")
    source = copy_of(path)
    path.unlink()
    assert source.text(1) == ""
    assert "No such file" in source.trouble


def test_a_text_that_changed_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("one.example\n")
    source = copy_of(path)
    for other in ("another.example\n", "two.example\n"):  # of another size, and of the same
        path.write_text(other)
        os.utime(path, ns=(1, 1))
        assert source.text(1) == ""
        assert "changed" in source.trouble


def test_the_same_text_with_another_time_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("one.example\n")
    source = copy_of(path)
    os.utime(path, ns=(1, 1))
    assert source.text(1) == "one.example"
