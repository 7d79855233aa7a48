"""Several lists, one answer."""

from __future__ import annotations

from pathlib import Path

from sinkhole.filter.compile import compile_file
from sinkhole.filter.line import Kind
from sinkhole.filter.match import Match, Matcher
from sinkhole.filter.trie import CompiledList
from sinkhole.verdict import Cause
from sinkhole.wire.name import from_text

A = 1


def rules(name: str, kind: Kind, *texts: str) -> CompiledList:
    return CompiledList.from_rules(name, kind, texts)


def decision(matcher: Matcher, name: str) -> tuple[str, int, bool] | None:
    match = matcher.match(from_text(name), A)
    return (match.cause.list_name, match.cause.line, match.allowed) if match else None


def test_without_lists_nothing_matches() -> None:
    assert Matcher([]).match(from_text("example.org"), A) is None
    assert Matcher([]).names == 0


def test_a_match_names_list_line_and_rule() -> None:
    matcher = Matcher([rules("own rules", "block", "# own", "||ads.example^$important")])
    assert matcher.match(from_text("x.ads.example"), A) == Match(
        Cause("own rules", 2, "||ads.example^$important"), allowed=False, important=True
    )


def test_the_first_of_equally_strong_lists_decides() -> None:
    first, second = rules("1", "block", "||a.example^"), rules("2", "block", "a.example")
    assert decision(Matcher([first, second]), "a.example") == ("1", 1, False)
    assert decision(Matcher([second, first]), "a.example") == ("2", 1, False)
    assert Matcher([first, second]).names == 2


def test_across_block_lists_the_strongest_rule_decides() -> None:
    plain = rules("plain", "block", "||a.example^")
    exception = rules("exception", "block", "@@||a.example^")
    important = rules("important", "block", "||a.example^$important")
    both = rules("both", "block", "@@||a.example^$important")
    assert decision(Matcher([plain, exception]), "a.example") == ("exception", 1, True)
    assert decision(Matcher([plain, exception, important]), "a.example") == ("important", 1, False)
    assert decision(Matcher([both, important, plain]), "a.example") == ("both", 1, True)


def test_an_allow_list_beats_whatever_a_block_list_says() -> None:
    allow = rules("allow", "allow", "||a.example^")
    important = rules("important", "block", "||a.example^$important")
    matcher = Matcher([important, allow])
    assert decision(matcher, "x.a.example") == ("allow", 1, True)
    assert decision(matcher, "b.example") is None


def test_every_list_is_heard_and_its_rule_read_back(tmp_path: Path) -> None:
    source = tmp_path / "list.txt"
    source.write_text("# head\n||a.example^\n")
    compile_file(source, tmp_path / "list.list")
    mapped = CompiledList.map(tmp_path / "list.list", "on disk", "block", source)
    allow = rules("allow", "allow", "a.example")
    other = rules("other", "block", "||b.example^")
    matcher = Matcher([mapped, other, allow])
    heard = matcher.opinions(from_text("a.example"), A)
    assert [(opinion.list_name, opinion.kind) for opinion in heard] == [
        ("on disk", "block"),
        ("allow", "allow"),
    ]
    assert heard[0].match.cause == Cause("on disk", 2, "||a.example^")
    assert heard[1].match.allowed


def test_the_text_of_a_list_on_disk_is_read_only_when_asked_for(tmp_path: Path) -> None:
    source = tmp_path / "list.txt"
    source.write_text("||a.example^\n")
    compile_file(source, tmp_path / "list.list")
    matcher = Matcher([CompiledList.map(tmp_path / "list.list", "on disk", "block", source)])
    match = matcher.match(from_text("a.example"), A)
    assert match is not None
    assert match.cause == Cause("on disk", 1, "")
    assert matcher.rule_text(match.cause) == "||a.example^"
    assert matcher.rule_text(Cause("unknown", 1)) == ""
    assert matcher.rule_text(Cause("own rules", 1, "kept")) == "kept"
