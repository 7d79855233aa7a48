from __future__ import annotations

from log_kit import batch, blocked, report

from sinkhole.control.querylog.unwritten import (
    MOST_HOURS,
    MOST_MINUTES,
    Unwritten,
    count_by_minute,
)
from sinkhole.model.verdict import Outcome

NOON = 1_700_049_600  # at a full hour


def counted(unwritten: Unwritten) -> dict[int, int]:
    """How many queries are kept of each start."""
    return {each.start_s: each.answers.total() for each in unwritten.counts}


def test_batches_are_counted_minute_by_minute_but_for_names_and_clients() -> None:
    asked = report(outcome=Outcome.FORWARDED, upstream="192.0.2.53:53")
    batches = [
        batch([blocked(), asked], time_s=NOON + 1.5, duration_us=100),
        batch([asked], time_s=NOON + 59.9, duration_us=300, channel="tls"),
        batch([report()], time_s=NOON + 60.0),
    ]
    first, second = count_by_minute(batches)
    assert (first.start_s, second.start_s) == (NOON, NOON + 60)
    assert first.answers.total() == 3 and second.answers.total() == 1
    assert first.durations == {100: 2, 300: 1}
    assert first.upstreams == {"192.0.2.53:53": [2, 400]}
    assert first.transports == {0: 2, 2: 1} and second.transports == {0: 1}
    assert not first.names and not first.clients


def test_what_is_added_later_joins_its_minute() -> None:
    unwritten = Unwritten()
    for _ in range(2):
        unwritten.add(count_by_minute([batch([blocked()], time_s=NOON, duration_us=120)]))
    assert counted(unwritten) == {NOON: 2}
    (kept,) = unwritten.counts
    assert kept.transports == {0: 2}
    assert kept.durations == {133: 2}  # the upper edge of its bucket: few different ones
    unwritten.clear()
    assert unwritten.counts == []


def test_after_an_hour_minutes_become_hours_and_after_two_days_they_go() -> None:
    unwritten = Unwritten()
    minutes = 60 * (MOST_HOURS + 10)
    for minute in range(minutes):
        unwritten.add(count_by_minute([batch([report()], time_s=NOON + 60 * minute)]))
    found = counted(unwritten)
    hours = [start for start, count in found.items() if count == 60]
    assert len(hours) == MOST_HOURS and len(found) == MOST_HOURS + MOST_MINUTES
    assert max(found) == NOON + 60 * (minutes - 1)
    assert min(hours) == NOON + 3600 * (10 - 1)
