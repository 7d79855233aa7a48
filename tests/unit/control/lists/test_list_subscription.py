"""One list while sinkhole runs: what identifies it, and when its source is to be looked at."""

import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinkhole.control.lists.state import SubscriptionState, Version
from sinkhole.control.lists.store import _OURS
from sinkhole.control.lists.subscription import (
    FIRST_RETRY_S,
    LONGEST_RETRY_S,
    Subscription,
    due_at,
)
from sinkhole.control.settings import ListSettings
from sinkhole.dns.filter.language.line import Kind

DAY = 86_400.0
NOW = 1_000_000.0
REMOTE = ListSettings(name="Ads", url="https://example.org/ads.txt")
KNOWN = SubscriptionState(REMOTE.url, "block", used=Version("d", "a.txt", "a.trie"), checked=NOW)


def remembering(state: SubscriptionState) -> Subscription:
    subscription = Subscription(REMOTE)
    subscription.remember(state)
    return subscription


def test_a_list_nobody_has_fetched_is_due() -> None:
    assert Subscription(REMOTE).is_due(NOW, DAY)


def test_after_a_start_a_failed_list_without_a_copy_is_due_at_once() -> None:
    subscription = remembering(replace(KNOWN, used=None, error="no network"))
    assert subscription.is_due(NOW, DAY)


def test_after_a_start_a_failed_list_with_a_copy_is_due_soon() -> None:
    subscription = remembering(replace(KNOWN, error="no network"))
    assert not subscription.is_due(NOW + 56, DAY)
    assert subscription.is_due(NOW + 64, DAY)


def test_a_copy_that_is_not_mapped_is_due() -> None:
    assert remembering(KNOWN).is_due(NOW, DAY)


def test_a_local_file_is_due_when_it_differs_from_what_was_tried(tmp_path: Path) -> None:
    path = tmp_path / "ads.txt"
    path.write_text("ads.example\n")
    local = ListSettings(name="Ads", url=f"file:{path}")
    subscription = Subscription(local)
    subscription.state = replace(subscription.state, checked=NOW)
    subscription.failures = 1  # tried a moment ago, when it was not there
    assert subscription.is_due(NOW, DAY)
    subscription.tried = f"{path.stat().st_size}-{path.stat().st_mtime_ns}-{path.stat().st_ino}"
    assert not subscription.is_due(NOW, DAY)
    path.unlink()
    assert subscription.is_due(NOW, DAY)


@pytest.mark.parametrize("url", ["file://nas.example/ads.txt"])
def test_an_address_that_names_no_file_is_due_like_any_other(url: str) -> None:
    # The settings refuse it, but not everybody asks them.
    subscription = Subscription(
        ListSettings.model_construct(name="Ads", url=url, kind="block", enabled=True)
    )
    assert subscription.is_due(NOW, DAY)
    subscription.state = replace(subscription.state, checked=NOW)
    subscription.failures = 1
    assert not subscription.is_due(NOW, DAY)


def test_a_list_that_is_held_back_is_looked_at_in_its_turn() -> None:
    subscription = remembering(replace(KNOWN, used=None, held=Version("e", "b.txt", "b.trie")))
    assert not subscription.is_due(NOW + 0.9 * DAY, DAY)
    assert subscription.is_due(NOW + 1.1 * DAY, DAY)


# When it is due


def due(
    *,
    checked: float | None = 1000.0,
    ready: bool = True,
    failures: int = 0,
    interval_s: float = DAY,
    spread: float = 0.5,
) -> float:
    return due_at(
        checked=checked, ready=ready, failures=failures, interval_s=interval_s, spread=spread
    )


def test_a_list_never_looked_at_is_due_at_once() -> None:
    assert due(checked=None) == 0
    assert due(checked=None, ready=False, interval_s=0) == 0


def test_a_ready_list_is_due_an_interval_after_the_last_look() -> None:
    assert due() == 1000 + DAY


def test_the_spread_moves_it_by_five_percent_at_most() -> None:
    assert due(spread=0.0) == pytest.approx(1000 + 0.95 * DAY)
    assert due(spread=1.0) == pytest.approx(1000 + 1.05 * DAY)


def test_a_list_that_cannot_be_mapped_is_due_at_once() -> None:
    assert due(ready=False) == 0


def test_without_an_interval_a_ready_list_is_never_due() -> None:
    assert due(interval_s=0) == math.inf


def test_failures_are_retried_after_waits_that_double_up_to_the_interval() -> None:
    waits = [due(failures=n) - 1000 for n in range(1, 30)]
    assert waits[:4] == [FIRST_RETRY_S * factor for factor in (1, 2, 4, 8)]
    assert waits == sorted(waits)
    assert waits[-1] == DAY


def test_without_an_interval_failures_are_retried_all_the_same() -> None:
    assert due(failures=1, ready=False, interval_s=0) == 1000 + FIRST_RETRY_S
    assert due(failures=40, ready=False, interval_s=0) == 1000 + LONGEST_RETRY_S


def test_a_short_interval_bounds_the_first_retry_too() -> None:
    assert due(failures=1, interval_s=10) == 1010


def test_retries_are_spread_too() -> None:
    assert due(failures=1, spread=0.0) == pytest.approx(1000 + 0.95 * FIRST_RETRY_S)
    assert due(failures=1, spread=1.0) == pytest.approx(1000 + 1.05 * FIRST_RETRY_S)


# What identifies it


def id_of(url: str, kind: Kind) -> str:
    return Subscription(ListSettings.model_construct(name="Ads", url=url, kind=kind)).id


def test_the_id_shows_what_the_list_is() -> None:
    found = id_of("https://lists.example.org/a/Hosts.txt?token=secret", "block")
    assert re.fullmatch(r"hosts-txt-block-[0-9a-f]{12}", found)


def test_address_and_kind_make_the_id() -> None:
    urls = ["https://example.org/a", "https://example.net/a", "file:a"]
    ids = {id_of(url, kind) for url in urls for kind in ("block", "allow")}
    assert len(ids) == 6


@given(url=st.text(max_size=300))
@settings(deadline=None, max_examples=100)
def test_any_address_makes_a_safe_file_name(url: str) -> None:
    """An id is a short file name in plain letters, and the store knows its files as its own."""
    found = id_of(url, "allow")
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{1,70}", found)
    assert _OURS.fullmatch(f"{found}.json")
