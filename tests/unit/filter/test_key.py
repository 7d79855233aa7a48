"""Keys: a rule's key is a prefix of exactly those query keys it matches."""

from __future__ import annotations

from sinkhole.filter.key import EXACT, query_key, readable, rule_key, text_key
from sinkhole.wire.name import from_text


def test_the_key_of_a_name_is_its_text_backwards() -> None:
    assert rule_key(from_text("www.example.org"), subtree=True) == b"gro.elpmaxe.www."
    assert rule_key(from_text("www.example.org"), subtree=False) == b"gro.elpmaxe.www." + EXACT
    assert query_key(from_text("www.example.org")) == b"gro.elpmaxe.www." + EXACT


def test_the_short_cut_for_text_gives_the_same_key() -> None:
    for subtree in (True, False):
        wire_name = from_text("ads.example.org")
        assert text_key(b"ads.example.org", subtree) == rule_key(wire_name, subtree)


def test_a_dot_within_a_label_is_no_border() -> None:
    odd = b"\x0bwww.example\x03org\x00"
    assert not query_key(odd).startswith(rule_key(from_text("example.org"), subtree=True))
    assert query_key(odd).startswith(rule_key(from_text("org"), subtree=True))


def test_bytes_with_a_meaning_in_keys_stay_apart() -> None:
    labels = [b"\x00", b"\x01", b"\x02", b"\n", b".", b"\x020", b"\x021", b"d", b"\x02d", b"n\x02"]
    names = [bytes((len(label),)) + label + b"\x03org\x00" for label in labels]
    assert len({query_key(name) for name in names}) == len(names)
    for name in names:
        assert not {0, ord("\n")} & set(query_key(name))


def test_the_root_matches_nothing_but_itself() -> None:
    assert query_key(b"\0") == EXACT


def test_a_key_can_be_read_by_people() -> None:
    assert readable(rule_key(from_text("www.example.org"), subtree=True)) == "||www.example.org^"
    assert readable(rule_key(from_text("www.example.org"), subtree=False)) == "www.example.org"
    odd = readable(rule_key(b"\x03a\x1b\xff\x03org\x00", subtree=False))
    assert odd.isprintable() and odd.endswith(".org")
