"""Why something was answered as it was, in the words of AdGuard Home."""

from __future__ import annotations

import pytest

from sinkhole.control.settings import FilteringSettings, ListSettings, Settings
from sinkhole.control.web.adguard.reasons import (
    REASONS,
    STATUSES,
    ListKinds,
    number_of,
    reason,
    verdicts_for,
)

MINE = ListSettings(name="Mine", url="https://lists.example.org/ads")
KINDS = ListKinds.of(
    Settings(filtering=FilteringSettings(lists=(MINE,), categories=("adult", "malware")))
)


@pytest.mark.parametrize(
    ("outcome", "list_name", "expected"),
    [
        ("forwarded", "", "NotFilteredNotFound"),
        ("cached", "Mine", "NotFilteredWhiteList"),
        ("blocked", "Mine", "FilteredBlackList"),
        ("blocked_answer", "own rules", "FilteredBlackList"),
        ("blocked", "rebinding protection", "FilteredBlackList"),
        ("blocked", "services", "FilteredBlockedService"),
        ("blocked", "adult: OISD nsfw", "FilteredParental"),
        ("rewritten", "safe search", "FilteredSafeSearch"),
        ("rewritten", "own rules", "RewriteRule"),
        ("local", "local records", "Rewrite"),
        ("local", "hosts file", "RewriteEtcHosts"),
        ("local", "", "NotFilteredNotFound"),
        ("failed", "", "NotFilteredNotFound"),
    ],
)
def test_each_outcome_has_a_reason(outcome: str, list_name: str, expected: str) -> None:
    is_blocked = outcome.startswith("blocked")
    found = reason(outcome, list_name, KINDS, is_blocked=is_blocked)
    assert found == expected
    # Whoever looks for a reason looks at every outcome that may have it.
    kind = {"blocked": "blocked", "blocked_answer": "blocked", "local": "local",
            "rewritten": "local"}.get(outcome)  # fmt: skip
    for wanted in STATUSES.values():
        words = verdicts_for(wanted)
        assert found not in wanted or not words or kind in words


def test_lists_of_malware_are_safe_browsing() -> None:
    names = [name for name, word in KINDS.categories.items() if word == "malware"]
    assert len(names) == 2
    for name in names:
        assert reason("blocked", name, KINDS, is_blocked=True) == "FilteredSafeBrowsing"
        assert KINDS.number(name) == -4


def test_numbers_of_lists_fit_into_any_program_and_stay() -> None:
    assert 0 < KINDS.number("Mine") < 2**53
    assert number_of(MINE.model_copy(update={"name": "Other"})) == KINDS.number("Mine")
    assert KINDS.number("own rules") == KINDS.number("rules of kids") == 0
    assert KINDS.number("services") == -2


def test_what_is_processed_is_all_but_what_is_blocked_or_allowed() -> None:
    assert STATUSES["all"] == REASONS
    assert len(REASONS) == 12
    assert STATUSES["processed"] | STATUSES["blocked"] | STATUSES["whitelisted"] == REASONS


def test_what_was_taken_over_from_there_is_called_as_it_was() -> None:
    assert reason("blocked", "safe browsing", KINDS, is_blocked=True) == "FilteredSafeBrowsing"
    assert reason("blocked", "parental control", KINDS, is_blocked=True) == "FilteredParental"
