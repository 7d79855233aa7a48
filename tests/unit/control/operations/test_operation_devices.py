"""Devices that asked: shown with whom the settings take them for, adopted, forgotten."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from houses import ADMIN, VIEWER, BuiltHouse

from sinkhole.control.devices.book import EARLIEST_S, Asked
from sinkhole.control.operations import devices
from sinkhole.control.operations.devices import Adoption, WhichDevice
from sinkhole.control.operations.operation import Nothing
from sinkhole.control.operations.perform import perform
from sinkhole.model.errors import RequestError

Build = Callable[..., Awaitable[BuiltHouse]]

MAC, ADDRESS = "02:00:5e:10:00:01", "192.0.2.7"
KIDS = {"groups": [{"name": "kids"}]}


async def house(build: Build, tree: dict[str, Any] | None = None) -> BuiltHouse:
    """One where a device with a MAC and one without have asked."""
    built = await build(tree or {})
    packed, mac = bytes((192, 0, 2, 7)), bytes.fromhex(MAC.replace(":", ""))
    built.devices.facts.learn_neighbour(packed, mac, 1)
    built.devices.facts.learn_name("leases", packed, ("tablet.home",))
    built.devices.book.note(Asked("192.0.2.9", 3, EARLIEST_S + 10))
    built.devices.book.note(Asked(ADDRESS, 5, EARLIEST_S + 20))
    return built


async def all_of(built: BuiltHouse) -> list[devices.DeviceShown]:
    return (await perform(devices.list_devices, built.house, VIEWER, Nothing())).devices


async def adopt(built: BuiltHouse, **given: Any) -> Any:
    return await perform(devices.adopt, built.house, ADMIN, Adoption.model_validate(given))


async def test_who_asked_last_comes_first_with_all_that_is_known(build: Build) -> None:
    client = {"name": "TV", "hosts": ["tablet"], "group": "KIDS"}
    built = await house(build, {**KIDS, "clients": [client]})
    first, second = await all_of(built)
    assert (first.id, first.mac, first.name, first.queries) == (MAC, MAC, "tablet.home", 5)
    assert (first.client, first.known_by, first.group) == ("TV", "host", "kids")
    assert [each.address for each in first.addresses] == [ADDRESS]
    assert (first.first_seen, first.last_seen) == (EARLIEST_S + 20, EARLIEST_S + 20)
    assert [(each.source, each.names) for each in first.names] == [("leases", ["tablet.home"])]
    assert (second.id, second.mac, second.client, second.group) == ("192.0.2.9", "", "", "default")


@pytest.mark.parametrize("called", [MAC, ADDRESS, "tablet.home", "tablet"])
async def test_one_is_found_by_whatever_it_is_called(build: Build, called: str) -> None:
    built = await house(build)
    found = await perform(devices.show_device, built.house, VIEWER, WhichDevice(device=called))
    assert found.id == MAC


async def test_one_is_found_by_the_client_it_is_and_then_the_last_that_asked(build: Build) -> None:
    both = {"name": "Kids", "macs": [MAC], "addresses": ["192.0.2.9"]}
    built = await house(build, {"clients": [both, {"name": "Nowhere", "addresses": ["192.0.2.8"]}]})
    found = await perform(devices.show_device, built.house, VIEWER, WhichDevice(device=" kids"))
    assert (found.id, found.client) == (MAC, "Kids")
    await perform(devices.forget, built.house, ADMIN, WhichDevice(device="Kids"))
    assert [each.id for each in await all_of(built)] == ["192.0.2.9"]
    with pytest.raises(RequestError, match="no device 'Nowhere'"):
        await perform(devices.show_device, built.house, VIEWER, WhichDevice(device="Nowhere"))


async def test_one_becomes_a_client_by_its_mac(build: Build) -> None:
    built = await house(build, KIDS)
    tried = await adopt(built, device=ADDRESS, name="Kids tablet", group="kids", dry_run=True)
    assert tried.dry_run
    assert built.settings.settings.clients == ()
    await adopt(built, device=ADDRESS, name="Kids tablet", group="kids")
    (client,) = built.settings.settings.clients
    assert (client.name, client.macs, client.addresses) == ("Kids tablet", (MAC,), ())
    first, _ = await all_of(built)
    assert (first.client, first.known_by, first.group) == ("Kids tablet", "mac", "kids")
    with pytest.raises(RequestError, match="Kids tablet already") as caught:
        await adopt(built, device=MAC, name="TV")
    assert caught.value.code == "device_has_a_name"


async def test_one_without_a_mac_joins_a_client_there_is_by_its_address(build: Build) -> None:
    built = await house(build)
    await adopt(built, device=MAC, name="Tablet")
    await adopt(built, device="192.0.2.9", name="tablet")
    (client,) = built.settings.settings.clients
    assert (client.name, client.macs) == ("Tablet", (MAC,))
    assert [str(each) for each in client.addresses] == ["192.0.2.9/32"]


async def test_a_client_there_is_stays_in_its_group_whatever_another_device_is_given(
    build: Build,
) -> None:
    built = await house(build, {"groups": [{"name": "kids"}, {"name": "guests"}]})
    await adopt(built, device=MAC, name="Tablet", group="kids")
    await adopt(built, device="192.0.2.9", name="TABLET", group="guests")
    (client,) = built.settings.settings.clients
    assert (client.name, client.group, len(client.addresses)) == ("Tablet", "kids", 1)


async def test_what_is_forgotten_is_gone_until_it_asks(build: Build) -> None:
    built = await house(build)
    await perform(devices.forget, built.house, ADMIN, WhichDevice(device="tablet"))
    assert [each.id for each in await all_of(built)] == ["192.0.2.9"]
    with pytest.raises(RequestError) as caught:
        await perform(devices.forget, built.house, ADMIN, WhichDevice(device="tablet"))
    assert caught.value.code == "device_unknown"


async def test_nobody_is_shown_where_nobody_is_to_know_who_asks(build: Build) -> None:
    built = await house(build, {"query_log": {"privacy": "no_clients"}})
    told = await perform(devices.list_devices, built.house, VIEWER, Nothing())
    assert told.devices == []
    assert "no_clients" in told.hidden
    with pytest.raises(RequestError) as caught:
        await perform(devices.show_device, built.house, VIEWER, WhichDevice(device=ADDRESS))
    assert caught.value.code == "devices_hidden"
    with pytest.raises(RequestError):
        await adopt(built, device=ADDRESS, name="Tablet")


async def test_who_may_only_look_adopts_and_forgets_nobody(build: Build) -> None:
    built = await house(build)
    for operation, given in (
        (devices.adopt, Adoption(device=MAC, name="Tablet")),
        (devices.forget, WhichDevice(device=MAC)),
    ):
        with pytest.raises(RequestError) as caught:
            await perform(operation, built.house, VIEWER, given)
        assert caught.value.kind == "forbidden"


async def test_it_is_told_what_turns_an_address_away(build: Build) -> None:
    dns = {"allow": ["192.0.2.0/24"], "deny": ["192.0.2.9"]}
    built = await house(build, {"dns": dns})
    built.devices.book.note(Asked("198.51.100.7", 1, EARLIEST_S + 30))
    by = [[each.turned_away_by for each in device.addresses] for device in await all_of(built)]
    assert by == [["dns.allow"], [""], ["dns.deny"]]
    found = await perform(devices.show_device, built.house, VIEWER, WhichDevice(device="192.0.2.9"))
    assert [each.turned_away_by for each in found.addresses] == ["dns.deny"]


async def test_nobody_is_said_to_be_turned_away_for_whom_a_forwarder_may_have_asked(
    build: Build,
) -> None:
    built = await house(build, {"devices": {"forwarders": ["192.0.2.1"]}})
    built.devices.book.note(Asked("198.51.100.7", 1, EARLIEST_S + 30))
    first, *_ = await all_of(built)
    assert [each.turned_away_by for each in first.addresses] == [""]
