"""Reading regular expressions; what they mean is tested with the automaton."""

from __future__ import annotations

import pytest

from sinkhole.dns.filter.patterns.expression import (
    MAX_NESTING,
    MAX_TEXT,
    Assertion,
    Char,
    Choice,
    Repeat,
    Sequence,
    chars_of,
    parse,
)


def char(text: str) -> Char:
    return Char(chars_of(text))


def test_the_tree_of_an_expression() -> None:
    assert parse(r"^a(b|[c-e]*)\.{2,}$") == Sequence(
        (
            Assertion("^"),
            char("a"),
            Choice((char("b"), Repeat(char("cde"), 0, None))),
            Repeat(char("."), 2, None),
            Assertion("$"),
        )
    )
    assert parse("") == Sequence(())
    assert parse("a{2}") == parse("a{2,2}?") == Repeat(char("a"), 2, 2)


def test_letter_case_makes_no_difference() -> None:
    assert parse("[A-F]") == parse("[a-f]") == char("abcdef")
    assert parse("A") == char("a") == char("aA")
    assert chars_of("É") == 1 << 0xC9


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("(a", "not closed"),
        ("a)", "too many"),
        ("[a", "ends too early"),
        ("a\\", "ends too early"),
        ("*a", "nothing to repeat"),
        ("a|+", "nothing to repeat"),
        ("a**", "repetition of a repetition"),
        ("a*+", "repetition of a repetition"),
        ("a{2}{3}", "repetition of a repetition"),
        ("a{3,2}", "number of repetitions"),
        ("a{1001}", "number of repetitions"),
        ("[z-a]", "range"),
        (r"[a-\d]", "range"),
        ("[[:colour:]]", "class"),
        ("(?=a)", "look-around"),
        ("(?!a)", "look-around"),
        ("(?<=a)", "look-around"),
        ("(?<!a)", "look-around"),
        ("(?#a)", "group"),
        (r"(a)\1", "back-reference"),
        (r"\pL", "not supported"),
        (r"\Qa\E", "not supported"),
        ("a" * (MAX_TEXT + 1), "more than 1000"),
        ("(" * (MAX_NESTING + 1) + ")" * (MAX_NESTING + 1), "nested"),
    ],
)
def test_what_can_not_be_used_is_refused_with_a_reason(expression: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"regular expression.*{reason}"):
        parse(expression)


@pytest.mark.parametrize("text", ["a{", "a{,3}", "a{x}", "{", "]", "a-b", "}"])
def test_signs_without_a_meaning_stand_for_themselves(text: str) -> None:
    assert parse(text) == (Sequence(tuple(map(char, text))) if len(text) > 1 else char(text))
