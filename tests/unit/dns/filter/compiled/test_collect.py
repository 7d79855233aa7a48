"""Gathering rules: what shares an entry, what needs details, and what is refused."""

from __future__ import annotations

import json
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from sinkhole.dns.filter.compiled import collect, entry
from sinkhole.dns.filter.compiled.collect import Collector, Parts
from sinkhole.dns.filter.compiled.key import network_key, rule_key
from sinkhole.dns.filter.language.line import Conditions, Rewrite, Rule, Scope
from sinkhole.dns.wire.name import from_text

NAME = from_text("a.example")


def tree(**more: Any) -> Rule:
    return Rule((NAME,), Scope.TREE, **more)


def collected(*rules: Rule) -> Parts:
    collector = Collector("block")
    for line, rule in enumerate(rules, start=1):
        collector.add(rule, line)
    return collector.finish()


def entry_of(parts: Parts, key: bytes) -> int:
    return parts.entries[int(parts.trie[key])]


def records(parts: Parts) -> list[list[dict[str, Any]]]:
    pairs = zip(parts.offsets, parts.offsets[1:], strict=False)
    return [json.loads(parts.details[begin:end]) for begin, end in pairs]


def test_plain_rules_need_no_details() -> None:
    parts = collected(tree(), Rule((NAME, from_text("b")), hosts=True), tree(allow=True))
    assert entry_of(parts, rule_key(NAME, Scope.EXACT)) == 2
    assert entry_of(parts, rule_key(from_text("b"), Scope.EXACT)) == 2
    parts = collected(Rule((NAME,), Scope.BELOW, important=True))
    flags = entry.NETWORK | entry.BELOW | entry.IMPORTANT
    assert entry_of(parts, rule_key(NAME, Scope.BELOW)) == flags | 1
    assert records(parts) == []


def test_of_plain_twins_the_first_stays() -> None:
    collector = Collector("block")
    for line in (3, 5, 9):
        collector.add(tree(), line)
    parts = collector.finish()
    assert entry_of(parts, rule_key(NAME, Scope.TREE)) == entry.NETWORK | 3
    assert collector.duplicates == 2


def test_rules_of_one_key_that_differ_share_a_record() -> None:
    parts = collected(tree(), tree(allow=True), tree(), tree(badfilter=True), tree(allow=True))
    assert entry_of(parts, rule_key(NAME, Scope.TREE)) == entry.DETAILED | 0
    (record,) = records(parts)
    assert [each["line"] for each in record] == [1, 2, 4]


@pytest.mark.parametrize(
    "rule",
    [
        tree(conditions=Conditions(types=frozenset({1}))),
        tree(rewrite=Rewrite(3)),
        tree(badfilter=True),
        Rule((NAME,), Scope.TREE, hosts=True, addresses=(ip_address("192.0.2.1"),)),
    ],
    ids=["conditions", "rewrite", "badfilter", "addresses"],
)
def test_what_is_more_than_a_name_has_a_record(rule: Rule) -> None:
    for rules in ([rule], [tree(), rule], [rule, tree()]):
        parts = collected(*rules)
        assert entry_of(parts, rule_key(NAME, Scope.TREE)) == entry.DETAILED | 0
        assert [len(record) for record in records(parts)] == [len(rules)]


def test_keys_of_one_rule_share_a_record() -> None:
    names = tuple(from_text(name) for name in ("a", "b", "c"))
    parts = collected(Rule(names, hosts=True, addresses=(ip_address("192.0.2.1"),)))
    assert len(parts.entries) == 3
    assert set(parts.entries) == {entry.DETAILED}
    assert len(records(parts)) == 1


def test_networks_are_keys_too() -> None:
    network = ip_network("192.0.2.0/24")
    parts = collected(Rule(networks=(network,)), tree())
    assert entry_of(parts, network_key(network)) == entry.NETWORK | 1


def test_what_rules_ask_about_clients_is_known() -> None:
    asks = Conditions(frozenset({"name:TV"}), not_tags=frozenset({"tag:os_ios"}))
    rules = [tree(conditions=asks), Rule(pattern="-ads-", conditions=asks)]
    assert collected(*rules).criteria == {"name:TV", "tag:os_ios"}


def test_too_many_clients_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collect, "MAX_CRITERIA", 1)
    collector = Collector("block")
    collector.add(tree(conditions=Conditions(frozenset({"name:TV"}))), 1)
    with pytest.raises(ValueError, match="more than 1 clients"):
        collector.add(tree(conditions=Conditions(frozenset({"name:PC"}))), 2)


def test_a_pattern_that_can_not_be_used_is_refused() -> None:
    with pytest.raises(ValueError, match="back-reference"):
        collected(Rule(pattern=r"/(a)\1/"))


def test_quick_names_are_added_like_others() -> None:
    for hosts in (False, True):
        for scope in Scope:
            for kind in ("block", "allow"):
                quick, slow = Collector(kind), Collector(kind)
                quick.plain_adder()(b"a.example", scope, hosts, 7)
                slow.add(Rule((NAME,), scope, hosts=hosts), 7)
                (one, other) = (each.finish() for each in (quick, slow))
                assert list(one.trie.items()) == list(other.trie.items())
                assert one.entries == other.entries
