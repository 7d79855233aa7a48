"""Counts since the start of the program, in memory: what /metrics shows."""

from __future__ import annotations

from collections import Counter
from typing import Final

from sinkhole.control.stats.histogram import EDGES_US, PER_DECADE, bucket_of, percentile_us
from sinkhole.control.stats.minute_counts import MinuteCounts
from sinkhole.dns.wire.numbers import Type, rcode_name, type_name
from sinkhole.model.record import TRANSPORTS
from sinkhole.model.verdict import Outcome

NAMED_TYPES: Final = frozenset({
    Type.A, Type.NS, Type.CNAME, Type.SOA, Type.PTR, Type.MX, Type.TXT, Type.AAAA, Type.SRV,
    Type.NAPTR, Type.DS, Type.DNSKEY, Type.SVCB, Type.HTTPS, Type.ANY,
})  # fmt: skip
"""Types with a count of their own. Clients choose types, and may not choose how much we keep."""


class Counters:
    """Queries by outcome, type, rcode and transport, and a histogram of durations.

    `outcomes` has lower-case names of Outcome and `transports` those of TRANSPORTS, all of them
    from the start; `qtypes` has "other" for types outside NAMED_TYPES, `rcodes` for codes without
    a name, as upstreams may send any. Filled by the query
    log's writer, within a second.
    """

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter({o.name.lower(): 0 for o in Outcome})
        self.qtypes: Counter[str] = Counter()
        self.rcodes: Counter[str] = Counter()
        self.transports: Counter[str] = Counter(dict.fromkeys(TRANSPORTS, 0))
        self.duration_sum_s = 0.0
        self._buckets = [0] * len(EDGES_US)

    @property
    def queries(self) -> int:
        """How many queries were answered."""
        return self.outcomes.total()

    @property
    def median_ms(self) -> float | None:
        """Within how many milliseconds half of them were; None before the first."""
        median_us = percentile_us(dict(enumerate(self._buckets)), 50)
        return None if median_us is None else round(median_us / 1000, 3)

    def by_kind(self) -> Counter[str]:
        """How many there were of each kind of outcome."""
        found: Counter[str] = Counter()
        for outcome, count in self.outcomes.items():
            found[Outcome[outcome.upper()].kind] += count
        return found

    def add(self, counts: MinuteCounts) -> None:
        """Add what was counted within a minute."""
        for (outcome, qtype, rcode, _), count in counts.answers.items():
            self.outcomes[Outcome(outcome).name.lower()] += count
            self.qtypes[type_name(qtype) if qtype in NAMED_TYPES else "other"] += count
            self.rcodes[_rcode(rcode)] += count
        for transport, count in counts.transports.items():
            self.transports[TRANSPORTS[transport]] += count
        for duration_us, count in counts.durations.items():
            self._buckets[bucket_of(duration_us)] += count
            self.duration_sum_s += duration_us * count / 1e6

    def duration_buckets(self) -> list[tuple[str, int]]:
        """The histogram as Prometheus wants it: upper edge in seconds and all counts up to it.

        Two buckets a decade, from 10 µs to 3.2 s, then "+Inf".
        """
        buckets, below = [], 0
        for number, count in enumerate(self._buckets[:-1]):
            below += count
            if number >= PER_DECADE and number % (PER_DECADE // 2) == 0:
                buckets.append((f"{EDGES_US[number] / 1e6:.3g}", below))
        return [*buckets, ("+Inf", below + self._buckets[-1])]


def _rcode(number: int) -> str:
    name = rcode_name(number)
    return "other" if name == f"RCODE{number}" else name
