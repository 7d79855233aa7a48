"""The only file that builds everything: what is made of what, what starts and stops when.

Start: what compiled lists there are, then DNS, then the log, the page, and last the work that
may take minutes (fetching and compiling lists). Stop: the same backwards, so that DNS is the
first to stop taking queries and the log the last to be closed. Once DNS answers, nothing that
starts after it can keep it from doing so: the log and the lists report trouble, they do not end
the program.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from sinkhole import __version__
from sinkhole.app.cache_file import CacheFile
from sinkhole.app.data_dir import DataDir
from sinkhole.app.descriptors import Quotas, attainable, raise_limit
from sinkhole.app.encrypted import Encrypted, sockets_of
from sinkhole.app.from_settings import PolicyMaker, ttl_limits
from sinkhole.app.list_hosts import ListHosts
from sinkhole.app.listening import Listening
from sinkhole.app.memory import release_free_memory
from sinkhole.app.reloading import in_place
from sinkhole.app.server_certificate import ServerCertificate
from sinkhole.app.server_health import judge_health
from sinkhole.app.short_turns import short_turns
from sinkhole.app.upstream_trial import try_upstream
from sinkhole.app.upstreams import Upstreams
from sinkhole.control.explain import Explainer
from sinkhole.control.lists.library import Library
from sinkhole.control.querylog import QueryLog
from sinkhole.control.settings import Settings
from sinkhole.control.stats import Counters, Rollups, Statistics
from sinkhole.dns.cache.table import Table
from sinkhole.dns.filter.match import Matcher
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.pipeline.pipeline import Pipeline
from sinkhole.dns.policy.local import LocalNames
from sinkhole.dns.policy.special_use import Reserved
from sinkhole.dns.server.listeners import Listeners
from sinkhole.model.faults import Faults
from sinkhole.model.record import RecordBuffer
from sinkhole.model.status import Health
from sinkhole.model.tasks import Tasks
from sinkhole.model.verdict import Cause

if TYPE_CHECKING:
    from sinkhole.control.web import ServerStatus, WebServer

log = logging.getLogger(__name__)

PATIENCE_S = 1.5
"""How long queries that wait for an upstream may go on when sinkhole is told to stop. With the
three seconds that the log may take, it ends within the five that service managers are told."""


class App:
    """One running sinkhole: `start`, then `stop`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._began = time.monotonic()
        self.faults = Faults()
        self.counters = Counters()
        self.buffer = RecordBuffer()
        self.table = Table(settings.cache.size)
        addresses, encrypted = len(settings.dns.listen), sockets_of(settings.dns)
        self._quotas = Quotas.of(attainable(), addresses, encrypted)
        self.upstreams = Upstreams(settings, sockets=self._quotas.upstream, faults=self.faults)
        self.forwarder = self.upstreams.forwarder
        self._maker = PolicyMaker(settings)
        self.matcher = Matcher((), self._maker.builtin)
        self.pipeline = self._make_pipeline(settings)
        self.library = Library(
            settings.filtering,
            settings.data_dir,
            on_change=self._use_lists,
            resolve=ListHosts(self._house_names, self.forwarder.exchange_later),
            essential_names=settings.upstream.hosts,
            faults=self.faults,
        )
        self.dns = self._make_dns(settings)
        self.encrypted = Encrypted(
            settings.dns, self.dns, self.faults, lambda: self.listening.page_protocol()
        )
        self.encrypted.on_certificate(self._designate)
        self.listening = Listening(self.dns, self._make_page, self.faults)
        self.query_log: QueryLog | None = None
        self._has_loaded = False
        self._data_dir = DataDir(settings.data_dir)
        self._cache_file = CacheFile(settings, self.table)
        self._tasks = Tasks("app", limit=4, faults=self.faults)
        self._publishing = asyncio.Lock()

    def _make_pipeline(self, settings: Settings) -> Pipeline:
        return Pipeline(
            policy=self._maker.policy(self.matcher, generation=1),
            table=self.table,
            upstreams=self.forwarder,
            buffer=self.buffer,
            limits=ttl_limits(settings),
            serve_stale_s=settings.cache.serve_stale,
            prefetch=settings.cache.prefetch,
        )

    def _make_dns(self, settings: Settings) -> Listeners:
        return Listeners(
            [(each.host, each.port) for each in settings.dns.listen],
            self.pipeline,
            most_connections=self._quotas.connections,
            proxies=settings.dns.proxies,
            faults=self.faults,
        )

    # ---- starting and stopping ---------------------------------------------------------------

    async def start(self) -> None:
        """Bring everything up. Raises SinkholeError, with nothing left open, if no DNS can be
        answered or there is no place for data."""
        try:
            raise_limit()
            await asyncio.to_thread(self._data_dir.take)
            self.dns.bind()
            asyncio.get_running_loop().set_exception_handler(self.faults.of_loop)
            with self.faults.contain("loading the lists"):
                await self.library.load()
                self._has_loaded = True
            with self.faults.contain("reading the saved answers"):
                self._cache_file.restore()
            self.upstreams.start()
            self.dns.serve()
            with self.faults.contain("reading the certificate"):
                await self.encrypted.start()
            with self.faults.contain("opening the query log"):
                self.query_log = await self._open_log()
            await self.listening.start_page()
        except BaseException:
            await self.stop(patience_s=0)
            raise
        self._tasks.keep("lists", self._run_lists)
        self._tasks.keep("cache", self._cache_file.run)
        _tune_garbage_collection()
        release_free_memory()

    async def stop(self, patience_s: float = PATIENCE_S) -> None:
        """Stop taking queries, answer those that wait, write what is to be kept."""
        await self.listening.stop(patience_s)
        await self._tasks.close()
        await self.encrypted.close()
        with self.faults.contain("closing the upstreams"):
            await self.upstreams.close()
        if self.query_log is not None:
            with self.faults.contain("closing the query log"):
                await self.query_log.close()
            # Not after a start that failed: the file may be better than ours.
            with self.faults.contain("saving answers"):
                await asyncio.to_thread(self._cache_file.save)
        self._data_dir.release()

    async def first_lists(self, patience_s: float) -> None:
        """Wait until every enabled list is in use or has failed, but no longer than this."""
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            is_settled = all(each["state"] != "missing" for each in self.library.status())
            if is_settled and self.matcher.lists == self.library.lists:  # published, too
                return
            await asyncio.sleep(0.05)

    async def _run_lists(self) -> None:
        if not self._has_loaded:
            await self.library.load()
            self._has_loaded = True
        await self.library.run()

    async def _open_log(self) -> QueryLog:
        settings = self.settings
        return await QueryLog.open(
            settings.data_dir / "querylog.db",
            self.buffer,
            enabled=settings.query_log.enabled,
            keep_s=settings.query_log.keep,
            max_size_bytes=settings.query_log.max_size,
            rollups=Rollups(settings.stats.keep),
            counters=self.counters,
            rule_text=self._rule_text,
            faults=self.faults,
            client_name=self._client_name,
        )

    async def _make_page(self) -> WebServer:
        if self.query_log is None:  # it could not be opened at the start, by a bug
            self.query_log = await self._open_log()
        # In a thread, as DNS is up already: the library takes 0.2 s to import, and files are read.
        return await asyncio.to_thread(self._make_web_server, self.query_log)

    def _make_web_server(self, query_log: QueryLog) -> WebServer:
        from sinkhole.control.web import (
            MOST_CONNECTIONS,
            WebServer,
            WebSources,
            create_app,
            machine_names,
        )

        sources = WebSources(
            statistics=Statistics(
                query_log.reader(), lambda: query_log.dropped, client_name=self._client_name
            ),
            history=query_log.history,
            explainer=self._explainer(),
            counters=self.counters,
            status=self.status,
            list_status=self.library.status,
            accept_list=self.library.accept,
            update_lists=self.library.update,
            try_upstream=partial(try_upstream, self.settings),
            health=self.health,
        )
        hosts = (*machine_names(socket.gethostname()), *self.settings.web.hosts)
        hosts += self.encrypted.names if self.settings.dns.https_page else ()
        listen = self.settings.web.listen
        return WebServer(
            create_app(sources, hosts=hosts),
            listen.host,
            listen.port,
            most_connections=min(MOST_CONNECTIONS, self._quotas.connections),
            faults=self.faults,
        )

    def _explainer(self) -> Explainer:
        return Explainer(
            pipeline=self.pipeline,
            table=self.table,
            limits=ttl_limits(self.settings),
            ask=self.forwarder.exchange_later,
            matcher=lambda: self.matcher,
            settings=lambda: self.settings,
            lists=self.library.status,
            clock=time.monotonic,
        )

    # ---- while running -----------------------------------------------------------------------

    async def reload(self, settings: Settings) -> list[str]:
        """Apply what can be applied of other settings; the keys of the rest, for a restart.

        What takes time is made in threads first, then one new Policy counts from the next query
        on. Raises SettingsError for what only shows when it is made; whatever is raised,
        everything is as it was.
        """
        settings, later = in_place(self.settings, settings)
        with short_turns():
            maker = await asyncio.to_thread(PolicyMaker, settings)
            before = self.settings, self._maker
            self.settings, self._maker = settings, maker
            try:
                await self.library.apply(settings.filtering)
            except Exception:
                self.settings, self._maker = before
                await self.library.apply(self.settings.filtering)
                raise
        return later

    def _house_names(self) -> tuple[LocalNames, Reserved]:
        policy = self.pipeline.policy
        return policy.local, policy.reserved

    async def _use_lists(self, lists: Sequence[CompiledList]) -> None:
        """Publish a Policy with these lists; the next query feels it.

        The Matcher is made in a thread, as large lists take a tenth of a second and more; one at a
        time, so that what is published last is what was asked for last.
        """
        async with self._publishing:
            maker = self._maker
            with short_turns():
                made = await asyncio.to_thread(Matcher, lists, maker.builtin, self.matcher)
            self.matcher = made
            generation = self.pipeline.policy.generation + 1
            self.pipeline.policy = maker.policy(made, generation, self.encrypted.designated())
        if self.query_log is not None:
            self.query_log.lists_changed()
            release_free_memory()

    def _designate(self, _: ServerCertificate) -> None:
        """Tell clients of the encrypted listeners, which show another certificate now."""
        policy = self.pipeline.policy
        reserved = self._maker.reserved(self.encrypted.designated())
        self.pipeline.policy = replace(policy, generation=policy.generation + 1, reserved=reserved)

    def _rule_text(self, cause: Cause) -> str:
        return self.matcher.rule_text(cause)

    def _client_name(self, address: str) -> str:
        return self._maker.client_name(address)

    def status(self) -> ServerStatus:
        """What /api/status answers, from memory."""
        query_log, uptime_s = self.query_log, time.monotonic() - self._began
        return {
            "version": __version__,
            "started": time.time() - uptime_s,
            "uptime_s": round(uptime_s, 1),
            "listen": self.addresses,
            "encrypted": [f"{where} ({over})" for over, where in self.dns.added],
            "web": self.listening.url,
            "lists": self.library.status(),
            "names": self.matcher.names,
            "upstreams": self.forwarder.status(),
            "cache": {
                "entries": len(self.table.entries),
                "size_bytes": self.table.size_bytes,
                "limit_bytes": self.table.limit_bytes,
            },
            "prefetch": self.pipeline.prefetch.status(time.monotonic()),
            "certificate": self.encrypted.status(),
            "log": query_log.status() if query_log is not None else None,
            "losses": self._losses(),
            "problems": self.problems(),
        }

    def _losses(self) -> dict[str, int]:
        """Everything that was given up because of a bound or a bug, or was nobody's, counted."""
        return {
            "queries_dropped": self.pipeline.dropped,
            "queries_failed_by_bugs": self.pipeline.bugs.met,
            "queries_overloaded": self.dns.overloaded,
            "replies_unsent": sum(listener.unsent for listener in self.dns.udp),
            "upstream_refused": self.forwarder.refused,
            "upstream_strays": self.forwarder.strays,
            "upstream_unsent": self.forwarder.unsent,
            "connections_shed": self.listening.shed,
            "handshakes_failed": self.dns.door.handshakes.failed,
            "answers_evicted": self.table.evicted,
            "internal_errors": self.faults.count,
        }

    @property
    def addresses(self) -> list[str]:
        """What DNS listens on, with the real ports."""
        return self.dns.addresses

    def health(self) -> Health:
        """What /healthz says, from memory."""
        return judge_health(
            missing=self.dns.problems,
            is_listening=bool(self.dns.udp),
            is_cut_off=self.forwarder.is_cut_off,
            log_error=self._log_error(),
            lists=self.library.status(),
        )

    def problems(self) -> list[str]:
        """What the person running sinkhole should know, one sentence each."""
        found = [*self.listening.problems, *self.encrypted.problems]
        found += [*self.upstreams.problems(), *self.library.problems]
        found += [*self._cache_file.problems, *self._maker.problems, *self.faults.problems()]
        found += [self._quotas.problem] if self._quotas.problem else []
        if self.query_log is not None:
            found += self.query_log.problems
            found += [error] if (error := self._log_error()) else []
        if self.matcher.given_up:
            found.append(
                "some names have met too many patterns of the lists for all to be tried: look for "
                "a list of regular expressions that was made for that, or remove some"
            )
        if self.dns.overloaded:
            found.append(
                f"{self.dns.overloaded} queries were dropped because too many were waiting"
            )
        if self.pipeline.bugs.met:
            found.append(
                f"{self.pipeline.bugs.met} queries met a bug in sinkhole, and got SERVFAIL where "
                "there was no reply yet: please report what the log says about it"
            )
        return found

    def _log_error(self) -> str | None:
        return self.query_log.status()["error"] if self.query_log is not None else None


def _tune_garbage_collection() -> None:
    """Keep the collector of reference cycles from walking over everything we keep.

    With its usual thresholds, filling a table with 26 000 answers was interrupted for 33 ms at
    worst, with these for 5 ms (and 2 µs less a new name); names that are known cost the same.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
