"""International names: what is shown of them, and how one is found that was typed."""

from __future__ import annotations

import pytest

from sinkhole.dns.wire.international import as_stored, decoded, in_unicode
from sinkhole.dns.wire.name import from_text, to_text

SHOWN = [
    ("xn--mnchen-3ya.example", "münchen.example"),
    ("www.xn--mnchen-3ya.example", "www.münchen.example"),
    ("xn--strae-oqa.example", "straße.example"),
    ("xn--e1afmkfd.xn--p1ai", "пример.рф"),
    ("xn--wgv71a119e.example", "日本語.example"),
    ("xn--mgbh0fb.example", "مثال.example"),
    ("xn--4dbrk0ce", "ישראל"),
]
NOT_SHOWN = {
    "plain.example": "nothing to decode",
    "xn--pypal-4ve.example": "Cyrillic and Latin letters in one label",
    "xn--i-7iq.example": "no letter",
    "xn--ls8h.example": "no letter either",
    "xn--a-ecp.example": "a digit with a full stop in it",
    "xn--abc.example": "control characters",
    "xn--99999999999.example": "no number that stands for anything",
    "xn--.example": "nothing",
    "xn--ab-g4t.example": "an override of the direction of writing",
    "xn--ib9b.example": "half of a pair",
    "xn--MNCHEN-3YA.example": "not as names are stored",
    "xn--mnchen-3ya\\.example": "a dot that divides no labels",
}


@pytest.mark.parametrize(("name", "read"), SHOWN)
def test_names_are_read_as_they_were_typed(name: str, read: str) -> None:
    assert in_unicode(name) == decoded(name) == read
    assert to_text(from_text(read)) == name
    assert as_stored(read) == (name, read)


@pytest.mark.parametrize("name", NOT_SHOWN)
def test_what_could_mislead_stays_as_it_is(name: str) -> None:
    assert in_unicode(name) == name


def test_each_label_is_for_itself() -> None:
    assert in_unicode("xn--pypal-4ve.xn--mnchen-3ya.example") == "xn--pypal-4ve.münchen.example"


def test_what_is_typed_is_mapped_as_rules_are() -> None:
    assert as_stored("MÜNCHEN.Example") == ("xn--mnchen-3ya.example", "münchen.example")
    assert as_stored("mu\u0308nchen。example") == ("xn--mnchen-3ya.example", "münchen.example")
    assert as_stored("NCHEN") == ("nchen", "nchen")
    assert as_stored("ünch")[1] == "ünch"
    for odd in ("a\u202eb", "\ud800", "é" * 9000, "I♥", "a\x00ü"):
        assert all(isinstance(text, str) for text in as_stored(odd))


def test_no_label_makes_text_that_can_t_be_stored() -> None:
    for label in ("xn--ib9b", "xn--ib9bz", "xn--a-0000000", "xn--\x7f", "xn--99zz99"):
        decoded(f"{label}.example").encode()
