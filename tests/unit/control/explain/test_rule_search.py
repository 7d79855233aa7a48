"""Rules that change what the lists say: found by trying, and true of real lists."""

from __future__ import annotations

import pytest

from sinkhole.control.explain.altered_rules import AlteredRules
from sinkhole.control.explain.rule_search import allow_lines, block_for, exceptions_for
from sinkhole.control.explain.severity import Severity, severity_of
from sinkhole.dns.filter.language.line import Kind
from sinkhole.dns.filter.match import Match, Matcher
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.numbers import Type

NAME = from_text("x.ads.example")


def matcher(own: list[str], theirs: list[str], kind: Kind = "block") -> Matcher:
    lists = [CompiledList.from_rules("own rules", "block", own)] if own else []
    return Matcher([*lists, CompiledList.from_rules("Theirs", kind, theirs)])


def is_allowed(match: Match | None) -> bool:
    return match is None or match.allowed


ALLOWING = [
    ([], ["||ads.example^"], ["@@||x.ads.example^"]),
    ([], ["x.ads.example"], ["@@||x.ads.example^"]),
    ([], ["/^x\\.ads/"], ["@@||x.ads.example^"]),
    ([], ["||ads.example^$important"], ["@@||x.ads.example^$important"]),
    ([], ["||ads.example^$important,dnstype=A"], ["@@||x.ads.example^$important"]),
    ([], ["||ads.example^$dnsrewrite=192.0.2.1"], ["@@||x.ads.example^$dnsrewrite"]),
    (
        [],
        ["||ads.example^$dnsrewrite=192.0.2.1", "||example^"],
        ["@@||x.ads.example^$dnsrewrite", "@@||x.ads.example^"],
    ),
    (
        [],
        ["||ads.example^$dnsrewrite=192.0.2.1,important"],
        ["@@||x.ads.example^$important,dnsrewrite"],
    ),
    (
        [],
        ["||ads.example^$dnsrewrite=192.0.2.1,important", "||example^$important"],
        ["@@||x.ads.example^$important,dnsrewrite", "@@||x.ads.example^$important"],
    ),
    ([], ["||ads.example^", "@@||x.ads.example^$badfilter"], ["@@|x.ads.example^"]),
    (["||x.ads.example^"], ["||ads.example^"], ["@@||x.ads.example^"]),
]


@pytest.mark.parametrize(
    ("own", "theirs", "exceptions"), ALLOWING, ids=["; ".join(each[1]) for each in ALLOWING]
)
def test_the_mildest_exception_that_works_is_found(
    own: list[str], theirs: list[str], exceptions: list[str]
) -> None:
    present = matcher(own, theirs)

    def works(rules: tuple[str, ...], kind: Kind) -> bool:
        changed = AlteredRules(present, rules, own="own rules", kind=kind)
        return is_allowed(changed.match(NAME, Type.A))

    assert not is_allowed(present.match(NAME, Type.A))
    found = exceptions_for([NAME], works)
    assert list(found) == exceptions
    really = matcher([*own, *found], theirs).match(NAME, Type.A)
    assert is_allowed(really), "the rules work once they are in a list of their own"


BLOCKING = [
    (["||other.example^"], "block", ["||x.ads.example^"]),
    (["@@||ads.example^"], "block", ["||x.ads.example^$important"]),
    (["@@||ads.example^$important"], "block", ["||x.ads.example^$dnsrewrite=NXDOMAIN"]),
    (["@@||ads.example^$important", "@@||ads.example^$important,dnsrewrite"], "block", []),
    (["||ads.example^$dnsrewrite=192.0.2.1"], "block", ["||x.ads.example^$dnsrewrite=NXDOMAIN"]),
    (
        ["||ads.example^$dnsrewrite=safe.example"],
        "block",
        ["@@||x.ads.example^$dnsrewrite", "||x.ads.example^"],
    ),
    (["||ads.example^"], "allow", []),
]


@pytest.mark.parametrize(
    ("theirs", "kind", "rules"), BLOCKING, ids=[f"{each[1]} {each[0][-1]}" for each in BLOCKING]
)
def test_a_rule_that_blocks_is_found_if_there_is_one(
    theirs: list[str], kind: Kind, rules: list[str]
) -> None:
    present = matcher([], theirs, kind)

    def works(rules: tuple[str, ...], kind: Kind) -> bool:
        changed = AlteredRules(present, rules, own="own rules")
        return severity_of(changed.match(NAME, Type.A)) is Severity.REFUSES

    assert list(block_for(NAME, works)) == rules


def test_several_targets_get_one_exception_each() -> None:
    assert exceptions_for([NAME, "192.0.2.1", "2001:db8::1"], lambda rules, kind: True) == (
        "@@||x.ads.example^",
        "@@||192.0.2.1^",
        "@@||2001:db8::1^",
    )


def test_an_allow_list_is_tried_with_its_own_kind() -> None:
    assert allow_lines([NAME], lambda rules, kind: kind == "allow") == ("||x.ads.example^",)
    assert allow_lines([NAME], lambda rules, kind: False) == ()


@pytest.mark.parametrize("name", [".", r"a\.b.example", r"*.example"])
def test_of_a_name_that_no_rule_can_have_nothing_is_tried(name: str) -> None:
    tried: list[tuple[str, ...]] = []

    def note(rules: tuple[str, ...], kind: Kind) -> bool:
        tried.append(rules)
        return True

    assert exceptions_for([from_text(name)], note) == ()
    assert tried == []


def test_nothing_to_except_needs_no_rule() -> None:
    assert exceptions_for([], lambda rules, kind: True) == ()
