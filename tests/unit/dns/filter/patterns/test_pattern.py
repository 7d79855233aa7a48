"""Masks: what each fits, and what it can't do without. More of them are in `language/`."""

from __future__ import annotations

import pytest

from sinkhole.dns.filter.patterns.pattern import Mask, Subject
from sinkhole.dns.wire.name import from_text


def fits(pattern: str, host: str) -> bool:
    return Mask(pattern).matches(Subject(host))


@pytest.mark.parametrize(
    ("pattern", "hosts", "others"),
    [
        ("||ads", "ads ads.org x.ads1.org", "bads.org"),
        ("||ads*.org^", "ads.org x.ads1.b.org", "ads.organic bads.org org"),
        ("||*.org^", "a.org x.a.org", "org a.organic"),
        ("||a^|", "a x.a", "a.b"),
        ("|ads.", "ads.org", "x.ads.org ads"),
        ("|a.b|", "a.b", "x.a.b a.b.c"),
        ("|a*b|", "ab a.b axxb aabb", "ba xab abx a"),
        ("|a*a|", "aa a.a", "a"),
        ("*ads*", "ads bads.org", "ad.s"),
        ("-ads^", "x-ads", "x-ads.org ads"),
        (".ads.", "x.ads.org", "ads.org"),
        ("ads|", "ads x-ads", "ads.org"),
        ("a*b*a|", "aba abxxa", "ab ba abx"),
        ("ab*ab", "abab ab.ab", "ab aba"),
        ("://a.", "a.org", "b.a.org"),
        ("http://a", "a.org ab", "b.a.org"),
        ("^a", "b!a", "a b.a"),
        ("a^b", "a!b a:b", "ab a.b a-b a_b a%b"),
        ("a^^b", "a!:b", "a!b"),
        ("a^^", "a a! a!! xa", "ab"),
        ("a^*^", "a a!x", "ab"),
        ("2001:db8:", "2001:db8::1", "2001:db9::1"),
        ("", "a", ""),
        ("*", "a a.b", ""),
    ],
)
def test_what_a_mask_fits(pattern: str, hosts: str, others: str) -> None:
    assert [host for host in hosts.split() if not fits(pattern, host)] == []
    assert [host for host in others.split() if fits(pattern, host)] == []


@pytest.mark.parametrize("pattern", ["https://a.org^", "a^!b", "a^^^^^"])
def test_what_no_name_can_have_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"\^|https"):
        Mask(pattern)


def test_every_literal_stands_in_what_fits() -> None:
    mask = Mask("||ads*-track^*.example^")
    assert mask.literals == tuple(map(frozenset, [[".ads"], ["-track"], [".example"]]))
    assert mask.least == len("ads-track.example")


def test_patterns_see_every_byte_of_a_name() -> None:
    subject = Subject.of_name(b"\x04a\xff.\x00\x03org\x00")
    assert subject.host == "a\xff.\x00.org"
    assert subject.text == "." + subject.host
    assert subject.marked() == ".a^.^.org^^^^"
    assert Subject.of_name(from_text("A.Example")).host == "a.example"


def test_patterns_see_addresses_as_text() -> None:
    assert Subject.of_address(b"\xc0\x00\x02\x01").host == "192.0.2.1"
    assert Subject.of_address(bytes.fromhex("20010db8") + bytes(12)).host == "2001:db8::"
