"""A whole household for the page: a real house with people, devices, groups, lists and days.

    past = await Past.made(folder, Days(until=time.time()))
    async with a_household(tmp_path, past) as home:
        await home.ask("new.example.org")

With a past a house is furnished quickly: its lists are compiled, and its days written.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from days import FILTER, HOUSE, LISTED, STARTER, TELEMETRY, UPSTREAMS, Days, log_days
from houses import PATIENCE_S, BuiltHouse, a_house

from sinkhole.control.devices.book import Asked
from sinkhole.control.operations.house import House
from sinkhole.dns.wire.name import from_text
from sinkhole.model.record import Batch, Report, Who
from sinkhole.model.statistics import Summary
from sinkhole.model.verdict import Cause, Outcome, Verdict

EXCEPTIONS, SOCIAL = "Own exceptions", "Everything social"
SETTINGS: Final[dict[str, Any]] = {
    "schedules": [{"name": "bedtime", "windows": ["sun-thu 21:00-07:00", "fri,sat 22:30-08:00"]}],
    "groups": [
        {
            "name": "kids",
            "services": ["tiktok"],
            "safe_search": {"google": True, "youtube": "strict"},
            "schedules": [{"when": "bedtime", "allow_only": True}],
        },
        {"name": "things", "rules": ["||telemetry.example.net^"]},
    ],
    "clients": [
        {"name": "Anna's phone", "macs": ["02:00:5e:10:00:21"], "addresses": ["192.0.2.21"]},
        {"name": "Ben's laptop", "addresses": ["192.0.2.34"]},
        {"name": "TV", "addresses": ["192.0.2.40"], "group": "things"},
        {"name": "Kids tablet", "addresses": ["192.0.2.57"], "group": "kids"},
        {"name": "Ben on the road", "ids": ["bens-phone"]},
    ],
}
MANY: Final = {STARTER: 240, FILTER: 1_600, TELEMETRY: 600}
"""How many more names a list has than those that somebody asks for."""


class Household:
    """The house, with a word for somebody who asks now."""

    def __init__(self, built: BuiltHouse, folder: Path) -> None:
        self.built = built
        self._folder = folder

    @property
    def house(self) -> House:
        """What `create_app` wants."""
        return self.built.house

    async def summary(self, period: str = "24h") -> Summary:
        """What the statistics say."""
        return await self.house.statistics().summary(period)

    def write_list(self, name: str, text: str) -> None:
        """Have the source of a list say something else, for the next time it is fetched."""
        _file_of(self._folder, name).write_text(text)

    async def ask(self, name: str | bytes = "www.example.org", **given: Any) -> None:
        """Have this asked, as `asked` says it, and wait until it is in the log."""
        await self.take([asked(name, **given)])

    async def take(self, batches: Iterable[Batch]) -> None:
        """Have this answered, and wait until it is in the log."""
        log = self.built.query_log
        assert log is not None
        wanted = log.status()["rows"]
        for batch in batches:
            wanted += len(batch.records)
            self.built.buffer.append(batch)
        async with asyncio.timeout(PATIENCE_S):
            while log.status()["rows"] < wanted:
                await asyncio.sleep(0.005)


def asked(
    name: str | bytes = "www.example.org",
    *,
    times: int = 1,
    client: str | Who = "192.0.2.21",
    qtype: int = 1,
    rcode: int = 0,
    outcome: Outcome = Outcome.FORWARDED,
    transport: str = "udp",
    ago_s: float = 0.0,
    **decided: Any,
) -> Batch:
    """Somebody asks for a name, as wire or as text; `decided` is the rest of the verdict, with
    `cause` as list, line and rule."""
    wire = name if isinstance(name, bytes) else from_text(name)
    who = client if isinstance(client, Who) else Who(client)
    cause = Cause(*decided.pop("cause", ()))
    verdict = Verdict(outcome, cause, **decided)
    record = Report(wire, qtype, rcode, verdict), who
    return Batch(time.time() - ago_s, 280, [record] * times, transport)


class Past(NamedTuple):
    """What houses begin with, made once: the sources of the lists, and in `data` what was made of
    them and a log of days."""

    folder: Path
    queries: int = 0
    """How many were asked in it."""

    @classmethod
    async def made(cls, folder: Path, days: Days | None = None, many: int = 1) -> Past:
        """Have these days been, and these lists fetched."""
        async with a_household(folder, many=many) as home:
            await home.house.library.count_unique()  # as a server does by itself
        if days is not None:
            await log_days(folder / "data", days)
        return cls(folder, 0 if days is None else days.count * days.queries)

    def hand_down(self, data_dir: Path, *, is_new: bool) -> None:
        """Begin a data folder with it; a house that is new was never asked."""
        shutil.copytree(self.folder / "data" / "lists", data_dir / "lists")
        if not is_new:
            shutil.copy(self.folder / "data" / "querylog.db", data_dir)


@asynccontextmanager
async def a_household(
    folder: Path,
    past: Past | None = None,
    *,
    is_new: bool = False,
    many: int = 1,
    tree: Mapping[str, Any] | None = None,
    more_lists: Iterable[Mapping[str, Any]] = (),
    **options: Any,
) -> AsyncIterator[Household]:
    """A house in a folder, that begins with a past; with none its lists are in its own folder, and
    can be changed there, `many` times as long as usual. `tree` are settings beside or in place of
    SETTINGS, `more_lists` lists beside the usual ones; the rest is for `a_house`. It is about noon
    there, whenever that is: bedtime is hours away."""
    sources = folder if past is None else past.folder
    if past is None:
        _write_lists(folder, many)
    else:
        past.hand_down(folder / "data", is_new=is_new)
    lists = {"lists": [*_lists(sources), *more_lists]}
    whole = {**SETTINGS, "time_zone": zone_of_noon(), "filtering": lists, **(tree or {})}
    async with a_house(folder, whole, **options) as built:
        built.told = _told(built)
        if past is not None and not is_new:
            built.devices.note(_devices(past.queries))
        yield Household(built, sources)


def zone_of_noon() -> str:
    """A time zone without daylight saving in which it is between 12 and 13 o'clock."""
    behind = time.gmtime().tm_hour - 12  # POSIX has the sign that way round
    return f"Etc/GMT{behind:+d}"


