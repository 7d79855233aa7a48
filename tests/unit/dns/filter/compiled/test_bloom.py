"""The table that tells which lists need not be asked."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from sinkhole.dns.filter.compiled.bloom import FEWEST_NAMES, BloomFilters, bloom_filter_of
from sinkhole.dns.filter.compiled.compile import compile_file
from sinkhole.dns.filter.compiled.key import address_key, query_key, rule_key
from sinkhole.dns.filter.language.line import Scope
from sinkhole.dns.filter.match import Matcher
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.wire.name import from_text

MANY = [f"n{number}.example" for number in range(FEWEST_NAMES)]
OTHERS = [f"x{number}.example.{top}" for number in range(3 * FEWEST_NAMES) for top in "ab"]


def bloom(*names: str, scope: Scope = Scope.TREE) -> bytes:
    return bloom_filter_of(rule_key(from_text(name), scope) for name in names)


def places(filters: BloomFilters, name: str) -> list[int]:
    return list(filters.places(query_key(from_text(name))))


def test_few_names_have_none() -> None:
    assert bloom(*MANY[1:]) == b""
    assert len(bloom(*MANY)) == 1024


def test_a_top_level_domain_among_the_names_means_none() -> None:
    assert bloom(*MANY, "zip") == b""
    assert bloom(*MANY, "zip", scope=Scope.EXACT) == b""


def test_names_below_one_another_and_exact_ones_share_a_bit() -> None:
    deep = [f"{name}.n1.example" for name in ("a.b", "c.b", "d.e.b")]
    assert bloom(*MANY, "b.n1.example") == bloom(*MANY, *deep)
    assert bloom(*MANY, scope=Scope.EXACT) == bloom(*MANY)


def test_lists_without_a_filter_are_always_asked() -> None:
    filters = BloomFilters([b"", bloom(*MANY), b""])
    assert places(filters, "n7.example") == [0, 1, 2]
    assert places(filters, "www.n7.example") == [0, 1, 2]
    assert places(BloomFilters([b"", b""]), "n7.example") == [0, 1]


def test_most_lists_without_the_name_are_passed_over() -> None:
    filters = BloomFilters([bloom(*MANY), bloom(*OTHERS)])
    passed = [places(filters, f"not-{name}") for name in MANY]
    assert sum(map(len, passed)) < 0.6 * len(passed)


def test_names_of_one_label_and_addresses_are_asked_of_every_list() -> None:
    filters = BloomFilters([bloom(*MANY), bloom(*OTHERS)])
    assert places(filters, "example") == [0, 1]
    assert list(filters.places(address_key(bytes(4)))) == [0, 1]


LABEL = st.sampled_from(["a", "b", "n1", "www", "a-b", "\\000", "\\001\\002", "\\046"])
NAME = st.lists(LABEL, min_size=2, max_size=5).map(".".join)


@settings(deadline=None, max_examples=100)
@given(st.lists(st.sets(NAME, max_size=5), min_size=1, max_size=4), NAME, st.sampled_from(Scope))
def test_no_list_with_a_rule_for_the_name_is_passed_over(
    lists: list[set[str]], asked: str, scope: Scope
) -> None:
    """Whatever the names, and whatever the sizes of the tables."""
    sizes = [(), MANY, OTHERS]
    filters = BloomFilters(
        [bloom(*names, *sizes[n % 3], scope=scope) for n, names in enumerate(lists)]
    )
    key = query_key(from_text(asked))
    holding = [
        place
        for place, names in enumerate(lists)
        if any(key.startswith(rule_key(from_text(name), scope)) for name in names)
    ]
    assert set(holding) <= set(places(filters, asked))


def test_a_matcher_of_mapped_lists_finds_what_each_of_them_holds(tmp_path: Path) -> None:
    lists = []
    for number, names in enumerate((MANY, OTHERS, ["only.example.org"])):
        source = tmp_path / f"{number}.txt"
        source.write_text("".join(f"||{name}^\n" for name in names))
        compile_file(source, tmp_path / f"{number}.list")
        lists.append(CompiledList.map(tmp_path / f"{number}.list", str(number), "block"))
    matcher = Matcher(lists)
    found = [
        matcher.match(from_text(f"www.{name}"), 1)
        for name in (MANY[5], OTHERS[-1], "only.example.org", "example.net")
    ]
    assert [match and match.cause.list_name for match in found] == ["0", "1", "2", None]


def test_what_was_interleaved_is_taken_over_while_the_filters_stay_the_same() -> None:
    many, others = bloom(*MANY), bloom(*OTHERS)
    more = bytes(many)  # of one size with `many`, and interleaved with it
    before = BloomFilters([many, more, others])
    after = BloomFilters([b"", others, many, more], before)
    for name in ("n7.example", "x7.example.a", "example.org"):
        known = places(BloomFilters([b"", others, many, more]), name)
        assert places(after, name) == known
    assert {id(group.bits) for group in after._groups} == {
        id(group.bits) for group in before._groups
    }


def test_of_chosen_lists_just_those_are_asked_that_would_be_of_all() -> None:
    more, few = bloom(*OTHERS[:5000]), bloom(*MANY, "extra.example")
    filters = BloomFilters([bloom(*MANY), b"", bloom(*OTHERS), few, more, b""])
    asked = ["n7.example", "x1.example.a", "no.example.org", "www.n3.example", "example"]
    for bits in range(1 << 6):
        wanted = {place for place in range(6) if bits >> place & 1}
        chosen = filters.chosen(wanted)
        for name in asked:
            assert places(chosen, name) == [at for at in places(filters, name) if at in wanted]


def test_choosing_copies_no_filter() -> None:
    filters = BloomFilters([bloom(*MANY), bloom(*MANY, "extra.example")])
    (whole,), (part,) = filters._groups, filters.chosen([1])._groups
    assert part.bits is whole.bits
    assert filters.chosen([0, 1])._groups == filters._groups
    assert filters.chosen([])._groups == []
