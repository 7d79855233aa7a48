"""Names of any bytes: the compiled matcher agrees with reading every rule one by one."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from sinkhole.dns.filter.compiled.compile import compile_file
from sinkhole.dns.filter.language.line import Kind
from sinkhole.dns.filter.match import Matcher
from sinkhole.dns.filter.trie import CompiledList

# Few and odd labels, so that names meet: borders, what keys are escaped with, prefixes of others.
LABELS = st.sampled_from(
    [b"a", b"b", b"ab", b"a-b", b"a.b", b"\x00", b"\x01", b"\x02", b"\n", b".", b"\xff", b"\x02n"]
)
NAMES = st.lists(LABELS, min_size=1, max_size=4).map(tuple)


@dataclass(frozen=True)
class Written:
    """A rule as someone means it, and how it is written."""

    name: tuple[bytes, ...]
    subtree: bool
    allow: bool
    important: bool

    @property
    def text(self) -> str:
        name = ".".join("".join(f"\\{byte:03d}" for byte in label) for label in self.name)
        bars = "||" if self.subtree else "|"
        return f"{'@@' * self.allow}{bars}{name}^{'$important' * self.important}"

    def matches(self, name: tuple[bytes, ...]) -> bool:
        return name == self.name or (self.subtree and name[-len(self.name) :] == self.name)


RULES = st.builds(Written, NAMES, st.booleans(), st.booleans(), st.booleans())
LISTS = st.tuples(st.sampled_from(["block", "allow"]), st.lists(RULES, max_size=12))

Answer = tuple[int, int, bool, bool]


def reference(lists: list[tuple[Kind, list[Written]]], name: tuple[bytes, ...]) -> Answer | None:
    """List, line, allowed and important of the deciding rule, by asking each rule in turn."""
    found = []
    for place, (kind, rules) in enumerate(lists):
        for line, rule in enumerate(rules, start=1):
            if rule.matches(name):
                allow = rule.allow or kind == "allow"
                specific = (len(rule.name), not rule.subtree)
                strength = (rule.important, allow)
                found.append((kind, place, strength, specific, line))
    if any(kind == "allow" for kind, *_ in found):
        found = [each for each in found if each[0] == "allow"]
        first = min(place for _, place, *_ in found)
        found = [each for each in found if each[1] == first]
    if not found:
        return None
    strongest = max(strength for _, _, strength, _, _ in found)
    found = [each for each in found if each[2] == strongest]
    first = min(place for _, place, *_ in found)
    found = [each for each in found if each[1] == first]
    most_specific = max(specific for _, _, _, specific, _ in found)
    line = min(each[4] for each in found if each[3] == most_specific)
    return first, line, strongest[1], strongest[0]


def wire(name: tuple[bytes, ...]) -> bytes:
    return b"".join(bytes((len(label),)) + label for label in name) + b"\0"


def answer(matcher: Matcher, name: tuple[bytes, ...]) -> Answer | None:
    match = matcher.match(wire(name), 1)
    if match is None:
        return None
    return int(match.cause.list_name), match.cause.line, match.allowed, match.important


@settings(max_examples=300, deadline=None)
@given(st.lists(LISTS, max_size=4), st.lists(NAMES, min_size=1, max_size=8))
def test_the_matcher_agrees_with_asking_every_rule(
    lists: list[tuple[Kind, list[Written]]], names: list[tuple[bytes, ...]]
) -> None:
    made = [
        CompiledList.from_rules(str(place), kind, [rule.text for rule in rules])
        for place, (kind, rules) in enumerate(lists)
    ]
    assert not any(each.report.refused for each in made)
    matcher = Matcher(made)
    asked = [*names, *(rule.name for _, rules in lists for rule in rules)]
    for name in asked:
        for each in (name, (b"x", *name), name[1:] or name):
            assert answer(matcher, each) == reference(lists, each)


@settings(max_examples=30, deadline=None)
@given(st.lists(RULES, max_size=200), st.sampled_from(["block", "allow"]))
def test_a_mapped_file_agrees_with_the_list_in_memory(rules: list[Written], kind: Kind) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "list.txt", Path(folder) / "list.list"
        source.write_text("".join(rule.text + "\n" for rule in rules))
        compile_file(source, target, kind)
        mapped = CompiledList.map(target, "0", kind, source)
        for rule in rules:
            found = answer(Matcher([mapped]), rule.name)
            assert found == reference([(kind, rules)], rule.name)
            assert found is not None
            assert mapped.rule_text(found[1]) == rules[found[1] - 1].text
        mapped.close()
