"""The engine for regular expressions: it agrees with Python's, and can't be made to stall."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinkhole.dns.filter.patterns import automaton
from sinkhole.dns.filter.patterns.automaton import MAX_PLACES, Automaton
from sinkhole.dns.filter.patterns.expression import parse


def search(expression: str, text: str) -> bool:
    return Automaton(parse(expression)).search(text)


TEXTS = [
    "",
    "a",
    "b",
    "ab",
    "aab",
    "a.b",
    "b1",
    "1",
    "-",
    "a-b",
    "ab.ab",
    "aaaa",
    "xay",
    "a b",
    "_",
]


@pytest.mark.parametrize(
    "expression",
    [
        *(
            "",
            "a",
            "^a",
            "a$",
            "^a$",
            "^$",
            "a|b",
            "^(a|b)+$",
            "a?b",
            "a*b",
            "a+b",
            "(ab)*$",
            "^(ab){2}",
        ),
        *(
            "a{2,3}",
            "a{2,}$",
            "^a{0}b",
            "[ab]-",
            "[^ab]",
            "[^a-z]",
            "[]a]",
            "[a-]",
            "[-a]",
            r"[\d.]",
        ),
        *(
            r"\d",
            r"\D",
            r"\w",
            r"\W",
            r"\s",
            r"\S",
            r"\.",
            r"a\.b",
            r"\x61",
            r"\bab\b",
            r"\Bb",
            r"^\b",
        ),
        *(
            "(?:a)b",
            "(?P<n>a)b",
            "(?i)A",
            "(?i:A)b",
            "(a*)*b",
            "(a|aa)+$",
            "(a*)+$",
            "^.{3}$",
            "^.*b$",
        ),
        *("(^|x)a", "a($|y)", "a^", "$a", "()", "(|a)b", "^^a", "a$$", "a??b", "a*?b"),
    ],
)
def test_it_agrees_with_the_library(expression: str) -> None:
    made = Automaton(parse(expression))
    wanted = re.compile(expression, re.IGNORECASE)
    for text in TEXTS:
        for _ in range(2):  # unknown places, then known ones
            assert made.search(text) == (wanted.search(text) is not None), text


def test_what_only_the_syntax_of_go_has() -> None:
    assert search("^[[:alpha:]]+$", "abc") and not search("^[[:alpha:]]+$", "a1")
    assert search("[[:^digit:]]", "a") and not search("[[:^digit:]]", "12")
    assert search(r"^\x{61}\z", "a") and search(r"\Aa", "ab")
    assert search("(?<name>a)", "a")
    assert not search(r"\x{1F600}", "a")


ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", "^", "$", r"\b", ""])
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds("{}{}".format, inner, inner),
        st.builds("(?:{}|{})".format, inner, inner),
        st.builds("(?:{}){}".format, inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}"])),
    ),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(EXPRESSIONS, st.lists(st.text("ab-", max_size=7), max_size=8))
def test_it_agrees_with_the_library_on_any_expression(expression: str, texts: list[str]) -> None:
    made, wanted = Automaton(parse(expression)), re.compile(expression)
    for text in texts:
        assert made.search(text) == (wanted.search(text) is not None)


@pytest.mark.parametrize("expression", ["^(([a-z])+.)+[A-Z]([a-z])+!$", "(.*a){20}!", "^(a|aa)+!"])
def test_a_walk_that_was_gone_before_needs_no_more_steps(
    expression: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    step = Automaton.step

    def counted(self: Automaton, state: automaton._State, char: str) -> automaton._State:
        steps.append(char)
        return step(self, state, char)

    monkeypatch.setattr(Automaton, "step", counted)
    made = Automaton(parse(expression))
    assert not made.search("a" * 60)
    assert 0 < len(steps) < 60
    steps.clear()
    assert not made.search("a" * 60)
    assert not made.search("a" * 253)
    assert steps == []


@pytest.mark.parametrize(
    "expression", ["a{401}", "(a{100}){5}", "((a?){20}){30}", "(((){1000}){1000}){1000}"]
)
def test_what_is_too_large_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match="too large"):
        Automaton(parse(expression))


def test_the_largest_there_can_be() -> None:
    made = Automaton(parse(f"a{{{MAX_PLACES}}}"))
    assert made.places == MAX_PLACES
    assert made.search("a" * MAX_PLACES) and not made.search("a" * (MAX_PLACES - 1))


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(automaton, "MAX_STATES", 5)
    memory = automaton._Memory()
    monkeypatch.setattr(automaton, "_MEMORY", memory)
    first, second = Automaton(parse("(a|b)*a[ab]{4}c")), Automaton(parse("b.b"))
    for _ in range(2):
        assert first.search("abbabaababbbac" * 3)
        assert not first.search("abbabaababbba" * 3)
        assert second.search("abbab")
    assert len(memory._states) <= 5
