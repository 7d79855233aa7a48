"""What people and programs do with a running server: the House that operations work on."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from sinkhole.app.from_settings import ttl_limits
from sinkhole.app.kept_certificate import KeptCertificate
from sinkhole.app.nodes import NodesHere
from sinkhole.app.own_report import OwnReport
from sinkhole.app.pair import own_of
from sinkhole.app.sharing import Sharing
from sinkhole.app.upstream_trial import try_upstream
from sinkhole.control.database import Reader
from sinkhole.control.explain import Explainer
from sinkhole.control.explain.asking import Asking
from sinkhole.control.explain.kept_answers import KeptAnswers
from sinkhole.control.explain.scene import Scene, SceneAt
from sinkhole.control.identity.identity import Identity
from sinkhole.control.operations.house import House
from sinkhole.control.operations.renaming import follow
from sinkhole.control.pairing.pairing import Pairing
from sinkhole.control.querylog import QueryLog
from sinkhole.control.querylog.outbox import stream_of
from sinkhole.control.replication.entries import SETTINGS_KINDS
from sinkhole.control.settings import Settings
from sinkhole.control.settings.in_force import Apply
from sinkhole.control.settings.renaming import Renamed
from sinkhole.control.state.protection import Protection
from sinkhole.control.state.state import State
from sinkhole.control.state.temporary_rules import TemporaryRules
from sinkhole.control.stats import Statistics
from sinkhole.model.errors import RequestError, StorageError
from sinkhole.model.short_turns import short_turns
from sinkhole.model.status import UpstreamTrial

if TYPE_CHECKING:
    from sinkhole.app.app import App
    from sinkhole.app.ground import Ground


class Front:
    """Of one App: `start` when its ground is taken and before DNS answers, as a pause goes on over
    a restart; `close` in the end. Before it is built, there is neither House nor what is in it."""

    house: House
    is_built = False

    def __init__(self, app: App) -> None:
        self._app = app
        self._explainer = _explainer_of(app, self._scene)
        self._own_reader: Reader | None = None
        drain = app.drain
        self.sharing = Sharing(lambda: app.settings, lambda: app.query_log, app.faults)
        self._report = OwnReport(app, drain)
        self.nodes = NodesHere(
            lambda: self.sharing.place, self._report, self._look, drain, app.faults
        )

    async def start(self, ground: Ground) -> None:
        """Build the House, and take up what was going on: pauses, rules for a time, accounts."""
        app, state, faults = self._app, ground.state, self._app.faults
        self.identity = Identity(state, faults=faults)
        self.protection = Protection(state, app.publishing.pause, faults=faults)
        self.temporary_rules = TemporaryRules(state, app.publishing.use_temporary, faults=faults)
        self.house = self._build(ground)
        self.is_built = True
        ground.settings.on_renamed = self._renamed
        ground.settings.apply = self._applying(app.apply)
        app.library.offers = self.sharing.list_offers
        await self._start_pairing(state)
        self.sharing.start(state, self._merged)
        self.nodes.start()
        for begin in (
            self.protection.start,
            self.temporary_rules.start,
            partial(self.identity.start, ground.environ),
        ):
            with faults.contain("what went on before"):
                await begin()

    async def _start_pairing(self, state: State) -> None:
        self.pairing = Pairing(state, self.identity.tokens, own_of(self._app), self._app.faults)
        self.pairing.go_over = self.sharing.state.go_over
        self.sharing.pairing = self.pairing
        with self._app.faults.contain("reading with whom it is paired"):
            await self.pairing.start()

    async def close(self) -> None:
        """Watch no more; all of it stays stored."""
        if not self.is_built:
            return
        lasting = (self.protection, self.temporary_rules, self.identity)
        for each in (self.nodes, self.sharing, self.pairing, *lasting):
            with self._app.faults.contain("closing what goes on over a restart"):
                await each.close()

    def _build(self, ground: Ground) -> House:
        app = self._app
        return House(
            settings=ground.settings,
            state=ground.state,
            identity=self.identity,
            protection=self.protection,
            temporary_rules=self.temporary_rules,
            library=app.library,
            query_log=self._query_log,
            log_store=lambda: self._query_log().store,
            log_reader=self._reader,
            client_name=app.publishing.client_name,
            devices=lambda: app.devices.devices,
            statistics=self._statistics,
            audience=app.publishing.audience,
            explainer=lambda: self._explainer,
            on_trial=app.publishing.on_trial,
            nodes=self.nodes,
            resolve=Asking(app.pipeline, lambda: app.publishing.matcher, time.monotonic).resolve,
            cache=KeptAnswers(
                app.table,
                app.pipeline,
                lambda: app.settings,
                time.monotonic,
                app.workers,
            ),
            counters=app.counters,
            carried=app.carried,
            status=app.overview.status,
            problems=app.overview.problems,
            health=app.overview.health,
            ready=app.overview.readiness.waits,
            drain=app.drain,
            encrypted=app.overview.encrypted,
            certificates=KeptCertificate(app.settings.data_dir),
            try_upstream=self._try_upstream,
            own_log=self._log_to_write,
            pairing=lambda: self.pairing,
        )

    async def _scene(self, at_s: float | None) -> Scene:
        """What is in force now, or will be at a moment if nobody changes anything."""
        publishing, now_s = self._app.publishing, time.time()
        if at_s is None:
            pauses, policy = self.protection.pauses, self._app.pipeline.policy
        else:
            pauses = self.protection.lasting(max(at_s - now_s, 0.0))
            policy = await publishing.at(at_s, pauses)
        after_s = 0.0 if at_s is None else at_s - now_s
        left = ((each, self.protection.left_s(each)) for each in pauses)
        return Scene(
            now_s + after_s,
            policy,
            publishing.household,
            tuple((each, None if left_s is None else left_s - after_s) for each, left_s in left),
        )

    def _applying(self, apply: Apply) -> Apply:
        """The same, telling where the log is shared now."""

        async def applied(settings: Settings, *, patient: bool = False) -> list[str]:
            if not patient:
                self.sharing.check(settings)
            waits = await apply(settings, patient=patient)
            self.sharing.apply()
            self.nodes.apply()
            return waits

        return applied

    async def _merged(self, kinds: frozenset[str]) -> None:
        """Put in force what another sinkhole with the same state has changed; SinkholeError."""
        if kinds & SETTINGS_KINDS:
            await self.house.settings.take_stored()
        if "pause" in kinds:
            await self.protection.start()
        if "rule" in kinds:
            await self.temporary_rules.start()

    async def _renamed(self, found: Renamed) -> None:
        """Have all that is stored beside the settings go over to another name."""
        with self._app.faults.contain("going over to another name"):
            await follow(self.protection, self.temporary_rules, self._rename_in_log, found)

    def _rename_in_log(self, old: str, new: str) -> None:
        if self._app.query_log is not None:
            self._app.query_log.group_renamed(old, new)

    def _query_log(self) -> QueryLog:
        if self._app.query_log is None:
            text = "the query log could not be opened"
            raise RequestError("unavailable", "log_unavailable", text)
        return self._app.query_log

    @asynccontextmanager
    async def _log_to_write(self) -> AsyncIterator[QueryLog]:
        """The log for who reads a long file beside it, in a thread: queries go before."""
        with short_turns():
            yield self._query_log()

    def _reader(self) -> Reader:
        if self._own_reader is None:
            self._own_reader = self._query_log().reader()
        return self._own_reader

    async def _look(self) -> int:
        """Find out what others are told; what stays of this box over restarts, which is the count
        of what its log's file sends, 0 while that is not known."""
        await self._report.look()
        try:
            return await stream_of(self._reader())
        except (StorageError, RequestError):  # the log is not open yet
            return 0

    def _statistics(self) -> Statistics:
        query_log = self._query_log()
        return Statistics(
            query_log.store.counts,
            lambda: query_log.dropped,
            client_name=self._app.publishing.client_name,
        )

    def _try_upstream(self, text: str) -> Awaitable[UpstreamTrial]:
        return try_upstream(self._app.settings, text)


def _explainer_of(app: App, scene: SceneAt) -> Explainer:
    return Explainer(
        pipeline=app.pipeline,
        table=app.table,
        limits=lambda: ttl_limits(app.settings),
        ask=app.forwarder.exchange_later,
        settings=lambda: app.settings,
        lists=app.library.status,
        clock=time.monotonic,
        scene=scene,
        devices=lambda: app.devices.devices,
    )
