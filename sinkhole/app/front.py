"""What people and programs do with a running server: the House that operations work on."""

from __future__ import annotations

import time
from collections.abc import Awaitable
from functools import partial
from typing import TYPE_CHECKING

from sinkhole.app.from_settings import ttl_limits
from sinkhole.app.upstream_trial import try_upstream
from sinkhole.control.database import Reader
from sinkhole.control.explain import Explainer
from sinkhole.control.explain.asking import Asking
from sinkhole.control.explain.kept_answers import KeptAnswers
from sinkhole.control.identity.identity import Identity
from sinkhole.control.operations.house import House
from sinkhole.control.querylog import QueryLog
from sinkhole.control.state.protection import Protection
from sinkhole.control.state.temporary_rules import TemporaryRules
from sinkhole.control.stats import Statistics
from sinkhole.dns.filter.match import Matcher
from sinkhole.model.errors import RequestError
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
        self._explainer = _explainer_of(app)
        self._readers: dict[str, Reader] = {}

    async def start(self, ground: Ground) -> None:
        """Build the House, and take up what was going on: pauses, rules for a time, accounts."""
        app, state, faults = self._app, ground.state, self._app.faults
        self.identity = Identity(state, faults=faults)
        self.protection = Protection(state, app.publishing.pause, faults=faults)
        self.temporary_rules = TemporaryRules(state, app.publishing.use_temporary, faults=faults)
        self.house = self._build(ground)
        self.is_built = True
        for begin in (
            self.protection.start,
            self.temporary_rules.start,
            partial(self.identity.start, ground.environ),
        ):
            with faults.contain("what went on before"):
                await begin()

    async def close(self) -> None:
        """Watch no more; all of it stays stored."""
        if not self.is_built:
            return
        for each in (self.protection, self.temporary_rules, self.identity):
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
            log_reader=partial(self._reader, "besides"),
            client_name=app.publishing.client_name,
            statistics=self._statistics,
            matcher=lambda: app.matcher,
            explainer=lambda: self._explainer,
            resolve=Asking(app.pipeline, self._rules, time.monotonic).resolve,
            cache=KeptAnswers(
                app.table,
                app.pipeline,
                self._rules,
                lambda: app.settings,
                time.monotonic,
                app.publishing.publish,
            ),
            counters=app.counters,
            status=app.overview.status,
            problems=app.overview.problems,
            health=app.overview.health,
            ready=app.overview.ready,
            try_upstream=self._try_upstream,
        )

    def _rules(self) -> Matcher:
        return self._app.publishing.matcher_in_force

    def _query_log(self) -> QueryLog:
        if self._app.query_log is None:
            text = "the query log could not be opened"
            raise RequestError("unavailable", "log_unavailable", text)
        return self._app.query_log

    def _reader(self, whose: str) -> Reader:
        """One connection for reading the log, for each that asks."""
        if whose not in self._readers:
            self._readers[whose] = self._query_log().reader()
        return self._readers[whose]

    def _statistics(self) -> Statistics:
        query_log = self._query_log()
        return Statistics(
            self._reader("statistics"),
            lambda: query_log.dropped,
            client_name=self._app.publishing.client_name,
        )

    def _try_upstream(self, text: str) -> Awaitable[UpstreamTrial]:
        return try_upstream(self._app.settings, text)


def _explainer_of(app: App) -> Explainer:
    return Explainer(
        pipeline=app.pipeline,
        table=app.table,
        limits=lambda: ttl_limits(app.settings),
        ask=app.forwarder.exchange_later,
        matcher=lambda: app.publishing.matcher_in_force,
        settings=lambda: app.settings,
        lists=app.library.status,
        clock=time.monotonic,
    )
