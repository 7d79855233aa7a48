"""Local records."""

from __future__ import annotations

import pytest

from sinkhole.policy.local import LocalNames
from sinkhole.wire.name import from_text, to_text

LOCAL = LocalNames(
    {
        "nas.home": ["192.0.2.10", "2001:db8::10"],
        "*.nas.home": ["192.0.2.11"],
        "deep.nas.home": ["192.0.2.12"],
        "*.deep.nas.home": ["192.0.2.13"],
    }
)


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("nas.home", "c000020a"),
        ("www.nas.home", "c000020b"),
        ("a.b.nas.home", "c000020b"),
        ("deep.nas.home", "c000020c"),
        ("x.deep.nas.home", "c000020d"),
    ],
)
def test_exact_beats_wildcard_and_longer_beats_shorter(name: str, address: str) -> None:
    answer = LOCAL.answer(from_text(name), 1)
    assert answer is not None
    assert [r.rdata.hex() for r in answer.answer] == [address]


@pytest.mark.parametrize("name", ["home", "xnas.home", "nas.home.example.org", "example.org"])
def test_other_names_are_not_local(name: str) -> None:
    assert LOCAL.answer(from_text(name), 1) is None


def test_a_family_or_type_it_does_not_have_is_no_data() -> None:
    for qtype in (28, 16, 65):
        answer = LOCAL.answer(from_text("www.nas.home"), qtype)
        assert answer is not None
        assert (answer.rcode, answer.answer, len(answer.authority)) == (0, (), 1)


def test_addresses_have_names() -> None:
    for pointer in ("10.2.0.192.in-addr.arpa", "0.1." + "0." * 22 + "8.b.d.0.1.0.0.2.ip6.arpa"):
        answer = LOCAL.answer(from_text(pointer), 12)
        assert answer is not None
        assert [to_text(r.rdata) for r in answer.answer] == ["nas.home"]
    assert LOCAL.answer(from_text("11.2.0.192.in-addr.arpa"), 12) is None


def test_it_counts_names() -> None:
    assert len(LOCAL) == 4
    assert len(LocalNames({})) == 0
