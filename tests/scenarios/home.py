"""A home for scenarios of groups and schedules: who asks, what is in force, and a clock for both.

Settings come in by the real operations or the real file, and go the real way: `Publishing` makes
Policies of them for the real pipeline. Lists are compiled of a few lines, upstreams have an answer
for everything, and time stands still until it is told otherwise.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final, NamedTuple

from command_line import CommandLine
from houses import ADMIN, BuiltHouse, a_house
from world import Clock, Script

from sinkhole.app.change import Change
from sinkhole.app.publishing import Publishing
from sinkhole.control.groups.moments import read_moment
from sinkhole.control.lists.categories import with_categories
from sinkhole.control.lists.own_rules import compile_own
from sinkhole.control.operations import protection, settings
from sinkhole.control.operations.house import House
from sinkhole.control.operations.perform import perform
from sinkhole.control.operations.protection import moment_of
from sinkhole.control.settings import FilteringSettings, Settings
from sinkhole.control.settings.in_force import Changed
from sinkhole.control.settings.merging import known_keys
from sinkhole.control.state.protection import Protection
from sinkhole.dns.cache.answer import TtlLimits
from sinkhole.dns.cache.table import Table
from sinkhole.dns.clients.standing import Facts
from sinkhole.dns.filter.trie import CompiledList, Kind
from sinkhole.dns.pipeline.pipeline import Pipeline
from sinkhole.dns.wire.name import to_text
from sinkhole.dns.wire.question import Question
from sinkhole.model.faults import Faults
from sinkhole.model.record import RecordBuffer
from sinkhole.model.stamp import Stamp

LISTS: Final[Mapping[str, tuple[str, ...]]] = {
    "Ads": ("||ads.example.org^", "||both.example.org^"),
    "Games": ("||games.example.org^", "||both.example.org^"),
    "School": ("@@||school.example.org^",),
    "malware": ("||malware.example.org^",),
    "adult": ("||adult.example.org^",),
}
"""What lists say, by their names, those of categories by the word."""

BASE: Final[Mapping[str, Any]] = {
    "filtering": {
        "lists": [
            {"name": name, "url": f"https://lists.example.org/{name}"}
            for name in ("Ads", "Games", "School")
        ]
    },
}
ZONE: Final = "Europe/Berlin"
BEGIN: Final = "2026-03-02T12:00:00+00:00"
"""A Monday."""

_ANSWERS: Final = {
    "A": "{} 3600 A 198.51.100.1",
    "AAAA": "{} 3600 AAAA 2001:db8:1::1",
    "TXT": '{} 3600 TXT "text"',
    "HTTPS": "{} 3600 HTTPS 1 . alpn=h2 ipv4hint=198.51.100.1 ipv6hint=2001:db8:1::1",
}
PATIENCE_S: Final = 20


class HomeLoop(asyncio.SelectorEventLoop):
    """An event loop whose timers ring when the clock is moved past them, or by themselves: the
    parts of a home work in threads, and wait for each other."""

    def __init__(self, clock: Clock) -> None:
        self._home_clock = clock
        super().__init__()

    def time(self) -> float:
        return super().time() + self._home_clock.now


class Upstreams(Script):
    """Upstreams that know every name."""

    def ask(self, question: Question, *rest: Any, **more: Any) -> None:
        for qtype, answer in _ANSWERS.items():
            name = to_text(question.name)
            if f"{name} {qtype}" not in self.zones:
                self.says(name, qtype, answer.format(f"{name}."))
        super().ask(question, *rest, **more)


class Shelf:
    """The lists that a Library would have."""

    def __init__(self, filtering: FilteringSettings) -> None:
        self.lists: tuple[CompiledList, ...] = ()
        self._fill(filtering)

    async def apply(self, filtering: FilteringSettings, *, publish: bool = True) -> None:
        self._fill(filtering)

    def _fill(self, filtering: FilteringSettings) -> None:
        own = (_own(filtering.rules),) if filtering.rules else ()
        chosen = (each for each in filtering.lists if each.enabled)
        self.lists = (*own, *(_compiled(each.name, each.url, each.kind) for each in chosen))


@cache
def _own(rules: tuple[str, ...]) -> CompiledList:
    return compile_own(rules)[0]


@cache
def _compiled(name: str, url: str, kind: Kind) -> CompiledList:
    stem = "adult" if "nsfw" in url else url.rpartition("/")[2]
    return CompiledList.from_rules(name, kind, LISTS.get(stem) or LISTS[name.partition(":")[0]])


class Known(NamedTuple):
    """What the network knows of an address."""

    mac: str = ""
    hosts: tuple[str, ...] = ()
    devices: int = 1


class Home:
    """All that a scenario works on."""

    protection: Protection
    house: House

    def __init__(self, built: BuiltHouse, tree: dict[str, Any], clock: Clock) -> None:
        self.built, self.tree, self.clock = built, tree, clock
        self.upstreams, self.buffer = Upstreams(), RecordBuffer()
        self.known: dict[bytes, Known] = {}
        self._boot, self._booted_s, self._began_s = "boot", 0.0, clock.now
        self._wall_s = read_moment(BEGIN, 0.0, None)
        self._running: list[asyncio.Task[None]] = []

    # ---- time --------------------------------------------------------------------------------

    @property
    def wall_s(self) -> float:
        """What the wall clock shows, in seconds since 1970."""
        return self._wall_s + self.clock.now - self._began_s

    def stamp(self) -> Stamp:
        """This moment."""
        return Stamp(self._boot, self.clock.now - self._booted_s, self.wall_s)

    def moment(self, text: str) -> float:
        """The moment that a text means, by the clock of the household."""
        return read_moment(text, self.wall_s, self.publishing.household.zone)

    async def at(self, text: str) -> None:
        """Let time pass until a moment."""
        await self.let_pass(self.moment(text) - self.wall_s)

    async def let_pass(self, seconds: float) -> None:
        """Let time pass, and all be done that is due then."""
        assert seconds >= 0, "no time passes backwards"
        self.clock.now += seconds
        await self.settle()

    def set_clock(self, text: str) -> None:
        """Set the wall clock, as somebody might; nothing has noticed yet."""
        self._wall_s += self.moment(text) - self.wall_s

    async def settle(self) -> None:
        """Until what is open, and what is paused, is as it has to be now."""
        await until(lambda: self._is_settled)

    @property
    def _is_settled(self) -> bool:
        publishing, now = self.publishing, self.stamp()
        in_force = publishing._plan.policies.open
        return (
            publishing.household.calendar.open_at(self.wall_s) == in_force
            and all(each.left_s(now) != 0 for each in self.protection.pauses)
            and not self.protection._lasting.turn.locked()
            and not publishing._turn.locked()
        )

    # ---- beginning, and beginning anew -------------------------------------------------------

    async def start(self) -> None:
        """Bring up what a server has of all this."""
        in_force = self.built.settings.settings
        facts = Facts(
            lambda packed: self.known.get(packed, Known()).mac,
            lambda packed: self.known.get(packed, Known()).hosts,
            lambda packed: self.known.get(packed, Known()).devices,
        )
        self.publishing = Publishing(in_force, lambda: None, facts, lambda: self.wall_s)
        self.pipeline = Pipeline(
            policy=self.publishing.policy(),
            table=Table(1 << 20),
            upstreams=self.upstreams,
            buffer=self.buffer,
            limits=TtlLimits(),
            clock=self.clock,
            wall_clock=lambda: self.wall_s,
        )
        self.shelf: Any = Shelf(with_categories(in_force))
        self.publishing.put_to_use(self.pipeline, self.shelf, lambda: None, lambda *_: None)
        await self.publishing.use_lists(())
        self.built.settings.apply = self.apply
        self.protection = Protection(self.built.state, self.publishing.pause, now=self.stamp)
        await self.protection.start()
        self.house = replace(self.built.house, protection=self.protection)
        self._running.append(asyncio.create_task(self.publishing.run()))
        await self.settle()

    async def stop(self) -> None:
        """End what `start` has begun."""
        await self.protection.close()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._running.clear()

    async def restart(self) -> None:
        """As after the machine was started anew, with what is stored."""
        await self.stop()
        self._boot, self._booted_s = self._boot + "'", self.clock.now
        await self.start()

    # ---- changes -----------------------------------------------------------------------------

    async def apply(self, new: Settings, *, patient: bool = False) -> list[str]:
        """Go over to other settings, as the app does."""
        change = Change(Faults())
        maker = await self.publishing.prepare(new, change)
        await self.publishing.commit(maker, change)
        await change.finish()
        return change.waits

    async def by_file(self, wanted: Mapping[str, Any]) -> Changed:
        """Have the file say something else of these keys, and read it again."""
        for key, value in wanted.items():
            put(self.tree, key, value)
        self.built.write_config(self.tree)
        return await self.built.settings.reload()

    async def by_api(self, wanted: Mapping[str, Any]) -> object:
        """Have these keys changed by who may do that."""
        changes = [settings.SettingChange(key=key, value=value) for key, value in wanted.items()]
        given = settings.Changes(changes=changes)
        return await perform(settings.change, self.house, ADMIN, given)

    async def pause(self, scope: Any, name: str, how_long: str) -> None:
        """Pause something: "for 600", "until 21:30", or "" until it is resumed."""
        how, _, text = how_long.partition(" ")
        seconds = float(text) if how == "for" else None
        if how == "until":
            zone = self.publishing.household.zone
            seconds = moment_of(text, self.wall_s, zone) - self.wall_s
        given = protection.PauseInput(scope=scope, name=name, seconds=seconds)
        await perform(protection.pause, self.house, ADMIN, given)

    async def resume(self, scope: Any, name: str) -> None:
        """End a pause."""
        given = protection.ScopeInput(scope=scope, name=name)
        await perform(protection.resume, self.house, ADMIN, given)

    def know(self, address: str, known: Known) -> None:
        """Let the network know something else of an address."""
        packed = ip_address(address).packed
        self.known[packed] = known
        self.pipeline.clients.forget(packed)


def put(tree: dict[str, Any], key: str, value: Any) -> None:
    """Say something of a key, which may be one of a section."""
    *sections, last = key.split(".")
    for section in sections:
        tree = tree.setdefault(section, {})
    tree[last] = value


def keys_of(tree: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """What a scenario says, by the keys that can be set."""
    found: dict[str, Any] = {}
    for name, value in tree.items():
        key = above + name
        found |= {key: value} if key in known_keys() else keys_of(value, f"{key}.")
    return found


async def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so, by a clock that nobody moves."""
    late_s = time.monotonic() + PATIENCE_S
    await asyncio.sleep(0)
    while not is_so():
        assert time.monotonic() < late_s, "that never comes about"
        await asyncio.sleep(0.001)


