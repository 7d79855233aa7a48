"""Conditions of rules: for whom, for which types, and not for which names they count."""

from __future__ import annotations

import pytest

from sinkhole.dns.filter.conditions import CLIENT, DENYALLOW, TYPE, obstacle, weight
from sinkhole.dns.filter.language.line import ALWAYS, Conditions
from sinkhole.dns.wire.name import from_text

A, AAAA, TXT = 1, 28, 16
TV, KID, NET = "tag:device_tv", "name:Kid", "net:192.0.2.0/24"
NAMES = (from_text("good.example"), from_text("com"))


@pytest.mark.parametrize(
    ("conditions", "name", "qtype", "traits", "expected"),
    [
        (ALWAYS, "a.example", A, set(), ""),
        (Conditions(clients=frozenset({KID, NET})), "a.example", A, {NET}, ""),
        (Conditions(clients=frozenset({KID})), "a.example", A, {NET}, CLIENT),
        (Conditions(clients=frozenset({NET}), not_clients=frozenset({KID})), "a", A, {NET}, ""),
        (
            Conditions(clients=frozenset({NET}), not_clients=frozenset({KID})),
            *("a", A, {NET, KID}, CLIENT),
        ),
        (Conditions(not_clients=frozenset({KID})), "a", A, set(), ""),
        (Conditions(tags=frozenset({TV})), "a", A, {TV}, ""),
        (Conditions(tags=frozenset({TV})), "a", A, set(), CLIENT),
        (Conditions(not_tags=frozenset({TV})), "a", A, {TV}, CLIENT),
        (Conditions(clients=frozenset({KID}), tags=frozenset({TV})), "a", A, {KID}, CLIENT),
        (Conditions(types=frozenset({A, AAAA})), "a", AAAA, set(), ""),
        (Conditions(types=frozenset({A})), "a", AAAA, set(), TYPE),
        (Conditions(not_types=frozenset({A})), "a", A, set(), TYPE),
        (Conditions(not_types=frozenset({A})), "a", TXT, set(), ""),
        (Conditions(denyallow=NAMES), "bad.example", A, set(), ""),
        (Conditions(denyallow=NAMES), "x.good.example", A, set(), DENYALLOW),
        (Conditions(denyallow=NAMES), "com", A, set(), DENYALLOW),
        (Conditions(denyallow=NAMES), "", A, set(), DENYALLOW),
    ],
)
def test_whether_a_rule_counts(
    conditions: Conditions, name: str, qtype: int, traits: set[str], expected: str
) -> None:
    wire_name = from_text(name) if name else b""
    assert obstacle(conditions, wire_name, qtype, frozenset(traits)) == expected


def test_each_modifier_weighs_one() -> None:
    some = frozenset({"x"})
    assert weight(ALWAYS) == 0
    assert weight(Conditions(clients=some, not_clients=some)) == 1
    assert weight(Conditions(some, some, some, some, frozenset({1}), frozenset({2}), NAMES)) == 4
