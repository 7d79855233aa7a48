"""One compiled list: from a file, from rules, and from a file that is not as it should be."""

from __future__ import annotations

import struct
from itertools import product
from pathlib import Path

import marisa_trie
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinkhole.dns.filter.compiled import entry
from sinkhole.dns.filter.compiled.compile import compile_file
from sinkhole.dns.filter.compiled.key import address_key, query_key, readable, rule_key
from sinkhole.dns.filter.language.line import Kind, Scope
from sinkhole.dns.filter.trie import MOST_FEW, CompiledList, FewKeys
from sinkhole.dns.wire.name import from_text
from sinkhole.model.errors import ListError

KEYS = [bytes(key) for size in range(4) for key in product(b"ab.", repeat=size)]
RULES = ["||ads.example.org^", "exact.example.org", "@@||good.ads.example.org^", "||example.net^"]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "list.txt"
    path.write_text("! Title: Test\n" + "\n".join(RULES) + "\n")
    return path


@pytest.fixture
def compiled(source: Path) -> Path:
    target = source.with_suffix(".list")
    compile_file(source, target)
    return target


def line_for(compiled_list: CompiledList, name: str) -> int:
    return entry.line_of(compiled_list.find(query_key(from_text(name))))


def test_a_mapped_list_knows_its_names(compiled: Path, source: Path) -> None:
    mapped = CompiledList.map(compiled, "Test", "block", source)
    assert (mapped.name, mapped.kind, mapped.names, mapped.rules) == ("Test", "block", 4, 4)
    assert mapped.report.title == "Test"
    assert line_for(mapped, "ads.example.org") == 2
    assert line_for(mapped, "deep.below.ads.example.org") == 2
    assert line_for(mapped, "exact.example.org") == 3
    assert line_for(mapped, "below.exact.example.org") == 0
    assert line_for(mapped, "x.good.ads.example.org") == 4
    assert line_for(mapped, "notexample.net") == 0
    assert line_for(mapped, ".") == 0
    assert mapped.rule_text(4) == "@@||good.ads.example.org^"


def test_lists_from_rules_and_from_files_agree_with_the_mapped_one(
    compiled: Path, source: Path
) -> None:
    mapped = CompiledList.map(compiled, "Test", "block", source)
    from_file = CompiledList.from_file(source, "Test", "block")
    from_rules = CompiledList.from_rules("Test", "block", RULES)
    for name in ("ads.example.org", "exact.example.org", "a.good.ads.example.org", "org", "a.b"):
        key = query_key(from_text(name))
        assert mapped.find(key) == from_file.find(key)
        line = entry.line_of(mapped.find(key))
        assert line_for(from_rules, name) == (line - 1 if line else 0)
    assert from_file.rule_text(2) == from_rules.rule_text(1) == "||ads.example.org^"


def test_own_rules_keep_their_text_and_say_which_are_refused() -> None:
    made = CompiledList.from_rules("own rules", "block", ["||a.example^", "/b(/", "  c.example "])
    assert made.rule_text(3) == "c.example"
    assert made.rule_text(0) == made.rule_text(4) == ""
    assert (made.rules, made.names) == (2, 2)
    assert [(sample.line, sample.text) for sample in made.report.samples] == [(2, "/b(/")]


def test_the_most_specific_of_equally_strong_rules_decides() -> None:
    made = CompiledList.from_rules(
        "own", "block", ["|a.b.example^", "||b.example^", "||a.b.example^"]
    )
    assert line_for(made, "a.b.example") == 1
    assert line_for(made, "x.a.b.example") == 3
    assert line_for(made, "x.b.example") == 2


def test_the_strongest_rule_decides_however_general_it_is() -> None:
    rules = ["||a.b.example^", "@@||b.example^", "||c.b.example^$important"]
    made = CompiledList.from_rules("own", "block", rules)
    assert line_for(made, "a.b.example") == 2
    assert line_for(made, "c.b.example") == 3
    made = CompiledList.from_rules("own", "block", [*rules, "@@||example^$important"])
    assert line_for(made, "c.b.example") == 4


def test_a_closed_list_knows_no_name(compiled: Path, source: Path) -> None:
    mapped = CompiledList.map(compiled, "Test", "block", source)
    mapped.close()
    mapped.close()
    assert line_for(mapped, "ads.example.org") == 0
    assert mapped.rule_text(2) == ""


def test_a_mapped_list_outlives_the_file_that_replaces_it(compiled: Path, source: Path) -> None:
    old = CompiledList.map(compiled, "Test", "block", source)
    source.write_text("||other.example^\n")
    compile_file(source, compiled)
    new = CompiledList.map(compiled, "Test", "block", source)
    assert line_for(old, "ads.example.org") == 2
    assert line_for(new, "ads.example.org") == 0
    assert line_for(new, "other.example") == 1


@pytest.mark.parametrize("kind", ["block", "allow"])
def test_an_empty_list_maps(tmp_path: Path, kind: Kind) -> None:
    source = tmp_path / "empty.txt"
    source.write_bytes(b"")
    compile_file(source, tmp_path / "empty.list", kind)
    mapped = CompiledList.map(tmp_path / "empty.list", "Empty", kind, source)
    assert mapped.names == 0
    assert line_for(mapped, "example.org") == 0
    mapped.close()


def test_a_list_compiled_for_the_other_kind_is_refused(compiled: Path) -> None:
    with pytest.raises(ListError, match="kind block"):
        CompiledList.map(compiled, "Test", "allow")


def test_without_a_source_there_is_no_text(compiled: Path) -> None:
    mapped = CompiledList.map(compiled, "Test", "block")
    assert mapped.rule_text(2) == ""
    assert mapped.trouble == "no copy of the source was kept"


