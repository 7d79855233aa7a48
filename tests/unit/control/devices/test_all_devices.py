"""All of it together: who asks is found out about, and nobody who should not be is asked."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import dnslib
import pytest

from sinkhole.control.devices.book import Asked, Seen
from sinkhole.control.devices.devices import Devices
from sinkhole.control.devices.file_names import LOOK_S, FileNames
from sinkhole.control.devices.house_addresses import Gateway
from sinkhole.control.settings import Settings
from sinkhole.dns.wire.name import to_text
from sinkhole.dns.wire.reply import Reply, read_reply
from sinkhole.model import netlink

NOW = 1_800_000_000.0
MAC = bytes.fromhex("b827eb000007")
ROUTER = ip_address("192.168.1.1").packed


def packed(text: str) -> bytes:
    return ip_address(text).packed


class House:
    """Devices whose router knows `names` by their reverse names, and what it was asked."""

    def __init__(self, folder: Path, **values: Any) -> None:
        self.folder = folder
        self.now = 100.0
        self.past_s = 0.0
        self.names: dict[str, str] = {}
        self.asked: list[tuple[str, str, int]] = []
        self.changed: list[str] = []
        self.leases = folder / "dnsmasq.leases"
        self.settings = self.settings_with(**values)
        self.devices = Devices(
            self.settings,
            ask=self.ask,
            on_change=lambda address: self.changed.append(str(ip_address(address))),
            usual_files=FileNames(self.settings.devices, [self.leases]),
            past_s=lambda: self.past_s,
            clock=lambda: self.now,
        )

    def settings_with(self, **values: Any) -> Settings:
        off = {"neighbours": False, "hosts_file": False, **values.pop("devices", {})}
        return Settings.model_validate({"data_dir": self.folder, "devices": off, **values})

    async def ask(self, name: bytes, server: str, port: int) -> Reply | None:
        self.asked.append((to_text(name), server, port))
        made = dnslib.DNSRecord.question(to_text(name), "PTR").reply()
        if known := self.names.get(to_text(name)):
            made.add_answer(dnslib.RR(made.q.qname, 12, rdata=dnslib.PTR(known), ttl=60))
        return read_reply(bytes(made.pack()))

    def neighbour(self, address: str, mac: bytes = MAC) -> None:
        self.devices.facts.learn_neighbour(packed(address), mac, 1)

    async def note(self, *clients: str) -> None:
        self.devices.note(Asked(client, 1, NOW) for client in clients)
        for _ in range(10):
            await asyncio.sleep(0)

    def hosts(self, address: str) -> tuple[str, ...]:
        return self.devices.facts.hosts_of(packed(address))


@asynccontextmanager
async def open_house(folder: Path, **values: Any) -> AsyncIterator[House]:
    house = House(folder, **values)
    await house.devices.start()
    house.devices._routers = [Gateway(0, ROUTER, 1)]
    house.devices.gateways.in_container = False
    try:
        yield house
    finally:
        await house.devices.close()


SEVEN = "7.1.168.192.in-addr.arpa"


async def test_the_router_names_who_asks(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        house.names[SEVEN] = "tablet.lan"
        await house.note("192.168.1.7")
        await house.note("192.168.1.7")
        assert house.asked == [(SEVEN, "192.168.1.1", 53)]
        assert house.hosts("192.168.1.7") == ("tablet.lan", "tablet")
        assert "192.168.1.7" in house.changed
        (shown,) = await house.devices.all()
        assert (shown.name, shown.names) == ("tablet.lan", (("reverse", ("tablet.lan",)),))


async def test_nobody_is_asked_about_addresses_beyond_the_house(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.note("198.51.100.7", "2001:db8::7", "127.0.0.1", "::1", "phone")
        assert house.asked == []
        house.neighbour("2001:db8::7")  # it is on one of our own networks
        await house.note("2001:db8::7")
        assert [name for name, *_ in house.asked] == [packed_name("2001:db8::7")]


def packed_name(address: str) -> str:
    return ip_address(address).reverse_pointer


async def test_another_server_for_reverse_names(tmp_path: Path) -> None:
    async with open_house(tmp_path, devices={"router": "192.168.1.9:5300"}) as house:
        await house.note("192.168.1.7")
        assert house.asked == [(SEVEN, "192.168.1.9", 5300)]


async def test_where_a_lease_or_a_record_has_a_name_nobody_is_asked(tmp_path: Path) -> None:
    records = {"nas.home": ["192.168.1.8"], "*.nas.home": ["192.168.1.9"]}
    (tmp_path / "dnsmasq.leases").write_text("1 b8:27:eb:00:00:07 192.168.1.7 Tablet *\n")
    async with open_house(tmp_path, local={"records": records}) as house:
        await house.note("192.168.1.7", "192.168.1.8")
        assert house.asked == []
        assert house.hosts("192.168.1.7") == ("tablet",)
        assert house.hosts("192.168.1.8") == ("nas.home", "nas")
        assert house.hosts("192.168.1.9") == ()
        assert house.devices.facts.mac_of(packed("192.168.1.7")) == MAC


async def test_one_address_of_a_device_is_enough_for_its_name(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        house.names[SEVEN] = "tablet.lan"
        house.neighbour("192.168.1.7")
        await house.note("192.168.1.7")
        house.neighbour("fd00::beef")
        await house.note("fd00::beef")
        assert len(house.asked) == 1
        assert house.hosts("fd00::beef") == ("tablet.lan", "tablet")
        (shown,) = await house.devices.all()
        assert [text for text, _ in shown.addresses] == ["192.168.1.7", "fd00::beef"]


async def test_a_device_is_asked_itself_where_the_router_knows_nothing(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        asked: list[bytes] = []

        async def ask(address: bytes) -> Reply | None:
            asked.append(address)
            made = dnslib.DNSRecord.question(SEVEN, "PTR").reply()
            made.add_answer(dnslib.RR(SEVEN, 12, rdata=dnslib.PTR("tab.local"), ttl=10))
            return read_reply(bytes(made.pack()))

        house.devices._by_device._ask = ask
        await house.note("192.168.1.7")
        await house.note("192.168.1.7")
        assert asked == []  # it is no neighbour
        house.neighbour("192.168.1.7")
        await house.note("192.168.1.7")
        assert asked == [packed("192.168.1.7")]
        assert house.hosts("192.168.1.7") == ("tab.local", "tab")


async def test_what_is_switched_off_is_not_asked(tmp_path: Path) -> None:
    async with open_house(tmp_path, devices={"reverse": False, "mdns": False}) as house:
        house.neighbour("192.168.1.7")
        await house.note("192.168.1.7")
        assert house.asked == []
        assert house.devices._mdns._socket is None


async def test_leases_are_looked_at_again_while_somebody_asks(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        house.leases.write_text("1 b8:27:eb:00:00:07 192.168.1.7 tablet *\n")
        await house.note("192.168.1.7")
        assert house.hosts("192.168.1.7") == ()
        house.now += LOOK_S
        await house.note("192.168.1.7")
        while not house.hosts("192.168.1.7"):
            await asyncio.sleep(0.01)
        assert house.hosts("192.168.1.7") == ("tablet",)


async def test_what_people_see_of_a_device(tmp_path: Path) -> None:
    async with open_house(tmp_path, devices={"reverse": False}) as house:
        house.neighbour("192.168.1.7")
        house.neighbour("192.168.1.8", bytes.fromhex("0a0000000008"))
        await house.note("192.168.1.8", "192.168.1.7", "phone")
        phone, pi, random = await house.devices.all()
        assert (phone.key, phone.mac, phone.known_by) == ("phone", "", ("ids", ("phone",)))
        assert "Raspberry Pi" in pi.maker
        assert pi.seen == Seen(NOW, NOW)
        assert pi.known_by == ("macs", ("b8:27:eb:00:00:07",))
        assert (random.is_random, random.maker, random.queries) == (True, "", 1)


async def test_finding_one_device(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        house.names[SEVEN] = "tablet.lan"
        house.neighbour("192.168.1.7")
        await house.note("192.168.1.7", "192.168.1.9")
        macs = ("B8:27:EB:00:00:07", "b8-27-eb-0-0-7", "b827.eb00.0007")
        for text in (*macs, "192.168.1.7", "::ffff:192.168.1.7", "tablet.lan", "Tablet"):
            found = await house.devices.find(text)
            assert found and found.key == "b8:27:eb:00:00:07"
        other = await house.devices.find("192.168.1.9")
        assert other and other.known_by == ("addresses", ("192.168.1.9",))
        assert await house.devices.find("nobody") is None
        assert house.devices.forget("192.168.1.9")
        assert await house.devices.find("192.168.1.9") is None


async def test_since_when_is_known_over_a_restart(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        house.neighbour("192.168.1.7")
        await house.note("192.168.1.7")
    async with open_house(tmp_path) as house:
        house.devices.note([Asked("192.168.1.7", 1, NOW + 60)])
        old, new = await house.devices.find(MAC.hex(":")), await house.devices.find("192.168.1.7")
        assert old and old.seen == Seen(NOW, NOW)
        assert new and new.seen == Seen(NOW + 60, NOW + 60)
        house.neighbour("192.168.1.7")
        (shown,) = await house.devices.all()
        assert (shown.seen, shown.queries) == (Seen(NOW, NOW + 60), 2)


async def test_who_was_away_longer_than_queries_are_kept_is_forgotten(tmp_path: Path) -> None:
    async with open_house(tmp_path, query_log={"keep": "1d"}) as house:
        await house.note("192.168.1.7")
        house.past_s = NOW + 86_401
    async with open_house(tmp_path) as house:
        assert await house.devices.all() == []


async def test_where_clients_are_not_to_be_known_nothing_is_written(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.note("192.168.1.7")
    assert (tmp_path / "devices.json").exists()
    async with open_house(tmp_path, query_log={"privacy": "no_clients"}) as house:
        assert not (tmp_path / "devices.json").exists()
        await house.note("192.168.1.7")
        (shown,) = await house.devices.all()
        assert (shown.queries, shown.seen) == (0, Seen())
    assert not (tmp_path / "devices.json").exists()


async def test_privacy_that_is_asked_for_while_it_runs(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.note("192.168.1.7")
        await house.devices._save()
        house.devices.use(house.settings_with(query_log={"privacy": "anonymous_clients"}))
        assert await house.devices.all() == []
        while (tmp_path / "devices.json").exists():
            await asyncio.sleep(0.01)
    assert not (tmp_path / "devices.json").exists()


async def test_other_settings_while_it_runs(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        house.names[SEVEN] = "tablet.lan"
        await house.note("192.168.1.7")
        other = {"router": "192.168.1.2", "reverse": True}
        house.devices.use(house.settings_with(devices=other))
        await house.note("192.168.1.7")
        assert house.asked[1:] == [(SEVEN, "192.168.1.2", 53)]
        assert await house.devices.find("tablet")
        house.devices.use(house.settings_with(devices={"reverse": False}))
        assert house.hosts("192.168.1.7") == ()
        assert await house.devices.find("tablet") is None
        (shown,) = await house.devices.all()
        assert shown.names == ()


async def test_what_a_person_should_know(tmp_path: Path) -> None:
    missing = tmp_path / "none"
    async with open_house(tmp_path) as house:
        files = house.settings_with(devices={"lease_files": [str(missing)]})
        house.devices._files = FileNames(files.devices, [])
        await house.devices._look()
        house.devices.gateways.in_container = True
        house.devices.gateways.routers = frozenset({packed("172.17.0.1")})
        await house.note("172.17.0.1")
        assert [each.code for each in house.devices.problems()] == [
            "devices.files",
            "devices.shared",
        ]
        (shown,) = await house.devices.all()
        assert "container's bridge" in shown.stands_for_many


async def test_that_the_kernel_tells_nothing_is_a_problem_where_it_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(group: int) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(netlink, "listening", refuse)
    async with open_house(tmp_path, devices={"neighbours": True}) as house:
        (problem,) = house.devices.problems()
        assert problem.code == "devices.neighbours"
        assert "Operation not permitted" in problem.text
        house.devices.use(house.settings_with())
        assert house.devices.problems() == []
