"""A whole house for tests of operations: every part is real, but for the upstreams and the network.

async with a_house(tmp_path, {"filtering": {"rules": ["||ads.example^"]}}) as built:
    await perform(rules.add, built.house, ADMIN, NewRules(rules=["||more.example^"]))
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from nodes_kit import one_node
from world import Clock, Script

from sinkhole.app.classes import Classes, Plan
from sinkhole.app.from_settings import PolicyMaker
from sinkhole.app.kept_certificate import KeptCertificate
from sinkhole.app.settings_trial import SettingsTrial
from sinkhole.control.database import Reader
from sinkhole.control.devices.devices import Devices
from sinkhole.control.explain import Explainer
from sinkhole.control.explain.asking import Asking
from sinkhole.control.explain.kept_answers import KeptAnswers
from sinkhole.control.explain.scene import Scene
from sinkhole.control.identity.identity import Identity
from sinkhole.control.lists.categories import with_categories
from sinkhole.control.lists.destinations import Resolve
from sinkhole.control.lists.library import Library
from sinkhole.control.lists.own_rules import with_temporary as with_temporary_rules
from sinkhole.control.operations.house import House
from sinkhole.control.operations.renaming import follow
from sinkhole.control.pairing.pairing import Pairing
from sinkhole.control.pairing.parties import Door, Own
from sinkhole.control.querylog import LogTerms, QueryLog, SqliteStore
from sinkhole.control.querylog.privacy import Privacy
from sinkhole.control.settings import Settings
from sinkhole.control.settings.in_force import SettingsInForce
from sinkhole.control.settings.renaming import Renamed
from sinkhole.control.state.pauses import Pause
from sinkhole.control.state.protection import Protection
from sinkhole.control.state.state import State
from sinkhole.control.state.temporary_rules import TemporaryRules
from sinkhole.control.stats import Carried, Counters, Rollups, Statistics
from sinkhole.dns.cache.answer import TtlLimits
from sinkhole.dns.cache.table import Table
from sinkhole.dns.clients.standing import Facts
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.pipeline.pipeline import Pipeline
from sinkhole.dns.wire.name import from_text
from sinkhole.model.actor import PERMISSIONS, Actor
from sinkhole.model.errors import RequestError
from sinkhole.model.faults import Faults
from sinkhole.model.record import Batch, RecordBuffer, Report, Who
from sinkhole.model.stamp import Stamp
from sinkhole.model.status import EncryptedStatus, Health, Problem, UpstreamTrial
from sinkhole.model.verdict import Cause, Outcome, Verdict

ADMIN = Actor("session", "anna", PERMISSIONS["admin"], account=1, address="192.0.2.2")
OPERATOR = Actor("session", "otto", PERMISSIONS["operator"], account=2, address="192.0.2.3")
VIEWER = Actor("session", "vera", PERMISSIONS["viewer"], account=3, address="192.0.2.4")

CLIENT = "192.0.2.7"

PATIENCE_S = 20


class BuiltHouse:
    """The house, with what tests look at and turn behind it."""

    def __init__(self, folder: Path, tree: Mapping[str, Any]) -> None:
        self.data_dir = folder / "data"
        self.config = folder / "sinkhole.yaml"
        self.write_config(tree)
        self.clock, self.upstreams = Clock(), Script()
        self.buffer, self.counters = RecordBuffer(), Counters()
        self.table = Table(1 << 20)
        self.boot = Stamp("boot", 1000.0, time.time())
        """What the clock of pauses and of rules for a time shows."""
        self.temporary: list[str] = []
        self.pauses: tuple[Pause, ...] = ()
        self.classes = Classes()
        self.problems: list[Problem] = []
        self.health = Health("ok")
        self.encrypted = EncryptedStatus()
        self.trial: Callable[[str], Awaitable[UpstreamTrial]] = _answers
        self.facts: Facts | None = None
        """What is known of addresses, for settings on trial."""
        self.told: dict[str, Any] = {}
        """What the status says besides, or instead."""
        self.query_log: QueryLog | None = None
        self.first_revision = 0

    @property
    def revisions(self) -> int:
        """How many revisions of the settings there were since the house stands."""
        return self.state.stored.number - self.first_revision

    house: House
    state: State
    settings: SettingsInForce
    library: Library
    devices: Devices
    maker: PolicyMaker
    plan: Plan
    pipeline: Pipeline

    def write_config(self, tree: Mapping[str, Any]) -> None:
        """Write the settings file; what it does not say of lists is none."""
        filtering = {"lists": [], **tree.get("filtering", {})}
        if filtering["lists"] is None:  # as the program has it
            del filtering["lists"]
        dns = {"allow": ["192.0.2.0/24", "2001:db8::/64", "127.0.0.1"], **tree.get("dns", {})}
        whole = {"data_dir": str(self.data_dir), **tree, "filtering": filtering, "dns": dns}
        self.config.write_text(json.dumps(whole, indent=1))  # JSON is YAML

    async def log(
        self,
        name: str,
        *,
        times: int = 1,
        client: str | Who = CLIENT,
        device: str = "",
        group: str = "default",
        qtype: int = 1,
        outcome: Outcome = Outcome.FORWARDED,
        ago_s: float = 0.0,
        rule: Cause | None = None,
    ) -> None:
        """Have the log say that a name was asked for, and wait until it does."""
        assert self.query_log is not None
        before = self.query_log.status()["rows"]
        verdict = Verdict(outcome, rule or Cause())
        who = client if isinstance(client, Who) else Who(client, device, group)
        record = Report(from_text(name), qtype, 0, verdict), who
        self.buffer.append(Batch(time.time() - ago_s, 100, [record] * times))
        async with asyncio.timeout(PATIENCE_S):
            while self.query_log.status()["rows"] < before + times:
                await asyncio.sleep(0.005)

    async def publish(self, lists: Sequence[CompiledList] | None = None) -> None:
        """Have the next query decided by what is in force."""
        found = self.library.lists if lists is None else lists
        lists = with_temporary_rules(found, self.temporary)
        self.plan = Plan.of(self.maker, lists, time.time(), self.pauses, self.plan.matcher)
        self.publish_now()

    def publish_now(self) -> None:
        """Publish what is planned."""
        self.pipeline.policy = self.classes.policy(self.plan)

    async def apply(self, settings: Settings, *, patient: bool = False) -> list[str]:
        """Go over to other settings."""
        self.maker = PolicyMaker(settings, self.maker)
        await self.library.apply(with_categories(settings))
        return []

    async def scene(self, at_s: float | None) -> Scene:
        """What is in force now, or will be at a moment; pauses go on until they are resumed."""
        household = self.maker.household
        left = tuple((each, each.seconds) for each in self.pauses)
        if at_s is None:
            return Scene(time.time(), self.pipeline.policy, household, left)
        plan = Plan.of(self.maker, self.library.lists, at_s, self.pauses, self.plan.matcher)
        return Scene(at_s, Classes().policy(plan), household, left)

    async def on_trial(self, settings: Settings) -> SettingsTrial:
        """Other settings beside those in force."""

        def with_temporary(lists: Sequence[CompiledList]) -> tuple[CompiledList, ...]:
            return tuple(with_temporary_rules(lists, self.temporary))

        lists, matcher = self.library.lists, self.plan.matcher
        return SettingsTrial(self.maker, settings, lists, with_temporary, matcher, self.facts)

    async def pause(self, pauses: Sequence[Pause]) -> None:
        """Go over to these pauses."""
        self.pauses = tuple(pauses)
        await self.publish()

    async def use_temporary(self, rules: Sequence[str]) -> None:
        """Use other rules for a time."""
        self.temporary = list(rules)
        await self.publish()

    async def follow(self, found: Renamed) -> None:
        """Have what is stored beside the settings go over to another name."""
        in_log = self.query_log.group_renamed if self.query_log else lambda old, new: None
        await follow(self.house.protection, self.house.temporary_rules, in_log, found)

    def open_log(self) -> QueryLog:
        """The log; RequestError without one."""
        if self.query_log is None:
            raise RequestError("unavailable", "log_unavailable", "the log could not be opened")
        return self.query_log

    def status(self) -> dict[str, Any]:
        """What the old /api/status answers, as far as operations look at it."""
        return {
            "version": "0",
            "started": 0.0,
            "uptime_s": 1.0,
            "listen": ["127.0.0.1:53"],
            "encrypted": [],
            "web": "http://127.0.0.1:8080",
            "lists": self.library.status(),
            "names": self.plan.matcher.names,
            "upstreams": [UPSTREAM],
            "cache": {
                "entries": len(self.table.entries),
                "size_bytes": self.table.size_bytes,
                "limit_bytes": self.table.limit_bytes,
            },
            "prefetch": self.pipeline.prefetch.status(self.clock.now),
            "certificate": None,
            "log": self.query_log.status() if self.query_log is not None else None,
            "shipping": [],
            "losses": {"answers_evicted": self.table.evicted},
            "problems": [],
            **self.told,
        }


UPSTREAM = {
    "name": "192.0.2.53", "kind": "udp", "address": "192.0.2.53:53", "up": True, "down_s": None,
    "rtt_ms": 12.5, "rtt_p50_ms": 12.0, "rtt_p95_ms": 20.0, "connected_s": None, "queries": 3,
    "failures": 0, "last_failure": "",
}  # fmt: skip


@asynccontextmanager
async def a_house(
    folder: Path,
    tree: Mapping[str, Any] | None = None,
    *,
    has_log: bool = True,
    lists: Iterable[str] = (),
    resolve: Resolve | None = None,
) -> AsyncIterator[BuiltHouse]:
    """A house by a settings file with this in it; `lists` are texts of block lists, "List 1" and so
    on, which are fetched at once. Everything is closed at the end."""
    built = BuiltHouse(folder, _with_lists(folder, tree or {}, lists))
    async with AsyncExitStack() as stack:
        built.state = await State.open(built.data_dir)
        stack.push_async_callback(built.state.close)
        built.settings = SettingsInForce(built.config, {}, built.state, built.apply)
        settings = await built.settings.load()
        built.first_revision = built.state.stored.number
        stack.push_async_callback(built.settings.close)
        _make_pipeline(built, settings, resolve)
        await built.library.load()
        if settings.filtering.lists:
            await built.library.update()
        if has_log:
            built.query_log = await _open_log(built)
            stack.push_async_callback(built.query_log.close)
        built.house = _put_together(built, stack)
        built.settings.on_renamed = built.follow
        await built.house.protection.start()
        stack.push_async_callback(built.house.protection.close)
        await built.house.temporary_rules.start()
        stack.push_async_callback(built.house.temporary_rules.close)
        yield built


def _with_lists(folder: Path, tree: Mapping[str, Any], lists: Iterable[str]) -> dict[str, Any]:
    entries = []
    for number, text in enumerate(lists, start=1):
        file = folder / f"list{number}.txt"
        file.write_text(text)
        entries.append({"name": f"List {number}", "url": f"file:{file}"})
    if not entries:
        return dict(tree)
    return {**tree, "filtering": {**tree.get("filtering", {}), "lists": entries}}


def _make_pipeline(built: BuiltHouse, settings: Settings, resolve: Resolve | None) -> None:
    built.maker = PolicyMaker(settings)
    built.plan = Plan.of(built.maker, (), time.time())
    built.pipeline = Pipeline(
        policy=built.classes.policy(built.plan),
        table=built.table,
        upstreams=built.upstreams,
        buffer=built.buffer,
        limits=TtlLimits(),
        clock=built.clock,
    )
    built.devices = Devices(settings, ask=_ask_nobody)
    built.library = Library(
        with_categories(settings), settings.data_dir, on_change=built.publish, resolve=resolve
    )


async def _open_log(built: BuiltHouse) -> QueryLog:
    return await QueryLog.open(
        built.data_dir / "querylog.db",
        built.buffer,
        LogTerms(
            max_size_bytes=1 << 30,
            privacy=Privacy(
                client_name=lambda address, device: built.maker.client_name(address, device)
            ),
        ),
        rollups=Rollups(365 * 86_400),
        counters=built.counters,
    )


def _put_together(built: BuiltHouse, stack: AsyncExitStack) -> House:
    reader = Reader(built.data_dir / "querylog.db")
    stack.push_async_callback(reader.close)
    explainer = Explainer(
        pipeline=built.pipeline,
        table=built.table,
        limits=TtlLimits,
        ask=_ask_nobody,
        settings=lambda: built.settings.settings,
        lists=built.library.status,
        clock=built.clock,
        scene=built.scene,
        devices=lambda: built.devices,
    )
    store, identity = SqliteStore(reader), Identity(built.state)
    own = Own(lambda: "attic", lambda: Door("http", 8080), lambda: "")
    pairing = Pairing(built.state, identity.tokens, own, Faults())
    stack.push_async_callback(pairing.close)
    return House(
        settings=built.settings,
        state=built.state,
        identity=identity,
        protection=Protection(built.state, built.pause, now=lambda: built.boot),
        temporary_rules=TemporaryRules(built.state, built.use_temporary, now=lambda: built.boot),
        library=built.library,
        query_log=built.open_log,
        log_store=lambda: store,
        log_reader=lambda: reader,
        client_name=lambda address, device: built.maker.client_name(address, device),
        devices=lambda: built.devices,
        statistics=lambda: Statistics(
            store.counts,
            client_name=lambda address, device: built.maker.client_name(address, device),
        ),
        audience=lambda: built.plan.audience(),
        explainer=lambda: explainer,
        on_trial=built.on_trial,
        nodes=one_node(),
        resolve=Asking(built.pipeline, lambda: built.plan.matcher, built.clock).resolve,
        cache=KeptAnswers(
            built.table,
            built.pipeline,
            lambda: built.settings.settings,
            built.clock,
        ),
        counters=built.counters,
        carried=Carried(),
        status=built.status,
        problems=lambda: built.problems,
        health=lambda: built.health,
        ready=list,
        encrypted=lambda: built.encrypted,
        certificates=KeptCertificate(built.data_dir),
        try_upstream=lambda url: built.trial(url),
        pairing=lambda: pairing,
    )


async def _ask_nobody(*_: object) -> Any:
    raise AssertionError("no upstream is asked in this test")


async def _answers(url: str) -> UpstreamTrial:
    """A server that answers, whatever it is called."""
    return {
        "url": url,
        "address": "192.0.2.53:53",
        "connect_ms": None,
        "handshake_ms": None,
        "tls": "",
        "certificate": None,
        "rtt_ms": 3.5,
        "signs": True,
        "validates": False,
        "error": "",
    }
