"""Several lists, one answer."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import pytest

from sinkhole.dns.filter.compiled.compile import compile_file
from sinkhole.dns.filter.language.line import Kind
from sinkhole.dns.filter.match import Match, Matcher, Rewritten
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.wire.name import from_text
from sinkhole.model.verdict import Cause

A = 1


def rules(name: str, kind: Kind, *texts: str) -> CompiledList:
    return CompiledList.from_rules(name, kind, texts)


def decision(matcher: Matcher, name: str) -> tuple[str, int, bool] | None:
    match = matcher.match(from_text(name), A)
    return (match.cause.list_name, match.cause.line, match.allowed) if match else None


def test_without_lists_nothing_matches() -> None:
    assert Matcher([]).match(from_text("example.org"), A) is None
    assert Matcher([]).names == 0


def test_a_match_names_list_line_and_rule() -> None:
    matcher = Matcher([rules("own rules", "block", "# own", "||ads.example^$important")])
    assert matcher.match(from_text("x.ads.example"), A) == Match(
        Cause("own rules", 2, "||ads.example^$important"), allowed=False, important=True
    )


def test_the_first_of_equally_strong_lists_decides() -> None:
    first, second = rules("1", "block", "||a.example^"), rules("2", "block", "|a.example^")
    assert decision(Matcher([first, second]), "a.example") == ("1", 1, False)
    assert decision(Matcher([second, first]), "a.example") == ("2", 1, False)
    assert Matcher([first, second]).names == 2


def test_across_block_lists_the_strongest_rule_decides() -> None:
    plain = rules("plain", "block", "||a.example^")
    exception = rules("exception", "block", "@@||a.example^")
    important = rules("important", "block", "||a.example^$important")
    both = rules("both", "block", "@@||a.example^$important")
    assert decision(Matcher([plain, exception]), "a.example") == ("exception", 1, True)
    assert decision(Matcher([plain, exception, important]), "a.example") == ("important", 1, False)
    assert decision(Matcher([both, important, plain]), "a.example") == ("both", 1, True)


def test_an_allow_list_beats_whatever_a_block_list_says() -> None:
    allow = rules("allow", "allow", "||a.example^")
    important = rules("important", "block", "||a.example^$important")
    matcher = Matcher([important, allow])
    assert decision(matcher, "x.a.example") == ("allow", 1, True)
    assert decision(matcher, "b.example") is None


def test_the_text_of_a_list_on_disk_is_read_only_when_asked_for(tmp_path: Path) -> None:
    source = tmp_path / "list.txt"
    source.write_text("||a.example^\n")
    compile_file(source, tmp_path / "list.list")
    matcher = Matcher([CompiledList.map(tmp_path / "list.list", "on disk", "block", source)])
    match = matcher.match(from_text("a.example"), A)
    assert match is not None
    assert match.cause == Cause("on disk", 1, "")
    assert matcher.rule_text(match.cause) == "||a.example^"
    assert matcher.rule_text(Cause("unknown", 1)) == ""
    assert matcher.rule_text(Cause("own rules", 1, "kept")) == "kept"


def test_a_hosts_line_is_the_weakest_rule() -> None:
    hosts, network = rules("hosts", "block", "a.example"), rules("network", "block", "||example^")
    assert decision(Matcher([hosts, network]), "a.example") == ("network", 1, False)


def test_built_in_lists_count_where_no_other_says_anything() -> None:
    builtin = rules("services", "block", "||a.example^", "||b.example^", "@@||c.b.example^")
    matcher = Matcher([rules("own", "block", "@@||a.example^")], [builtin])
    assert decision(matcher, "a.example") == ("own", 1, True)
    found = matcher.match(from_text("b.example"), A)
    assert found is not None and found.builtin
    assert decision(matcher, "c.b.example") == ("services", 3, True)
    assert (matcher.names, len(matcher.lists)) == (1, 1)
    assert matcher.rule_text(Cause("services", 2)) == "||b.example^"


def test_hosts_lines_say_their_addresses_together() -> None:
    first = rules("1", "block", "0.0.0.0 a.example", "192.0.2.1 a.example")
    second = rules("2", "block", "2001:db8::1 a.example", "192.0.2.1 a.example")
    match = Matcher([first, second]).match(from_text("a.example"), A)
    assert match is not None
    assert match.addresses == (ip_address("192.0.2.1"), ip_address("2001:db8::1"))
    stronger = Matcher([first, rules("3", "block", "||a.example^")])
    match = stronger.match(from_text("a.example"), A)
    assert match is not None and match.addresses == ()


def test_records_of_the_type_asked_for_are_answered_together() -> None:
    made = rules(
        "own",
        "block",
        "||a.example^$dnsrewrite=192.0.2.1",
        "||a.example^$dnsrewrite=192.0.2.2",
        "||a.example^$dnsrewrite=2001:db8::1",
    )
    match = Matcher([made]).match(from_text("a.example"), A)
    assert match is not None and not match.allowed
    assert match.rewrite == Rewritten(0, b"", ((1, b"\xc0\x00\x02\x01"), (1, b"\xc0\x00\x02\x02")))
    match = Matcher([made]).match(from_text("a.example"), 16)
    assert match is not None
    assert match.rewrite == Rewritten(0)


def test_addresses_are_asked_for_only_where_a_rule_could_match_one() -> None:
    without = Matcher([rules("own", "block", "||a.example^", "-ads-")])
    assert not without.checks_addresses
    assert without.match_address(b"\xc0\x00\x02\x01", A) is None
    matcher = Matcher([rules("own", "block", "||192.0.2.0/24^", "@@192.0.2.9", "||198.51.100.")])
    assert matcher.checks_addresses
    for text, allowed in [("192.0.2.1", False), ("198.51.100.7", False), ("192.0.2.9", True)]:
        match = matcher.match_address(ip_address(text).packed, A)
        assert match is not None and match.allowed == allowed
    assert matcher.match_address(ip_address("203.0.113.1").packed, A) is None
    mapped = matcher.match_address(ip_address("::ffff:192.0.2.1").packed, 28)
    assert mapped is not None and mapped.cause.line == 1


def test_a_list_that_can_not_overrule_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = rules("1", "block", "||a.example^"), rules("2", "block", "||a.example^")
    third = rules("3", "block", "||b.example^", "@@||c.example^")
    matcher = Matcher([first, second, third])
    asked: list[str] = []
    find = CompiledList.find

    def heard(self: CompiledList, key: bytes) -> int:
        asked.append(self.name)
        return find(self, key)

    monkeypatch.setattr(CompiledList, "find", heard)
    assert decision(matcher, "a.example") == ("1", 1, False)
    assert asked == ["1", "3"]


def test_the_traits_of_a_client_decide() -> None:
    matcher = Matcher([rules("own", "block", "||a.example^$client=TV|192.0.2.0/24")])
    assert matcher.criteria == {"name:TV", "net:192.0.2.0/24"}
    assert matcher.match(from_text("a.example"), A) is None
    assert matcher.match(from_text("a.example"), A, frozenset({"name:TV"})) is not None
