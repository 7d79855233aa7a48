"""Records of rules: written, read back, and read from what no compiler wrote."""

from __future__ import annotations

import json
from array import array
from ipaddress import ip_address

import pytest

from sinkhole.dns.filter.compiled import details, entry
from sinkhole.dns.filter.compiled.details import (
    CompiledRule,
    Details,
    decode,
    encode,
    is_plain,
    join,
)
from sinkhole.dns.filter.language.line import EVERY_REWRITE, Conditions, Rewrite, Rule
from sinkhole.dns.wire.name import from_text

CONDITIONS = Conditions(
    frozenset({"ip:192.0.2.1"}),
    frozenset({"name:ü"}),
    frozenset({"tag:device_tv"}),
    frozenset({"tag:os_ios"}),
    frozenset({1, 28}),
    frozenset({65}),
    (from_text("com"), from_text("example.net")),
)
RULES = [
    CompiledRule(1, 0),
    CompiledRule(2, entry.IMPORTANT | entry.ALLOW | entry.NETWORK | entry.BELOW, CONDITIONS),
    CompiledRule(3, entry.NETWORK, rewrite=Rewrite(0, 1, b"\xc0\x00\x02\x01")),
    CompiledRule(4, entry.NETWORK | entry.ALLOW, rewrite=EVERY_REWRITE),
    CompiledRule(5, entry.NETWORK, badfilter=True),
    CompiledRule(6, 0, addresses=(ip_address("192.0.2.1"), ip_address("2001:db8::1"))),
]


def test_a_record_is_read_back() -> None:
    assert decode(join(map(encode, RULES))) == tuple(RULES)


def test_what_a_rule_is_is_kept() -> None:
    rule = Rule((from_text("a"),), conditions=CONDITIONS, badfilter=True)
    kept = CompiledRule.of(rule, 7, entry.NETWORK)
    assert kept == CompiledRule(7, entry.NETWORK, CONDITIONS, badfilter=True)
    exception = CompiledRule.plain(entry.ALLOW | 9)
    assert exception == CompiledRule(9, entry.ALLOW)
    assert exception.allow and not exception.important
    assert CompiledRule.plain(entry.IMPORTANT | entry.ALLOW | 9).important


def test_only_what_is_more_than_a_name_needs_details() -> None:
    names = (from_text("a.example"),)
    assert is_plain(Rule(names, important=True, allow=True))
    assert not is_plain(Rule(names, conditions=Conditions(types=frozenset({1}))))
    assert not is_plain(Rule(names, rewrite=Rewrite(3)))
    assert not is_plain(Rule(names, badfilter=True))
    assert not is_plain(Rule(names, hosts=True, addresses=(ip_address("192.0.2.1"),)))


def test_records_are_found_by_number_and_remembered() -> None:
    records = [join([encode(rule)]) for rule in RULES[:2]]
    offsets = array("Q", [0, len(records[0]), len(records[0]) + len(records[1])])
    read = Details(offsets, b"".join(records))
    assert read.rules(0) == (RULES[0],)
    assert read.rules(1) == (RULES[1],)
    assert read.rules(1) is read.rules(1)
    assert read.rules(2) == read.rules(1 << 26) == ()


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(details, "MOST_REMEMBERED", 2)
    record = join([encode(RULES[0])])
    read = Details(array("Q", range(0, len(record) * 6, len(record))), record * 5)
    first = read.rules(0)
    for index in range(1, 5):
        assert read.rules(index) == first
    assert read.rules(0) is not first


@pytest.mark.parametrize(
    "record",
    [
        *(b"", b"[", b"{}", b"5", b"[5]", b"[{}]", b'[{"line":1}]', b'[{"line":"x","flags":0}]'),
        *(b'[{"line":1,"flags":0,"rewrite":[1]}]', b'[{"line":1,"flags":0,"if":[1]}]'),
        *(b'[{"line":1,"flags":0,"addresses":["x"]}]', b'[{"line":1,"flags":0,"addresses":5}]'),
        *(b'[{"line":1,"flags":0,"if":{"types":["x"]}}]', b"\xff", b"[" * 10_000),
    ],
    ids=lambda record: repr(record[:50]),
)
def test_what_no_compiler_wrote_has_no_rules(record: bytes) -> None:
    assert decode(record) == ()


def test_a_record_is_json() -> None:
    assert json.loads(join([encode(RULES[0])])) == [{"line": 1, "flags": 0}]
