"""Days of a house as records: quiet nights and busy evenings, the same ones for the same seed.

    await log_days(folder / "data", Days(until=time.time(), queries=3000))

writes them through a real query log, so rows and statistics have them. All names and addresses are
reserved for documentation.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

import dnslib

from sinkhole.control.querylog import LogTerms, QueryLog
from sinkhole.control.stats import Counters, Rollups
from sinkhole.dns.wire.name import from_text
from sinkhole.model.record import Batch, RecordBuffer, Report, Who
from sinkhole.model.verdict import NO_CAUSE, Cause, Outcome, Verdict

DAY_S: Final = 86_400
SLOT_S: Final = 600
BATCHES: Final = 2_000
LAST_S: Final = 400.0
"""There is always somebody who asked that lately."""

STARTER, FILTER, TELEMETRY = "Starter", "AdGuard DNS filter", "Telemetry of devices"
UPSTREAMS: Final = {"https://dns.example.net": 11.8, "tls://dns.example.org": 14.2}
NAMES: Final = (
    "www.example.org", "api.example.com", "mail.example.net", "cdn.example.com",
    "time.example.net", "updates.example.org", "video.example.com", "music.example.net",
    "weather.example.org", "chat.example.com", "photos.example.net", "maps.example.com",
    "xn--mnchen-3ya.example.org",
)  # fmt: skip
BLOCKED: Final = (
    "ads.example.com", "telemetry.example.net", "metrics.example.org", "pixel.example.com",
    "tracker.example.net", "banner.example.org", "beacon.example.com", "stats.example.net",
    "sync-partner-eu-west.ads.example.com", "crash-reports.example.org",
)  # fmt: skip
LISTED: Final = {
    STARTER: ("ads.example.com", "pixel.example.com", "beacon.example.com"),
    FILTER: (
        "metrics.example.org", "tracker.example.net", "banner.example.org", "stats.example.net",
    ),
    TELEMETRY: ("telemetry.example.net", "crash-reports.example.org"),
}  # fmt: skip
"""Which names a list refuses, in its lines 2 and following."""


class Member(NamedTuple):
    """A device of the house: who it is to records, what part of all queries it asks, and how."""

    who: Who
    share: int
    blocked: int
    transport: str = "udp"


HOUSE: Final = (
    Member(Who("192.0.2.21", "02:00:5e:10:00:21"), 9, 35),
    Member(Who("192.0.2.34", "00:00:5e:00:53:34"), 7, 30),
    Member(Who("192.0.2.40", "00:00:5e:00:53:40", "things"), 6, 62),
    Member(Who("192.0.2.57", "00:00:5e:00:53:57", "kids"), 5, 44),
    Member(Who("192.0.2.63", "00:00:5e:00:53:63", "things"), 2, 20),
    Member(Who("2001:db8::5e", "02:00:5e:10:00:5e"), 2, 30),
    Member(Who("bens-phone"), 3, 38, "tls"),
    Member(Who("192.0.2.71"), 1, 25, "https"),
)


class Days(NamedTuple):
    """Which days: `count` of them, the last of which ends at `until`, with so many queries each."""

    until: float
    queries: int = 3_000
    count: int = 1
    seed: int = 7
    hour: float = 12.0
    """What time of the day it is at the end of them: noon, if nothing else is wanted, so that they
    are the same ones whenever they are made."""
    spare_s: int = 0
    """For how long nobody asks at the beginning: as long the days that are counted back from now
    are the same ones, however late it is when somebody looks."""


async def log_days(data_dir: Path, days: Days) -> None:
    """Write days into the query log of a data folder that is there, and nobody has open."""
    batches = batches_of(days)
    while some := list(islice(batches, BATCHES)):
        await log_batches(data_dir, some)


async def log_batches(data_dir: Path, batches: Sequence[Batch]) -> None:
    """Write batches into the query log of a data folder that nobody has open."""
    buffer = RecordBuffer()
    log = await QueryLog.open(
        data_dir / "querylog.db",
        buffer,
        LogTerms(max_size_bytes=1 << 30),
        rollups=Rollups(365 * DAY_S),
        counters=Counters(),
    )
    for batch in batches:
        buffer.append(batch)
    await log.close()  # which writes what waits


def batches_of(days: Days) -> Iterator[Batch]:
    """What was asked, the oldest first."""
    pick = random.Random(days.seed)
    for at_s in _moments(days, pick):
        member = pick.choices(HOUSE, [each.share for each in HOUSE])[0]
        report, duration_us = _asked(member, pick)
        yield Batch(at_s, duration_us, [(report, member.who)], member.transport)


def _moments(days: Days, pick: random.Random) -> list[float]:
    """When queries come: more in the morning, most in the evening."""
    first = days.until - days.count * DAY_S
    spare = days.spare_s // SLOT_S
    slots = [first + SLOT_S * number for number in range(spare, days.count * DAY_S // SLOT_S)]
    total = days.queries * days.count
    hours = [days.hour + (slot - days.until) / 3600 for slot in slots]
    chosen = pick.choices(slots, [_busy(hour % 24) for hour in hours], k=total)
    lately = [days.until - LAST_S * pick.random() for _ in range(12)]
    return sorted([slot + SLOT_S * pick.random() for slot in chosen] + lately)


def _busy(hour: float) -> float:
    return 0.12 + max(0, 1 - abs(hour - 20) / 5) + 0.55 * max(0, 1 - abs(hour - 8) / 3)


def _asked(member: Member, pick: random.Random) -> tuple[Report, int]:
    """A query of this device, and how long it took."""
    qtype = pick.choices([1, 28, 65], [5, 4, 2])[0]
    quick = pick.randint(120, 600)
    if pick.randrange(100) < member.blocked:
        return _blocked(pick.choices(BLOCKED, _popularity(BLOCKED))[0], qtype), quick
    name = pick.choices(NAMES, _popularity(NAMES))[0]
    kind = pick.choices(["cached", "new", "hop", "local", "none", "failed"],
                        [640, 270, 40, 44, 5, 1])[0]  # fmt: skip
    server = pick.choice([*UPSTREAMS])
    slow = max(2_000, round(1000 * pick.gauss(UPSTREAMS[server], 2)))
    if kind == "cached":
        return _answered(name, qtype, Outcome.CACHED), quick
    if kind == "new":
        return _answered(name, qtype, Outcome.FORWARDED, server), slow
    if kind == "hop":
        return _hop(server), slow
    if kind == "local":
        return _answered("nas.example.org", 1, Outcome.LOCAL), quick
    return (_gone(server), slow) if kind == "none" else (_failed(), 4_000_000)


def _popularity(names: Sequence[str]) -> list[float]:
    return [1 / (rank + 3) for rank in range(len(names))]


@cache
def _answered(name: str, qtype: int, outcome: Outcome, server: str = "") -> Report:
    cause = NO_CAUSE
    if outcome is Outcome.LOCAL:
        cause = Cause("local records", 0)
    verdict = Verdict(outcome, cause, upstream=server)
    return Report(from_text(name), qtype, 0, verdict, records_of(name, _zone(name, qtype)))


@cache
def _blocked(name: str, qtype: int) -> Report:
    verdict = Verdict(Outcome.BLOCKED, cause_of(name))
    zone = {1: f"{name}. 10 IN A 0.0.0.0", 28: f"{name}. 10 IN AAAA ::"}.get(qtype, "")
    return Report(from_text(name), qtype, 0, verdict, records_of(name, zone))


@cache
def _hop(server: str) -> Report:
    name, hop = "assets.example.org", "edge.tracker.example.net"
    verdict = Verdict(Outcome.BLOCKED_ANSWER, cause_of("tracker.example.net"),
                      hop=hop, upstream=server)  # fmt: skip
    said = f"{name}. 300 IN CNAME {hop}.\n{hop}. 60 IN A 198.51.100.7"
    given = records_of(name, f"{name}. 10 IN A 0.0.0.0")
    return Report(from_text(name), 1, 0, verdict, given, records_of(name, said))


@cache
def _gone(server: str) -> Report:
    verdict = Verdict(Outcome.FORWARDED, upstream=server)
    return Report(from_text("gone.example.net"), 1, dnslib.RCODE.NXDOMAIN, verdict)


@cache
def _failed() -> Report:
    verdict = Verdict(Outcome.FAILED)
    return Report(from_text("far-away.example.com"), 1, dnslib.RCODE.SERVFAIL, verdict)


def _zone(name: str, qtype: int) -> str:
    number = 10 + sum(name.encode()) % 200
    return {
        1: f"{name}. 300 IN A 198.51.100.{number}",
        28: f"{name}. 300 IN AAAA 2001:db8:51::{number:x}",
    }.get(qtype, "")


def cause_of(name: str) -> Cause:
    """The line that refuses a name."""
    for listed, names in LISTED.items():
        for line, each in enumerate(names, start=2):
            if name == each or name.endswith(f".{each}"):
                return Cause(listed, line, f"||{each}^")
    return NO_CAUSE


def records_of(name: str, zone: str) -> bytes:
    """Records, as they stand in a reply to a question about a name."""
    if not zone:
        return b""
    reply = dnslib.DNSRecord.question(name).reply()
    reply.add_answer(*dnslib.RR.fromZone(zone))
    return bytes(reply.pack())[12 + len(from_text(name)) + 4 :]
