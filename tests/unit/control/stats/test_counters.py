from __future__ import annotations

from collections import Counter

from sinkhole.control.stats.counters import Counters
from sinkhole.control.stats.minute_counts import AnswerKey, MinuteCounts
from sinkhole.model.record import TRANSPORTS
from sinkhole.model.verdict import Outcome


def test_everything_starts_at_nothing_with_every_outcome_named() -> None:
    counters = Counters()
    assert counters.queries == 0
    assert set(counters.outcomes) == {outcome.name.lower() for outcome in Outcome}
    assert counters.transports == dict.fromkeys(TRANSPORTS, 0)
    assert counters.duration_buckets()[-1] == ("+Inf", 0)


def test_minutes_add_up_and_odd_types_share_one_count() -> None:
    counters = Counters()
    counts = MinuteCounts(
        0,
        answers=Counter(
            {
                AnswerKey(Outcome.BLOCKED, 1, 0, "Starter"): 3,
                AnswerKey(Outcome.CACHED, 65, 3, ""): 2,
                AnswerKey(Outcome.CACHED, 64_999, 0, ""): 1,
                AnswerKey(Outcome.MALFORMED, 0, 1, ""): 1,
            }
        ),
        durations=Counter({5: 1, 100: 4, 2_000_000: 1, 30_000_000: 1}),
        transports=Counter({0: 4, 2: 3}),
    )
    counters.add(counts)
    counters.add(counts)
    assert counters.queries == 14
    assert (counters.outcomes["blocked"], counters.outcomes["cached"]) == (6, 6)
    assert counters.qtypes == {"A": 6, "HTTPS": 4, "other": 4}
    assert counters.rcodes == {"NOERROR": 8, "NXDOMAIN": 4, "FORMERR": 2}
    assert (counters.transports["udp"], counters.transports["tls"]) == (8, 6)
    buckets = dict(counters.duration_buckets())
    assert (buckets["1e-05"], buckets["0.0001"], buckets["1"]) == (2, 10, 10)
    assert (buckets["3.16"], buckets["+Inf"]) == (12, 14)
    assert counters.duration_sum_s == 2 * (5e-6 + 4 * 100e-6 + 2 + 30)


def test_buckets_are_cumulative_and_in_order() -> None:
    counters = Counters()
    counters.add(MinuteCounts(0, durations=Counter(range(1, 5000, 7))))
    buckets = counters.duration_buckets()
    edges = [float(edge) for edge, _ in buckets]
    counts = [count for _, count in buckets]
    assert edges == sorted(edges) and counts == sorted(counts) and counts[-1] == 715


def test_codes_without_a_name_are_one() -> None:
    counters, minute = Counters(), MinuteCounts(0)
    for rcode in (0, 3, 12, 3841):
        minute.answers[AnswerKey(int(Outcome.FORWARDED), 1, rcode, "")] = 1
    counters.add(minute)
    assert counters.rcodes == {"NOERROR": 1, "NXDOMAIN": 1, "other": 2}