def _devices(queries: int) -> Iterator[Asked]:
    """How often each device asked, and that it did so lately."""
    total = sum(each.share for each in HOUSE)
    for who, share, *_ in HOUSE:
        mac = bytes.fromhex(who.device.replace(":", ""))
        yield Asked(who.text, queries * share // total, time.time() - 10 * share, mac)


def _write_lists(folder: Path, many: int) -> None:
    """Write the sources of all lists, so many times as long as they usually are."""
    for number, (name, more) in enumerate(MANY.items()):
        text = list_text(LISTED[name], more * many, number)
        _file_of(folder, name).write_text(text + ("two words\n" if name == FILTER else ""))
    names = ("api", "cdn", "maps")
    _file_of(folder, EXCEPTIONS).write_text("".join(f"@@||{each}.example.com^\n" for each in names))


def _lists(folder: Path) -> list[dict[str, Any]]:
    """The settings that name them."""
    kept = [{"name": name, "url": f"file:{_file_of(folder, name)}"} for name in MANY]
    allowed = {"name": EXCEPTIONS, "url": f"file:{_file_of(folder, EXCEPTIONS)}", "kind": "allow"}
    social = {"name": SOCIAL, "url": "https://lists.example.com/social.txt", "enabled": False}
    return [*kept, allowed, social]


def _file_of(folder: Path, name: str) -> Path:
    return folder / f"{name.lower().replace(' ', '-')}.txt"


def _told(built: BuiltHouse) -> dict[str, Any]:
    """What only a server that is asked over the network could say: how it and its upstreams do."""
    now = time.time()
    plain = built.status()
    return {
        "version": "0.1.0",
        "started": now - 3 * 86_400 - 4 * 3_600,
        "uptime_s": 3 * 86_400 + 4 * 3_600.0,
        "listen": ["192.0.2.2:53", "[::]:53"],
        "encrypted": ["192.0.2.2:853 (TLS)"],
        "web": "192.0.2.2:8080",
        "upstreams": [
            {"name": name, "kind": name.partition(":")[0], "address": f"198.51.100.{number}",
             "up": True, "down_s": None, "rtt_ms": ms, "rtt_p50_ms": ms, "rtt_p95_ms": 3 * ms,
             "connected_s": 3900.0, "queries": 7421, "failures": 3,
             "last_failure": "gave no answer within 2 s"}
            for number, (name, ms) in enumerate(UPSTREAMS.items(), 9)
        ],
        "cache": {"entries": 4210, "size_bytes": 1_912_004, "limit_bytes": 32 << 20},
        "prefetch": plain["prefetch"] | {"enabled": True, "asked": 391, "saved": 1204},
        "certificate": {"names": ["dns.example.org"], "issuer": "An authority",
                        "expires": now + 60 * 86_400, "days_left": 60},
    }  # fmt: skip


def list_text(names: Iterable[str], more: int, number: int) -> str:
    """A list of these names, and of more that nobody asks for."""
    rules = [f"||{each}^" for each in names]
    rules += [f"||{number}-{each}.ads.example.net^" for each in range(more)]
    return "\n".join(["! A list", *rules, ""])
