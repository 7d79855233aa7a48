"""Names that only one list has."""

from __future__ import annotations

from pathlib import Path

import pytest

from sinkhole.control.lists.unique import count_unique, main
from sinkhole.dns.filter.compiled.compile import compile_file
from sinkhole.dns.filter.trie import CompiledList

LISTS = [
    ["||a.example^", "||b.example^", "c.example", "192.0.2.0/24", "-ads-"],
    ["a.example", "x.b.example", "d.example", "c.example"],
    ["||d.example^", "@@||e.example^"],
]


def test_what_another_list_has_or_covers_is_not_unique() -> None:
    made = [CompiledList.from_rules(str(at), "block", rules) for at, rules in enumerate(LISTS)]
    assert count_unique(made) == [1, 0, 1]
    assert count_unique(made[:1]) == [3]
    assert count_unique([]) == []


def test_the_program_counts_for_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = []
    for at, rules in enumerate(LISTS):
        source, target = tmp_path / f"{at}.txt", tmp_path / f"{at}.list"
        source.write_text("\n".join(rules) + "\n")
        compile_file(source, target, "allow" if at == 2 else "block")
        files.append(str(target))
    assert main(files) == 0
    assert capsys.readouterr().out == "1\n0\n1\n"
    assert main([*files, str(tmp_path / "gone")]) == 1
    assert "gone" in capsys.readouterr().err
