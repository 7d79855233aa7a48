"""What a rule says blocks a name, has it answered otherwise, or lets it pass."""

from __future__ import annotations

import pytest

from sinkhole.control.explain.severity import Severity, severity_of
from sinkhole.dns.filter.match import Matcher
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.numbers import Type

NAME = from_text("a.example")


@pytest.mark.parametrize(
    ("rule", "severity"),
    [
        ("||b.example^", Severity.PASSES),
        ("@@||a.example^", Severity.PASSES),
        ("||a.example^$dnsrewrite=192.0.2.1", Severity.REWRITES),
        ("||a.example^$dnsrewrite=safe.example", Severity.REWRITES),
        ("||a.example^$dnsrewrite=NXDOMAIN", Severity.REFUSES),
        ("0.0.0.0 a.example", Severity.REFUSES),
        ("||a.example^", Severity.REFUSES),
    ],
)
def test_of_a_rule(rule: str, severity: Severity) -> None:
    matcher = Matcher([CompiledList.from_rules("Own", "block", [rule])])
    assert severity_of(matcher.match(NAME, Type.A)) is severity


def test_an_error_that_is_built_in_is_no_block() -> None:
    rules = ["||a.example^$dnsrewrite=NXDOMAIN"]
    matcher = Matcher([], [CompiledList.from_rules("built-in", "block", rules)])
    assert severity_of(matcher.match(NAME, Type.A)) is Severity.REWRITES
