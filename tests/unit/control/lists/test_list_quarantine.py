"""Which new versions of a list are held back."""

from __future__ import annotations

import pytest

from sinkhole.control.lists.essential_names import ESSENTIAL_NAMES
from sinkhole.control.lists.quarantine import SMALL, QuarantineCheck
from sinkhole.dns.filter.language.line import Kind
from sinkhole.dns.filter.trie import CompiledList

CANARY = "captive.apple.com"


def made(count: int, *rules: str, kind: Kind = "block") -> CompiledList:
    lines = [f"||n{number}.example^" for number in range(count)]
    return CompiledList.from_rules("L", kind, [*lines, *rules])


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (3000, 1000, ""),
        (3000, 999, "shrunk from 3000 to 999"),
        (3000, 9000, ""),
        (3000, 9001, "grown from 3000 to 9001"),
        (3000, 0, "shrunk from 3000 to 0"),
        (SMALL, 1, ""),
        (SMALL, 9000, ""),
        (SMALL + 1, 1, "shrunk"),
        (SMALL + 1, 3 * SMALL + 4, "grown"),
        (0, 9000, ""),
    ],
)
def test_a_change_by_more_than_the_factor_is_suspect(old: int, new: int, told: str) -> None:
    reason = QuarantineCheck(3).reason(made(new), made(old))
    assert told in reason and bool(told) == bool(reason)


def test_the_first_version_is_not_suspect_for_its_size() -> None:
    assert QuarantineCheck(3).reason(made(5000), None) == ""


def test_the_factor_is_the_settings() -> None:
    assert QuarantineCheck(1.5).reason(made(1000), made(1600))
    assert not QuarantineCheck(10).reason(made(1000), made(9000))


def test_with_factor_0_only_canaries_count() -> None:
    guard = QuarantineCheck(0, ESSENTIAL_NAMES)
    assert guard.reason(made(1), made(5000)) == ""
    assert "shrunk" not in guard.reason(made(1, f"||{CANARY}^"), made(5000))
    assert guard.reason(made(1, f"||{CANARY}^"), made(5000))


def test_hosts_lines_with_several_names_are_measured_by_names() -> None:
    names = [f"n{number}.example" for number in range(3000)]
    several = [f"0.0.0.0 {' '.join(names[at : at + 10])}" for at in range(0, 3000, 10)]
    alone = [f"0.0.0.0 {name}" for name in names]
    old = CompiledList.from_rules("L", "block", several)
    assert QuarantineCheck(3).reason(CompiledList.from_rules("L", "block", alone), old) == ""


@pytest.mark.parametrize(
    "rule", [f"||{CANARY}^", f"0.0.0.0 {CANARY}", "||apple.com^", "||com^", "||com^$important"]
)
def test_a_list_that_blocks_a_canary_is_suspect(rule: str) -> None:
    reason = QuarantineCheck(3, ESSENTIAL_NAMES).reason(made(1, rule), None)
    assert CANARY in reason


@pytest.mark.parametrize(
    "rules",
    [
        ("||apple.com.example^",),
        (f"||sub.{CANARY}^",),
        ("||apple.com^", f"@@||{CANARY}^", "@@||apple.com^"),
    ],
    ids=["another-name", "below", "excepted"],
)
def test_a_list_that_lets_the_canaries_pass_is_not(rules: tuple[str, ...]) -> None:
    assert QuarantineCheck(3, ESSENTIAL_NAMES).reason(made(1, *rules), None) == ""


def test_an_allow_list_blocks_nothing() -> None:
    assert QuarantineCheck(3, ESSENTIAL_NAMES).reason(made(1, "||com^", kind="allow"), None) == ""


def test_what_was_accepted_once_is_not_suspect_again_and_anything_else_is() -> None:
    guard = QuarantineCheck(3, [CANARY, "time.apple.com"])
    version = made(1, f"||{CANARY}^")
    assert guard.blocked(version) == (CANARY,)
    assert guard.reason(version, None, accepted=[CANARY]) == ""
    assert "time.apple.com" in guard.reason(made(1, "||apple.com^"), None, accepted=[CANARY])


def test_both_reasons_are_told_and_a_long_row_of_names_is_cut() -> None:
    rules = [f"||{name}^" for name in ESSENTIAL_NAMES]
    reason = QuarantineCheck(3, ESSENTIAL_NAMES).reason(made(1, *rules), made(5000))
    assert "shrunk" in reason
    assert f"and {len(ESSENTIAL_NAMES) - 5} more" in reason


def test_addresses_among_the_canaries_are_left_out() -> None:
    guard = QuarantineCheck(3, ["192.0.2.53", "2001:db8::1", "bad..name", "Lists.Example.ORG"])
    assert guard.blocked(made(1, "||lists.example.org^")) == ("Lists.Example.ORG",)
