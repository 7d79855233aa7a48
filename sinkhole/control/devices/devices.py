"""The devices of the house, put together: facts, the book, and whoever finds out about them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from ipaddress import ip_address
from itertools import chain
from typing import Final, NamedTuple

from sinkhole.control.devices.asked_names import AskedNames, reverse_name
from sinkhole.control.devices.book import Asked, Book, Device, Seen, packed_of
from sinkhole.control.devices.book_file import SAVE_S, BookFile, device_data
from sinkhole.control.devices.facts import SOURCES, DeviceFacts, Names, Source
from sinkhole.control.devices.file_names import LOOK_S, FileNames, Told
from sinkhole.control.devices.gateways import Gateways, runs_in_container
from sinkhole.control.devices.house_addresses import Gateway, gateways, is_private
from sinkhole.control.devices.makers import Makers, is_random
from sinkhole.control.devices.mdns import Mdns
from sinkhole.control.devices.neighbours import Neighbour, Neighbours
from sinkhole.control.settings import Settings
from sinkhole.control.settings.clients_schema import read_mac
from sinkhole.dns.wire.numbers import Type
from sinkhole.dns.wire.reply import Reply
from sinkhole.model.faults import Faults
from sinkhole.model.status import Problem
from sinkhole.model.tasks import Tasks

ROUTER_PORT: Final = 53

SLICE: Final = 100
"""Devices made ready for their file in one turn of the event loop."""

HIDES_CLIENTS: Final = frozenset({"anonymous_clients", "no_clients", "no_names"})
"""Levels of `query_log.privacy` under which nothing is known of who asked when and how often."""

AskServer = Callable[[bytes, str, int], Awaitable[Reply | None]]
"""Asks a server, by address and port, for the PTR records of a wire name; None for no answer."""


class ShownDevice(NamedTuple):
    """A device for people. `key` finds it again; `mac` is "" where none is known.

    `names` are all of them with their sources, the best first. `is_random` says that the device
    made its MAC up, for this network alone. `stands_for_many` is why it is not one device, "" for
    most. Times are 0 where they are not known or not to be known.
    """

    key: str
    mac: str
    maker: str
    is_random: bool
    names: tuple[tuple[Source, Names], ...]
    addresses: tuple[tuple[str, Seen], ...]
    seen: Seen
    queries: int
    stands_for_many: str

    @property
    def name(self) -> str:
        """The best of its names, "" for none."""
        return self.names[0][1][0] if self.names else ""

    @property
    def known_by(self) -> tuple[str, tuple[str, ...]]:
        """What a client of the settings would be known by: a key of `clients`, and its value."""
        if self.mac:
            return "macs", (self.mac,)
        if self.addresses:
            return "addresses", tuple(address for address, _ in self.addresses)
        return "ids", (self.key,)


class Devices:
    """Between `start` and `close`. `facts` is for the DNS plane as well.

    `on_change` is called with a packed address when something about it is known anew. `ask` is how
    the router is asked, `past_s` tells what time is certainly past, 0 if none is: by it those are
    forgotten who were not seen for as long as queries are kept.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        ask: AskServer,
        on_change: Callable[[bytes], object] = bool,
        usual_files: FileNames | None = None,
        past_s: Callable[[], float] = float,
        clock: Callable[[], float] = time.monotonic,
        faults: Faults | None = None,
    ) -> None:
        self.on_change = on_change
        self.facts = DeviceFacts(self._on_change)
        self.book = Book(self.facts)
        self.gateways = Gateways(self.facts)
        self.gateways.use_named(_macs_of(settings))
        self._settings = settings
        self._ask_server = ask
        self._clock = clock
        self._past_s = past_s
        self._file = BookFile(settings.data_dir)
        self._files = usual_files or FileNames(settings.devices)
        self._neighbours = Neighbours(self._on_neighbour)
        self._mdns = Mdns(self.facts.interface_of, self._is_same)
        self._by_router = self._asked("reverse names", self._ask_router, "reverse", faults)
        self._by_device = self._asked("mDNS names", self._mdns.ask, "mdns", faults)
        self._makers = Makers()
        self._routers: list[Gateway] = []
        self._problems: list[str] = []
        self._looked_at = float("-inf")
        self._save_timer: asyncio.TimerHandle | None = None
        self._tasks = Tasks("devices", limit=4, faults=faults)
        self._is_running = False

    def _asked(
        self,
        owner: str,
        ask: Callable[[bytes], Awaitable[Reply | None]],
        source: Source,
        faults: Faults | None,
    ) -> AskedNames:
        def found(packed: bytes, names: Names) -> None:
            self.facts.learn_name(source, packed, names)

        return AskedNames(owner, ask, found, clock=self._clock, faults=faults)

    # ---- its life ----------------------------------------------------------------------------

    async def start(self) -> None:
        """Find out what can be known before anybody asks."""
        self._is_running = True
        if self._is_counted:
            self.book.restore(await asyncio.to_thread(self._file.read))
        else:
            await asyncio.to_thread(self._file.remove)
        self.gateways.in_container = await asyncio.to_thread(runs_in_container)
        self._learn_records()
        if self._settings.devices.neighbours:
            self._neighbours.start()
        await self._look()

    async def close(self) -> None:
        """Find out nothing more, and write the book down."""
        self._is_running = False
        self._neighbours.close()
        await self._by_router.close()
        await self._by_device.close()
        self._mdns.close()
        if self._save_timer is not None:
            self._save_timer.cancel()
        await self._tasks.close()
        await self._save()

    def use(self, settings: Settings) -> None:
        """Go by other settings from now on; the data folder stays."""
        before, self._settings = self._settings, settings
        self._learn_records()
        self.gateways.use_named(_macs_of(settings))
        if self._is_counted != _is_counted(before):
            self.book.clear()
            if not self._is_counted:
                self._tasks.start("forget", asyncio.to_thread(self._file.remove))
        old, new = before.devices, settings.devices
        if old == new:
            return
        if old.neighbours != new.neighbours:
            self._neighbours.close()
            self.facts.forget_neighbours()
            if new.neighbours:
                self._neighbours.start()
        for source, is_wanted in (("reverse", new.reverse), ("mdns", new.mdns)):
            if not is_wanted:
                self.facts.forget(source)  # type: ignore[arg-type]  # both are sources
        self._by_router.again()
        self._by_device.again()
        self._files = FileNames(new)
        self._looked_at = float("-inf")
        self._tasks.start("look", self._look())

    # ---- what comes in -----------------------------------------------------------------------

    def note(self, asked: Iterable[Asked]) -> None:
        """So much was asked by whom, since the last time. A list of some dozens, once a second."""
        for each in asked:
            self.book.note(each, is_counted=self._is_counted)
            packed = packed_of(each.client)
            if packed and not ip_address(packed).is_loopback:
                self.gateways.note(packed, each.queries, each.last_s)
                self._find_name(packed)
        if self._clock() >= self._looked_at + LOOK_S:
            self._looked_at = self._clock()
            self._tasks.start("look", self._look())
        self._save_later()

    def _on_neighbour(self, neighbour: Neighbour) -> None:
        self.facts.learn_neighbour(*neighbour)

    def _on_change(self, packed: bytes) -> None:
        self.book.learned(packed)
        self.on_change(packed)

    async def _look(self) -> None:
        """At files and routes, in a thread."""
        self._looked_at = self._clock()
        files = self._files
        told, routers = await asyncio.to_thread(lambda: (files.look(), gateways()))
        self._routers = routers
        self.gateways.routers = frozenset(each.address for each in routers)
        if told is not None and files is self._files:
            self._learn_files(told)

    def _learn_files(self, told: Told) -> None:
        self.facts.learn_leases(told.macs)
        self.facts.learn_names("leases", told.names)
        self.facts.learn_names("hosts_file", told.hosts)
        self._problems = told.problems

    def _learn_records(self) -> None:
        """Local records name devices as well."""
        names: dict[bytes, Names] = {}
        for name, records in self._settings.local.records.items():
            for record in records:
                if record.rtype in (Type.A, Type.AAAA) and not name.startswith("*"):
                    names[record.rdata] = (*names.get(record.rdata, ()), name)
        self.facts.learn_names("settings", names)

    # ---- asking for names --------------------------------------------------------------------

    def _find_name(self, packed: bytes) -> None:
        """Ask for the name of whoever asks, where nobody better has one, and never beyond the
        house: first the router, and the device only where that knows none."""
        if self._may_ask_router(packed):
            self._by_router.want(packed)
        elif self._may_ask_device(packed):
            self._by_device.want(packed)

    def _may_ask_router(self, packed: bytes) -> bool:
        if not (self._settings.devices.reverse and self._by_router.is_due(packed)):
            return False
        return self._is_house(packed) and not self._has_name(packed, "reverse")

    def _may_ask_device(self, packed: bytes) -> bool:
        if not (self._settings.devices.mdns and self._by_device.is_due(packed)):
            return False
        is_near = self.facts.interface_of(packed) and not self._by_router.is_busy_with(packed)
        return bool(is_near) and not self._has_name(packed, "mdns")

    def _has_name(self, packed: bytes, source: Source) -> bool:
        """Whether a better source has a name, or this one by another address of the device."""
        better = SOURCES[: SOURCES.index(source)]
        known = [each for each, _ in self.facts.named_by(packed)]
        own = [each for each, _ in self.facts.named_at(packed)]
        return any(each in better for each in known) or (source in known and source not in own)

    def _is_house(self, packed: bytes) -> bool:
        """Whether an address is private, or on one of our own networks."""
        return is_private(packed) or bool(self.facts.interface_of(packed))

    async def _ask_router(self, packed: bytes) -> Reply | None:
        router = self._settings.devices.router
        if router is not None:
            return await self._ask_server(reverse_name(packed), router.host, router.port)
        for gateway in self._routers[:1]:
            return await self._ask_server(reverse_name(packed), str(gateway), ROUTER_PORT)
        return None

    def _is_same(self, one: bytes, other: bytes) -> bool:
        mac = self.facts.mac_of(one)
        return bool(mac) and mac == self.facts.mac_of(other)

    # ---- what people see ---------------------------------------------------------------------

    async def all(self) -> list[ShownDevice]:
        """All devices, the one that asked last first."""
        if self._settings.devices.makers:
            await self._makers.load()
        return [self._shown(each) for each in reversed(list(self.book))]

    async def find(self, text: str) -> ShownDevice | None:
        """The device that is `called` so."""
        if self._settings.devices.makers:
            await self._makers.load()
        device = self.called(text)
        return self._shown(device) if device is not None else None

    def called(self, text: str) -> Device | None:
        """The device with a MAC, address or id, as people write them, or with a name (whole or its
        first label) of any source; of several the one that asked last."""
        sought = text.strip().lower()
        for spelling in (sought, text.strip(), *_spellings(sought)):
            if (device := self.book.of(spelling)) is not None:
                return device
        for device in reversed(list(self.book)):
            names = chain.from_iterable(names for _, names in self._names_of(device))
            if any(sought in (name, name.partition(".")[0]) for name in names):
                return device
        return None

    def forget(self, text: str) -> bool:
        """Take a device out of the book, by MAC, address or id; whether there was one."""
        is_known = self.book.forget(text)
        self._save_later()
        return is_known

    def problems(self) -> list[Problem]:
        """What a person should know."""
        advice = "correct the path in the section devices, or let the server read the file"
        found = [Problem("devices.files", "warning", text, advice) for text in self._problems]
        if self._file.trouble:
            advice = "make room on the disk, or let the server write into its data folder"
            found.append(Problem("devices.not_saved", "warning", self._file.trouble, advice))
        if self._neighbours.trouble and self._settings.devices.neighbours:
            text = f"{self._neighbours.trouble}, so no device is known by its MAC"
            advice = "let the server have AF_NETLINK; or set devices.neighbours to false"
            found.append(Problem("devices.neighbours", "warning", text, advice))
        found += [
            Problem("devices.shared", "notice", each.text, each.advice)
            for each in self.gateways.all()
            if each.advice
        ]
        return found

    def _shown(self, device: Device) -> ShownDevice:
        addresses = sorted(device.addresses.items(), key=lambda each: -each[1].last_s)
        notices = [self.gateways.why(packed_of(text)) for text, _ in addresses]
        many = next((each.text for each in notices if each is not None), "")
        wants_maker = self._settings.devices.makers
        return ShownDevice(
            key=device.key,
            mac=device.mac.hex(":"),
            maker=self._makers.of(device.mac) if wants_maker else "",
            is_random=is_random(device.mac),
            names=self._names_of(device),
            addresses=tuple(addresses),
            seen=device.seen,
            queries=device.queries,
            stands_for_many=many,
        )

    def _names_of(self, device: Device) -> tuple[tuple[Source, Names], ...]:
        """Its names with their sources, the best first; none of one that is switched off now."""
        switches = self._settings.devices
        return tuple(
            (source, device.names[source])
            for source in SOURCES
            if source in device.names and (source == "settings" or getattr(switches, source))
        )

    # ---- on the disk -------------------------------------------------------------------------

    @property
    def _is_counted(self) -> bool:
        return _is_counted(self._settings)

    def _save_later(self) -> None:
        if self.book.is_changed and self._is_counted and self._save_timer is None:
            loop = asyncio.get_running_loop()
            self._save_timer = loop.call_later(SAVE_S, self._save_now)

    def _save_now(self) -> None:
        self._save_timer = None
        self._tasks.start("save", self._save())

    async def _save(self) -> None:
        if self.book.is_changed and self._is_counted:
            self.book.forget_before(self._past_s() - self._settings.query_log.keep)
            self.book.is_changed = False
            data = []
            for number, device in enumerate(self.book):
                data.append(device_data(device))
                if number % SLICE == SLICE - 1:
                    await asyncio.sleep(0)
            await asyncio.to_thread(self._file.write, data)


def _spellings(text: str) -> Iterator[str]:
    """A MAC or an address as the book has them, from however people write them."""
    with suppress(ValueError):
        yield read_mac(text)
    with suppress(ValueError):
        address = ip_address(text)
        yield str(getattr(address, "ipv4_mapped", None) or address)


def _macs_of(settings: Settings) -> Iterator[str]:
    return (mac for client in settings.clients for mac in client.macs)


def _is_counted(settings: Settings) -> bool:
    return settings.query_log.privacy not in HIDES_CLIENTS
