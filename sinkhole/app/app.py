"""The only file that builds everything: what is made of what, what starts and stops when.

Start: the data folder with the state and the settings in it, what compiled lists there are, then
DNS, then the log, the page, and last the work that may take minutes (fetching and compiling
lists). Stop: the same backwards, so that DNS is the first to stop taking queries and the log the
last to be closed. Once DNS answers, nothing that starts after it can keep it from doing so: the
log and the lists report trouble, they do not end the program. While its port is somebody else's,
all but DNS is there.

Other settings are applied by the same parts, all in one turn of the event loop (`apply`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from sinkhole import __version__
from sinkhole.app.change import Change
from sinkhole.app.counters_file import CountersFile
from sinkhole.app.descriptors import raise_limit
from sinkhole.app.encrypted import Encrypted
from sinkhole.app.front import Front
from sinkhole.app.ground import Ground
from sinkhole.app.handover import END_S, Inheritance, Left
from sinkhole.app.house_devices import HouseDevices
from sinkhole.app.list_hosts import ListHosts
from sinkhole.app.listening import Listening
from sinkhole.app.network_watch import NetworkWatch
from sinkhole.app.overview import Overview
from sinkhole.app.page import Page
from sinkhole.app.planes import Planes
from sinkhole.app.publishing import Publishing
from sinkhole.control.lists.categories import with_categories
from sinkhole.control.lists.library import Library
from sinkhole.control.operations.drain import Drain
from sinkhole.control.querylog import LogTerms, QueryLog, is_outdated, terms_of
from sinkhole.control.settings import Settings
from sinkhole.control.settings.dns_schema import DnsSettings
from sinkhole.control.settings.in_force import Changed
from sinkhole.control.shipping import Shipping
from sinkhole.control.stats import Carried, Counters, Rollups
from sinkhole.dns.server.address import ListenAddress
from sinkhole.model.errors import SettingsError
from sinkhole.model.faults import Faults
from sinkhole.model.memory import release_free_memory, spare_collection
from sinkhole.model.record import RecordBuffer
from sinkhole.model.status import Health
from sinkhole.model.tasks import Tasks

if TYPE_CHECKING:
    from sinkhole.control.web import ServerStatus

log = logging.getLogger(__name__)

PATIENCE_S: Final = 1.5
"""How long queries that wait for an upstream may go on when sinkhole is told to stop. With the
three seconds that the log may take, it ends within the five that service managers are told."""


class App:
    """One running sinkhole: `start`, then `stop`; `apply` in between.

    `ground` is what the settings are kept in; without one it is taken at the start, and the
    settings are in force as they are. `environ` may tell of a program before, see `handover`.
    """

    def __init__(
        self,
        settings: Settings,
        ground: Ground | None = None,
        faults: Faults | None = None,
        environ: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.settings = settings
        self.ground = ground
        self.faults = faults or Faults()
        self.counters, self.carried, self.buffer = Counters(), Carried(), RecordBuffer()
        self.counters_file = CountersFile(settings.data_dir, self.carried)
        self.query_log: QueryLog | None = None
        self.devices = self._make_devices(settings)
        self.publishing = Publishing(settings, self._lists_changed, self.devices.facts)
        self.shipping = self._make_shipping(settings)
        self.planes = planes = Planes(
            settings, self.publishing.policy(), self.buffer, self.devices.facts, self.faults
        )
        self.pipeline, self.dns = planes.pipeline, planes.listeners
        self.upstreams, self.forwarder = planes.upstreams, planes.upstreams.forwarder
        self.answers, self.table = planes.answers, planes.answers.table
        self.workers, self.network = planes.workers, NetworkWatch(planes.renew)
        self.inheritance = Inheritance(environ, self.buffer, self.faults)
        self.workers.places.inherit(self.inheritance.groups)
        self.library = self._make_library(settings)
        self.encrypted = self._make_encrypted(settings)
        self.publishing.put_to_use(
            self.pipeline, self.library, self.encrypted.designated, self.workers.publish
        )
        self.drain = Drain()
        self.front, self.page, self.overview = Front(self), Page(self), Overview(self)
        self.listening = Listening(self.dns, self.page.make, self.faults)
        self._tasks = Tasks("app", limit=5, faults=self.faults)
        self._has_loaded = self._has_left = False
        self._applying = asyncio.Lock()

    @classmethod
    async def of(cls, config: Path | None, environ: Mapping[str, str]) -> App:
        """By a settings file, the environment, and what is stored in the data folder; that is held
        from now on, and let go by `stop`. SettingsError as of `Ground.take`."""
        faults = Faults()
        ground = await Ground.take(config, environ, faults)
        return cls(ground.settings.settings, ground, faults, environ)

    def _make_devices(self, settings: Settings) -> HouseDevices:
        return HouseDevices(
            settings,
            lambda: self._log_terms(self.settings).privacy,
            lambda packed: self.planes.learned(packed),
            lambda: self.query_log.past_s if self.query_log is not None else 0.0,
            self.faults,
        )

    def _make_encrypted(self, settings: Settings) -> Encrypted:
        return Encrypted(
            settings.dns,
            self.dns,
            self.faults,
            lambda: self.listening.page_protocol(),
            self._certificate_changed,
        )

    def _make_library(self, settings: Settings) -> Library:
        return Library(
            with_categories(settings),
            settings.data_dir,
            on_change=self.publishing.use_lists,
            resolve=ListHosts(self.publishing.house_names, self.forwarder.exchange_later),
            essential_names=settings.upstream.hosts,
            faults=self.faults,
        )

    def _make_shipping(self, settings: Settings) -> Shipping:
        return Shipping(
            settings.shipping,
            self._log_terms(settings),
            self.buffer,
            data_dir=settings.data_dir,
            version=__version__,
            rule_text=self.publishing.rule_text,
            faults=self.faults,
        )

    # ---- starting and stopping ---------------------------------------------------------------

    async def start(self, on_serving: Callable[[], None] | None = None) -> None:
        """Bring everything up; `on_serving` is called once DNS is answered.

        Raises SinkholeError, with nothing left open, if there is no place for data, or if neither
        DNS can be answered nor the page say why.
        """
        try:
            raise_limit()
            if self.ground is None:
                self.ground = await Ground.of(self.settings, self.faults)
            self.ground.settings.apply = self.apply
            await self.listening.bind(self.workers.places.bounds)
            await self.page.stand_in()
            asyncio.get_running_loop().set_exception_handler(self.faults.of_loop)
            with self.faults.contain("reading who has paused what"):
                await self.front.start(self.ground)
            with self.faults.contain("loading the lists"):
                await self.library.load()
                self._has_loaded = True
            with self.faults.contain("reading the saved answers and counters"):
                self.answers.file.restore()
                self.counters_file.restore()
            await self._serve()
            if on_serving is not None:
                on_serving()
            with self.faults.contain("finding out about devices"):
                await self.devices.start()
                self.buffer.on_drained = self.devices.take
            with self.faults.contain("reading the certificate"):
                await self.encrypted.start()
            self.shipping.start()
            with self.faults.contain("opening the query log"):
                await self.open_log()
            with self.faults.contain("opening the socket for commands"):
                await self.page.start()
            await self.listening.start_page()
        except BaseException:
            await self.stop(patience_s=0)
            raise
        self._tasks.keep("lists", self._run_lists)
        self._tasks.keep("schedules", self.publishing.run)
        self._tasks.keep("cache", self.answers.file.run)
        self._tasks.start("first lists", self.overview.readiness.settle())
        spare_collection()
        release_free_memory()

    async def _serve(self) -> None:
        """Have DNS answered."""
        with self.faults.contain("starting the workers"):
            self.publishing.publish()
            await self.workers.start()
        for begin in (self.upstreams.start, self.network.start, self.dns.serve):
            begin()
        self.workers.places.gather()
        self.inheritance.settle(self.workers.places.drop)

    async def stop(self, patience_s: float = PATIENCE_S) -> None:
        """Stop taking queries, answer those that wait, write what is to be kept."""
        await asyncio.gather(self.listening.stop(patience_s), self._close_socket())
        if self.query_log is not None and not self._has_left:
            # Not after a start that failed: the file may be better than ours.
            with self.faults.contain("saving answers"):
                await self.answers.file.save()
        await self.workers.close(patience_s)
        await self._tasks.close()
        await self.inheritance.close()
        await self.encrypted.close()
        with self.faults.contain("closing what finds out about devices"):
            await self.devices.close()
        self.network.close()
        with self.faults.contain("closing the upstreams"):
            await self.upstreams.close()
        await self.answers.close()
        with self.faults.contain("ending the copies of the query log"):
            await asyncio.gather(self.shipping.close(), self._close_log())
        if self.query_log is not None:
            with self.faults.contain("saving the counters"):
                await self.counters_file.save(self.front.house)
        with self.faults.contain("closing the accounts"):
            await self.front.close()
        if self.ground is not None:
            with self.faults.contain("closing the state"):
                await self.ground.close()

    async def hand_over(self) -> Left:
        """Have DNS answered by workers alone, and stop all else, for a program that follows in this
        process. Raises SinkholeError or TimeoutError where that can't be; then it goes on."""
        async with self._applying:
            await self.inheritance.close(END_S)
            await self._stand_aside(Change(self.faults))
            with self.faults.contain("saving answers"):
                await self.answers.file.save()
            left = await self.workers.leave(self.dns.bounds)
            self._has_left = True
        await self.stop()
        return left

    async def _stand_aside(self, change: Change) -> None:
        try:
            await self.planes.stand_in(self.settings, change)
            await self.listening.prepare(self._wanted(self.settings.dns), change)
            change.commit()
        except BaseException:
            await change.abandon()
            raise
        await change.finish()
        await self.listening.settle()

    async def _close_log(self) -> None:
        if self.query_log is not None:
            with self.faults.contain("closing the query log"):
                await self.query_log.close()

    async def _close_socket(self) -> None:
        with self.faults.contain("closing the socket for commands"):
            await self.page.close()

    async def first_lists(self, patience_s: float) -> None:
        """Wait until every enabled list is in use or has failed, but no longer than this."""
        await self.publishing.first_lists(patience_s)

    async def open_log(self) -> QueryLog:
        """The query log, opened unless it is; by a bug it may not have been at the start."""
        if self.query_log is None:
            settings, path = self.settings, self.settings.data_dir / "querylog.db"
            if self.ground is not None and await is_outdated(path):
                with self.faults.contain("the backup before an upgrade"):
                    await self.ground.state.before_upgrade()
            self.query_log = await QueryLog.open(
                path,
                self.buffer,
                self._log_terms(settings),
                rollups=Rollups(settings.stats.keep),
                counters=self.counters,
                rule_text=self.publishing.rule_text,
                list_sources=self._list_sources,
                faults=self.faults,
            )
        return self.query_log

    async def _run_lists(self) -> None:
        if not self._has_loaded:
            await self.library.load()
            self._has_loaded = True
        await self.library.run()

    def _log_terms(self, settings: Settings) -> LogTerms:
        return terms_of(settings.query_log, settings.stats, self.publishing.client_name)

    def _list_sources(self) -> dict[str, str]:
        """What tells lists apart in the log, by their names."""
        return self.library.sources

    def _certificate_changed(self) -> None:
        self.workers.show(self.encrypted.pair, self.encrypted.names)
        self.publishing.publish()

    def _lists_changed(self) -> None:
        self.shipping.lists_changed()
        if self.query_log is not None:
            self.query_log.lists_changed()
            release_free_memory()

    # ---- other settings ----------------------------------------------------------------------

    async def apply(self, settings: Settings, *, patient: bool = False) -> list[str]:
        """Go over to other settings; the keys that wait for a restart, which is `data_dir`.

        What can fail or takes time is done first; then all parts change in one turn of the event
        loop. Raises SettingsError for what can't be had, such as an address to listen on, unless
        `patient`; whatever is raised, everything is as it was."""
        async with self._applying:
            if self._has_left:
                raise SettingsError(["sinkhole is just beginning anew: try it again in a moment"])
            change = Change(self.faults, patient=patient)
            if settings.data_dir != self.settings.data_dir:
                change.waits.append("data_dir")
                settings = settings.model_copy(update={"data_dir": self.settings.data_dir})
            try:
                await self._prepare(settings, change)
            except BaseException:
                await change.abandon()
                raise
            await change.finish()
            return change.waits

    async def reload(self) -> Changed:
        """Read the settings file and the environment again; what cannot be had of them is waited
        for, as at the start. SettingsError leaves all as it was."""
        assert self.ground is not None, "it has been started"
        return await self.ground.settings.reload()

    async def _prepare(self, new: Settings, change: Change) -> None:
        """Make everything ready, in the order in which it is exchanged, and then do that."""
        old = self.settings
        change.exchange(self._use, new, old)
        await self.planes.prepare(new, old, change)
        self.devices.prepare(new, change)
        await self.encrypted.prepare(new.dns, change)
        await self.listening.prepare(self._wanted(new.dns), change)
        if new.dns.proxies != old.dns.proxies:
            change.exchange(self.dns.trust, new.dns.proxies, old.dns.proxies)
            change.afterwards(self.listening.hang_up)
        await self.page.prepare(new, change)
        maker = await self.publishing.prepare(new, change)
        await self.publishing.commit(maker, change)

    def _use(self, settings: Settings) -> None:
        if settings.log != self.settings.log:
            logging.getLogger().setLevel(settings.log.level.upper())
        before, self.settings = self.settings, settings
        self.shipping.use(settings.shipping, self._log_terms(settings))
        if self.query_log is not None:
            self.query_log.apply(self._log_terms(settings))
            if settings.filtering.lists != before.filtering.lists:
                self.query_log.lists_changed()  # perhaps one is called something else now
        self.library.essential_names = settings.upstream.hosts

    def _wanted(self, dns: DnsSettings) -> list[ListenAddress]:
        plain = self.dns.plain((each.host, each.port) for each in dns.listen)
        return [*plain, *self.encrypted.addresses(dns)]

    # ---- how it does -------------------------------------------------------------------------

    @property
    def addresses(self) -> list[str]:
        """What DNS listens on, with the real ports."""
        return self.dns.addresses

    def status(self) -> ServerStatus:
        """What /api/status answers, from memory."""
        return self.overview.status()

    def health(self) -> Health:
        """What /healthz says, from memory."""
        return self.overview.health()

    def problems(self) -> list[str]:
        """What the person running sinkhole should know, a sentence or two each."""
        return self.overview.sentences()