def set_by_command(folder: Path, told: Mapping[str, Any]) -> None:
    """Have this stored by the commands that people type, while no server runs."""
    command = CommandLine(folder)
    tree = _file_of(told, "command")
    command.settle(**{**tree, "filtering": {"lists": []} | tree.get("filtering", {})})
    pairs = [word for key, value in _wanted(told).items() for word in (key, json.dumps(value))]
    done = command("settings", "set", *pairs)
    assert not done.code, done.err


def _wanted(told: Mapping[str, Any]) -> dict[str, Any]:
    return {"time_zone": ZONE} | keys_of(told)


def _file_of(told: Mapping[str, Any], way: str) -> dict[str, Any]:
    """What the file says: all of it, or else what is not said in another way."""
    tree: dict[str, Any] = {}
    wanted = _wanted(told)
    for key, value in (keys_of(BASE) | wanted).items():
        if way == "file" or key not in wanted:
            put(tree, key, value)
    return tree


@asynccontextmanager
async def at_home(
    folder: Path, clock: Clock, told: Mapping[str, Any], way: str
) -> AsyncIterator[Home]:
    """A home where the file says this, or where somebody with the API has said it."""
    tree, wanted = _file_of(told, way), _wanted(told)
    async with a_house(folder, has_log=False) as built:
        built.settings.apply = None  # lists come from the shelf, and nobody fetches any
        built.write_config(tree)
        await built.settings.reload()
        home = Home(built, tree, clock)
        await home.start()
        try:
            if way == "api":
                await home.by_api(wanted)
            yield home
        finally:
            await home.stop()
