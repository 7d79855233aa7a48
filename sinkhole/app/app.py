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
import resource
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

from sinkhole import __version__
from sinkhole.app.cache_file import CacheFile
from sinkhole.app.data_dir import DataDir
from sinkhole.app.from_settings import PolicyMaker, make_forwarder, ttl_limits
from sinkhole.app.list_hosts import ListHosts
from sinkhole.app.memory import release_free_memory
from sinkhole.app.reloading import in_place
from sinkhole.app.server_health import judge_health
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
from sinkhole.dns.server.sockets import Pair, bind_all
from sinkhole.dns.server.tcp import TcpListener
from sinkhole.dns.server.udp import UdpListener
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
        self.started = time.time()
        self.counters = Counters()
        self.buffer = RecordBuffer()
        self.table = Table(settings.cache.size)
        self.forwarder = make_forwarder(settings)
        self._maker = PolicyMaker(settings)
        self.matcher = Matcher((), self._maker.builtin)
        self.pipeline = Pipeline(
            policy=self._maker.policy(self.matcher, generation=1),
            table=self.table,
            upstreams=self.forwarder,
            buffer=self.buffer,
            limits=ttl_limits(settings),
            serve_stale_s=settings.cache.serve_stale,
        )
        self.library = Library(
            settings.filtering,
            settings.data_dir,
            on_change=self._use_lists,
            resolve=ListHosts(self._house_names, self.forwarder.exchange_later),
            essential_names=[each.host for each in settings.upstream.servers],
        )
        self.tcp = TcpListener(self.pipeline)
        self.udp: list[UdpListener] = []
        self.pairs: list[Pair] = []
        self.query_log: QueryLog | None = None
        self.web_server: WebServer | None = None
        self._data_dir = DataDir(settings.data_dir)
        self._cache_file = CacheFile(settings, self.table)
        self._tasks = Tasks("app", limit=4)

    # ---- starting and stopping ---------------------------------------------------------------

    async def start(self) -> None:
        """Bring everything up. Raises SinkholeError, with nothing left open, if DNS or the page
        cannot listen or there is no place for data."""
        try:
            _raise_descriptor_limit()
            self._data_dir.take()
            self.pairs = bind_all((each.host, each.port) for each in self.settings.dns.listen)
            self.library.load_now()
            self._cache_file.restore()
            self.forwarder.start()
            for pair in self.pairs:
                self.udp.append(UdpListener(pair, self.pipeline))
                await self.tcp.listen(pair)
            self.query_log = await self._open_log()
            # The page's library takes 0.2 s to import: in a thread, as DNS is up already.
            await asyncio.to_thread(import_module, "sinkhole.control.web")
            self.web_server = self._make_web_server(self.query_log)
            await self.web_server.start()
        except BaseException:
            await self.stop(patience_s=0)
            raise
        self._tasks.start("lists", self.library.run())
        self._tasks.start("cache", self._cache_file.run())
        _tune_garbage_collection()
        release_free_memory()

    async def stop(self, patience_s: float = PATIENCE_S) -> None:
        """Stop taking queries, answer those that wait, write what is to be kept."""
        page = [self.web_server.stop()] if self.web_server is not None else []
        await asyncio.gather(
            *(listener.close(patience_s) for listener in self.udp),
            self.tcp.close(patience_s),
            *page,
        )
        for pair in self.pairs:
            pair.close()
        await self._tasks.close()
        await self.forwarder.close()
        if self.query_log is not None:
            await self.query_log.close()
            # Not after a start that failed: the file may be better than ours.
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
        )

    def _make_web_server(self, query_log: QueryLog) -> WebServer:
        from sinkhole.control.web import WebServer, WebSources, create_app, machine_names

        sources = WebSources(
            statistics=Statistics(query_log.reader(), lambda: query_log.dropped),
            history=query_log.history,
            explainer=self._explainer(),
            counters=self.counters,
            status=self.status,
            list_status=self.library.status,
            accept_list=self.library.accept,
            update_lists=self.library.update,
            health=self.health,
        )
        hosts = (*machine_names(socket.gethostname()), *self.settings.web.hosts)
        listen = self.settings.web.listen
        return WebServer(create_app(sources, hosts=hosts), listen.host, listen.port)

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
        on. Raises SettingsError, with everything as it was, for what only shows when it is made.
        """
        settings, later = in_place(self.settings, settings)
        with _short_turns():
            maker = await asyncio.to_thread(PolicyMaker, settings)
            self.settings, self._maker = settings, maker
            await self.library.apply(settings.filtering)
        return later

    def _house_names(self) -> tuple[LocalNames, Reserved]:
        policy = self.pipeline.policy
        return policy.local, policy.reserved

    def _use_lists(self, lists: Sequence[CompiledList]) -> None:
        """Publish a Policy with these lists; the next query feels it."""
        self.matcher = Matcher(lists, self._maker.builtin, before=self.matcher)
        generation = self.pipeline.policy.generation + 1
        self.pipeline.policy = self._maker.policy(self.matcher, generation)
        if self.query_log is not None:
            self.query_log.lists_changed()
            release_free_memory()

    def _rule_text(self, cause: Cause) -> str:
        return self.matcher.rule_text(cause)

    def status(self) -> ServerStatus:
        """What /api/status answers, from memory."""
        query_log, now = self.query_log, time.time()
        return {
            "version": __version__,
            "started": self.started,
            "uptime_s": round(now - self.started, 1),
            "listen": self.addresses,
            "web": self.web_server.url if self.web_server is not None else "",
            "lists": self.library.status(),
            "names": self.matcher.names,
            "upstreams": self.forwarder.status(),
            "cache": {
                "entries": len(self.table.entries),
                "size_bytes": self.table.size_bytes,
                "limit_bytes": self.table.limit_bytes,
            },
            "log": query_log.status() if query_log is not None else None,
            "losses": self._losses(),
            "problems": self.problems(),
        }

    def _losses(self) -> dict[str, int]:
        """Everything that was given up because a bound was reached, or was nobody's, counted."""
        return {
            "queries_dropped": self.pipeline.dropped,
            "queries_overloaded": sum(listener.overloaded for listener in self.udp),
            "replies_unsent": sum(listener.unsent for listener in self.udp),
            "upstream_refused": self.forwarder.refused,
            "upstream_strays": self.forwarder.strays,
            "answers_evicted": self.table.evicted,
        }

    @property
    def addresses(self) -> list[str]:
        """What DNS listens on, with the real ports."""
        return [
            f"[{pair.host}]:{pair.port}" if ":" in pair.host else f"{pair.host}:{pair.port}"
            for pair in self.pairs
        ]

    def health(self) -> Health:
        """What /healthz says, from memory."""
        return judge_health(
            is_listening=bool(self.udp),
            is_cut_off=self.forwarder.is_cut_off,
            log_error=self._log_error(),
            lists=self.library.status(),
        )

    def problems(self) -> list[str]:
        """What the person running sinkhole should know, one sentence each."""
        found = [*self.forwarder.problems(), *self.library.problems, *self._cache_file.problems]
        found += self._maker.problems
        if self.query_log is not None:
            found += [text for text in (self.query_log.problem, self._log_error()) if text]
        if self.matcher.given_up:
            found.append(
                "some names have met too many patterns of the lists for all to be tried: look for "
                "a list of regular expressions that was made for that, or remove some"
            )
        overloaded = sum(listener.overloaded for listener in self.udp)
        if overloaded:
            found.append(f"{overloaded} queries were dropped because too many were waiting")
        return found

    def _log_error(self) -> str | None:
        return self.query_log.status()["error"] if self.query_log is not None else None


def _raise_descriptor_limit() -> None:
    """Take as many file descriptors as we may: each query to an upstream has its own socket."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


@contextmanager
def _short_turns() -> Iterator[None]:
    """Let queries go before a thread that computes after half a millisecond, instead of five.

    While 100 000 own rules were compiled, the median query took 5.2 ms without it and 0.7 with it.
    """
    usual = sys.getswitchinterval()
    sys.setswitchinterval(0.0005)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


def _tune_garbage_collection() -> None:
    """Keep the collector of reference cycles from walking over everything we keep.

    With its usual thresholds, filling a table with 26 000 answers was interrupted for 33 ms at
    worst, with these for 5 ms (and 2 µs less a new name); names that are known cost the same.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
