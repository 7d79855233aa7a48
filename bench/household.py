"""A query log as a household leaves it after three months, written as the server writes it.

Made with a fixed seed: some twenty devices with their hours, names by popularity, most of them
cached, a third blocked by a few lists; and beside all that is common a few values that are rare.
"""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Final

from sinkhole.control.querylog import LogTerms
from sinkhole.control.querylog.hour_index import index_hour
from sinkhole.control.querylog.row_builder import INSERT_ROWS, ROW_WIDTH, RowBuilder
from sinkhole.control.querylog.rule_texts import RuleTexts
from sinkhole.control.querylog.schema import open_database
from sinkhole.control.stats import Rollups
from sinkhole.dns.wire.name import from_text
from sinkhole.model.record import Batch, Report, Who
from sinkhole.model.verdict import Cause, Outcome, Verdict

SEED: Final = 1907
DAYS: Final = 90
END_S: Final = 1_790_000_000.0
"""When the log ends."""

NAMES, LISTED_NAMES = 40_000, 6_000
DEVICES = 20
LISTS = ("Ads", "Trackers", "Telemetry", "Malware")
SERVERS = ("192.0.2.53:53", "198.51.100.53:53", "https://dns.example.net/dns-query")
RARE_LIST, RARE_SERVER, RARE_NAME = "Phishing", "tls://rare.example.net", "once.rare.example.org"
QUIET_DEVICE = "192.0.2.250"
"""Has asked for a single name, now and then; the others never ask for that one."""
QUIET_NAME = "time.appliance.example.org"
_TYPES = (1, 28, 65)


@dataclass(frozen=True)
class _Asked:
    """All that may be said about one name."""

    cached: tuple[Report, ...]
    forwarded: tuple[tuple[Report, ...], ...]
    """One for each of the servers."""


class Household:
    """Devices, names, and who asks for what when."""

    def __init__(self, names: int = NAMES, listed: int = LISTED_NAMES) -> None:
        self._chance = random.Random(SEED)
        self._served = [Verdict(Outcome.FORWARDED, upstream=server) for server in SERVERS]
        self._cached = Verdict(Outcome.CACHED)
        self._asked = [self._open_name(number) for number in range(names)]
        self._listed = [self._listed_name(number) for number in range(listed)]
        self._devices = [Who(f"192.0.2.{number + 10}") for number in range(DEVICES)]
        self._weights = list(accumulate(1 / (rank + 1) for rank in range(DEVICES)))
        self._quiet_one = Who(QUIET_DEVICE)
        self._quiet = _report(QUIET_NAME, 1, self._cached)

    def hours(self, rows: int, end_s: float = END_S) -> Iterator[list[Batch]]:
        """The queries of all hours up to a moment, the oldest first."""
        hours = DAYS * 24
        for hour in range(hours):
            busy = (0.4, 1.0, 1.6)[(hour % 24) // 8]
            yield self._hour(end_s - (hours - hour) * 3600, round(rows / hours * busy), hour)

    def _hour(self, start_s: float, count: int, hour: int) -> list[Batch]:
        chance = self._chance
        awake = [
            each for number, each in enumerate(self._devices) if number < 6 or chance.random() < 0.4
        ]
        batches = []
        for number in range(count):
            time_s = start_s + 3600 * (number + chance.random()) / count
            device = self._devices[bisect(self._weights, chance.random() * self._weights[-1])]
            if device not in awake:
                device = awake[number % len(awake)]
            channel = "tls" if device == self._devices[2] else "udp"
            batches.append(
                Batch(time_s, chance.randrange(20, 30_000), [(self.any(), device)], channel)
            )
        if count:
            batches.append(Batch(start_s + 3599.9, 90, [(self._quiet, self._quiet_one)]))
        batches += [
            Batch(start_s + 3599.95, 90, [(each, self._devices[0])]) for each in _rare(hour)
        ]
        return batches

    def any(self) -> Report:
        """What any device may ask, as often as such things are asked."""
        chance = self._chance
        kind = chance.random()
        if kind < 0.33:
            return chance.choice(self._listed[_by_popularity(chance, len(self._listed))])
        asked = self._asked[_by_popularity(chance, len(self._asked))]
        if kind < 0.8:
            return chance.choice(asked.cached)
        server = 0 if chance.random() < 0.8 else chance.randrange(len(SERVERS))
        return chance.choice(asked.forwarded[server])

    def _open_name(self, number: int) -> _Asked:
        name = f"www.site-{number:05}.example.{('org', 'com', 'net')[number % 3]}"
        if number % 500 == 7:
            name = f"www.münchen-{number}.example.org"
        return _Asked(
            tuple(_report(name, qtype, self._cached) for qtype in _TYPES),
            tuple(
                tuple(_report(name, qtype, verdict) for qtype in _TYPES) for verdict in self._served
            ),
        )

    def _listed_name(self, number: int) -> tuple[Report, ...]:
        name = f"ads{number}.tracking.example.com"
        cause = Cause(LISTS[number % len(LISTS)], number + 1, f"||{name}^")
        return tuple(_report(name, qtype, Verdict(Outcome.BLOCKED, cause)) for qtype in _TYPES)


def _rare(hour: int) -> list[Report]:
    """What happened three times in all those days, long ago."""
    if hour not in (40, 300, 700):
        return []
    return [
        _report(
            "phish.rare.example.org",
            1,
            Verdict(Outcome.BLOCKED, Cause(RARE_LIST, hour, "||phish^")),
        ),
        _report(RARE_NAME, 16, Verdict(Outcome.FORWARDED, upstream=RARE_SERVER)),
        _report(
            "broken.example.org", 1, Verdict(Outcome.FAILED, detail="no answer in time"), rcode=2
        ),
    ]


def _by_popularity(chance: random.Random, count: int) -> int:
    """The place of a name: most often one of the first, that devices ask for all the time.

    So an hour has some 350 different names, a day 4000.
    """
    count = min(count, 300) if chance.random() < 0.6 else count
    return min(int(count ** chance.random()) - 1, count - 1)


def _report(name: str, qtype: int, verdict: Verdict, rcode: int = 0) -> Report:
    return Report(from_text(name.encode("idna").decode()), qtype, rcode, verdict)


async def write_log(
    path: Path, rows: int, tell: Callable[[str], None], end_s: float = END_S
) -> None:
    """Make a log of about so many rows that ends then, an hour in each transaction."""
    database, _ = await open_database(path, 64 << 20)
    try:
        await database.rows("PRAGMA synchronous = OFF")
        builder = await RowBuilder.load(database, RuleTexts(lambda cause: cause.rule), LogTerms())
        rollups = Rollups(400 * 86_400.0)
        written = 0
        for number, batches in enumerate(Household().hours(rows, end_s)):
            async with database.transaction():
                builder.take(batches)
                await builder.settle(database)
                values = await builder.take_rows(database)
                await database.insert(INSERT_ROWS, ROW_WIDTH, values, most=500)
                counts = builder.collect()
                await rollups.write(database, counts, await builder.list_ids(database, counts))
                await index_hour(database, end_s + 86_400.0)
            written += len(values) // ROW_WIDTH
            if number % 500 == 0:
                tell(f"{written:,} rows of the log")
        await database.rows("UPDATE meta SET value = ? WHERE key = 'rows'", (written,))
    finally:
        await database.close()