def test_every_damaged_byte_is_noticed(compiled: Path) -> None:
    good = compiled.read_bytes()
    for position in range(0, len(good), 7):
        damaged = bytearray(good)
        damaged[position] ^= 0x20
        compiled.write_bytes(damaged)
        with pytest.raises(ListError):
            CompiledList.map(compiled, "Test", "block")


def test_every_file_that_is_cut_off_is_noticed(compiled: Path) -> None:
    good = compiled.read_bytes()
    for size in (*range(64), *range(64, len(good), 97), len(good) - 1):
        compiled.write_bytes(good[:size])
        with pytest.raises(ListError):
            CompiledList.map(compiled, "Test", "block")
    compiled.write_bytes(good + b"\n")
    with pytest.raises(ListError):
        CompiledList.map(compiled, "Test", "block")


def test_another_version_says_so(compiled: Path) -> None:
    good = compiled.read_bytes()
    compiled.write_bytes(good[:-12] + struct.pack("=I", 999) + good[-8:])
    with pytest.raises(ListError, match="version 999"):
        CompiledList.map(compiled, "Test", "block")


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(ListError, match="No such file"):
        CompiledList.map(tmp_path / "gone.list", "Test", "block")


def test_a_rule_for_what_is_below_leaves_the_name_alone() -> None:
    made = CompiledList.from_rules("own", "block", [".b.example^", "||example^"])
    assert line_for(made, "a.b.example") == 1
    assert line_for(made, "b.example") == 2


def test_a_detailed_entry_is_found_before_all_others() -> None:
    rules = ["@@||a.example^$important", "||example^$dnstype=A", "||example^"]
    made = CompiledList.from_rules("own", "block", rules)
    key = query_key(from_text("a.example"))
    assert made.find(key) >= entry.DETAILED
    assert made.strongest == entry.DETAILED >> entry.STRENGTH_SHIFT
    assert sorted(rule.line for _, rule in made.find_rules(key)) == [1, 2, 3]


def test_rules_of_all_sorts_survive_the_disk(tmp_path: Path) -> None:
    lines = ["||a^$client=TV", "||192.0.2.0/24^", "-ads-", "/^b/", "192.0.2.9 c", ".d^", "e.f"]
    source = tmp_path / "all.txt"
    source.write_text("\n".join(lines) + "\n")
    compile_file(source, tmp_path / "all.list")
    mapped = CompiledList.map(tmp_path / "all.list", "1", "block", source)
    made = CompiledList.from_rules("1", "block", lines)
    assert mapped.criteria == made.criteria == {"name:TV"}
    assert mapped.report == made.report
    assert (mapped.report.names, mapped.report.networks) == (4, 1)
    assert (mapped.report.patterns, mapped.report.regexes) == (1, 1)
    assert [each.text for each in mapped.patterns] == ["-ads-", "/^b/"]
    assert sorted(mapped.all_keys()) == sorted(made.all_keys())
    for key in [*made.all_keys(), query_key(from_text("x.d")), address_key(b"\xc0\x00\x02\x01")]:
        assert list(mapped.find_rules(key)) == list(made.find_rules(key))
    mapped.close()
    assert (list(mapped.all_keys()), mapped.patterns) == ([], ())


@pytest.mark.parametrize(
    ("name", "scope", "known"),
    [
        ("a.example", Scope.TREE, True),
        ("a.example", Scope.EXACT, True),
        ("x.a.example", Scope.EXACT, True),
        ("b.example", Scope.EXACT, True),
        ("b.example", Scope.TREE, True),
        ("x.b.example", Scope.EXACT, False),
        ("example", Scope.TREE, False),
    ],
)
def test_whether_a_list_knows_a_name_of_another(name: str, scope: Scope, known: bool) -> None:
    made = CompiledList.from_rules("own", "block", ["||a.example^", "b.example"])
    assert made.holds(rule_key(from_text(name), scope)) == known


def test_all_keys_are_given_back_and_can_be_read() -> None:
    rules = ("||ads.example^", "exact.example", "||ads.example^")
    listed = CompiledList.from_rules("L", "block", rules)
    keys = list(listed.all_keys())
    assert sorted(map(readable, keys)) == ["exact.example", "||ads.example^"]
    assert all(listed.find(key) and listed.has_key(key) for key in keys)


def test_a_key_is_found_where_the_whole_of_it_is_covered() -> None:
    wide = CompiledList.from_rules("L", "block", ["||example.org^"])
    narrow = CompiledList.from_rules("L", "block", ["example.org", "a.example.org"])
    keys = [*narrow.all_keys()]
    assert all(wide.find(key) and not wide.has_key(key) for key in keys)
    assert not any(map(narrow.find, wide.all_keys()))


@given(st.lists(st.sampled_from(KEYS), max_size=MOST_FEW, unique=True), st.sampled_from(KEYS))
def test_few_keys_are_what_a_trie_of_them_is(stored: list[bytes], asked: bytes) -> None:
    trie = marisa_trie.BinaryTrie(stored)
    few = FewKeys(trie)
    assert list(few.prefixes(asked)) == trie.prefixes(asked)
    assert few.get(asked) == trie.get(asked)
    assert set(few.iterkeys()) == set(trie.iterkeys())


@pytest.mark.parametrize("more", [0, 1])
def test_a_list_of_rules_says_the_same_whether_it_has_a_trie_or_not(more: int) -> None:
    rules = [f"||n{number}.example.org^" for number in range(MOST_FEW + more)]
    made = CompiledList.from_rules("own", "block", rules)
    lines = [line_for(made, f"www.n{number}.example.org") for number in range(len(rules))]
    assert lines == list(range(1, len(rules) + 1))
    assert line_for(made, "example.org") == 0
