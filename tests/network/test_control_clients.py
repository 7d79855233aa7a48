"""Clients by /control: what that server can say of one, and what only we can, which stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from control_house import ControlHouse, control_house
from house import until

from sinkhole.control.settings.in_force import Change
from sinkhole.control.settings.plain import plain_of
from sinkhole.model.actor import SERVER

RICH: Final[dict[str, Any]] = {
    "name": "Kids tablet",
    "addresses": ["192.0.2.7", "2001:db8::/64"],
    "macs": ["02:00:5e:10:00:01"],
    "ids": ["tablet"],
    "hosts": ["kids-tablet"],
    "tags": ["device_tablet"],
    "group": "kids",
    "lists": [],
    "rules": ["||games.example^"],
    "services": ["group:gambling"],
    "safe_search": {"google": True, "youtube": "moderate"},
    "blocking": {"mode": "nxdomain"},
    "rate_limit": 50,
    "schedules": [{"when": "bedtime", "allow_only": True}],
}
"""What that server has no words for is most of it."""


async def with_rich_client(house: ControlHouse) -> None:
    await house.app.front.house.settings.change(
        [
            Change("schedules", "bedtime", value={"windows": ["daily 21:00-07:00"]}),
            Change("groups", "kids", value={"services": ["tiktok"], "log": False}),
            Change("clients", "Kids tablet", value=RICH),
        ],
        SERVER,
    )


def client_of(house: ControlHouse, name: str = "Kids tablet") -> dict[str, Any]:
    (found,) = (each for each in house.app.settings.clients if each.name == name)
    said = plain_of(found)
    return {key: value for key, value in said.items() if value or key in RICH}


async def test_a_client_that_is_edited_there_keeps_what_only_we_know(tmp_path: Path) -> None:
    async with control_house(tmp_path) as house:
        await with_rich_client(house)
        before = client_of(house)
        (shown,) = (await house.get("clients"))["clients"]
        assert shown["ids"] == ["192.0.2.7", "2001:db8::/64", "02:00:5e:10:00:01", "tablet"]
        assert shown["ignore_querylog"], "by its group"
        assert shown["safe_search"]["google"]
        assert "bet365" in shown["blocked_services"]
        revision = house.app.front.house.settings.revision
        update = {"name": "Kids tablet", "data": shown}
        await house.done("POST", "clients/update", update)
        assert house.app.front.house.settings.revision == revision
        shown["ids"].append("192.0.2.8")
        shown["tags"] = []
        shown["ignore_querylog"] = False
        shown["safe_search"]["bing"] = True
        shown["parental_enabled"] = True
        await house.done("POST", "clients/update", update)
        after = client_of(house)
        assert after.pop("categories") == ["adult"]
        assert after.pop("log") is True
        assert after.pop("tags", []) == []
        assert sorted(after["addresses"]) == ["192.0.2.7/32", "192.0.2.8/32", "2001:db8::/64"]
        assert after["safe_search"]["youtube"] == "moderate"
        assert after["safe_search"]["bing"] is True
        for key in before.keys() - {"addresses", "tags", "safe_search"}:
            assert after[key] == before[key], key
        (again,) = (await house.get("clients"))["clients"]
        assert set(again.pop("ids")) == set(shown.pop("ids"))
        assert again == shown


async def test_another_name_moves_all_that_has_the_old_one(tmp_path: Path) -> None:
    async with control_house(tmp_path) as house:
        await with_rich_client(house)
        rule = "||x.example^$client='Kids tablet'"
        await house.done("POST", "filtering/set_rules", {"rules": [rule]})
        (shown,) = (await house.get("clients"))["clients"]
        shown["name"] = "Tablet"
        await house.done("POST", "clients/update", {"name": "Kids tablet", "data": shown})
        assert client_of(house, "Tablet")["rules"] == RICH["rules"]
        assert (await house.get("filtering/status"))["user_rules"] == [
            "||x.example^$client='Tablet'"
        ]


async def test_what_is_set_for_a_client_counts_for_it(tmp_path: Path) -> None:
    async with control_house(tmp_path) as house:
        house.upstream.answer("tiktok.com", "A", ["192.0.2.2"])
        await house.done("POST", "filtering/set_rules", {"rules": ["||example.org^"]})
        here: dict[str, Any] = {
            "name": "here", "ids": ["127.0.0.1"], "use_global_settings": False,
            "filtering_enabled": False, "use_global_blocked_services": True,
        }  # fmt: skip
        await house.done("POST", "clients/add", here)
        assert await house.answers("example.org") == ["192.0.2.1"]
        told = await house.post("clients/add", here)
        assert (told.status, 'uses the same name "here"' in told.text) == (400, True)
        here |= {"use_global_settings": True, "use_global_blocked_services": False}
        here["blocked_services"] = ["tiktok"]
        await house.done("POST", "clients/update", {"name": "here", "data": here})
        assert await house.answers("example.org") == ["0.0.0.0"]
        assert await house.answers("tiktok.com") == ["0.0.0.0"]
        week = {day: {"start": 0, "end": 86_400_000}
                for day in ("sun", "mon", "tue", "wed", "thu", "fri", "sat")}  # fmt: skip
        here["blocked_services_schedule"] = {"time_zone": "Local", **week}
        await house.done("POST", "clients/update", {"name": "here", "data": here})
        assert await house.answers("tiktok.com") == ["192.0.2.2"]
        (shown,) = (await house.get("clients"))["clients"]
        assert shown["blocked_services_schedule"] == here["blocked_services_schedule"]
        here["upstreams"] = ["127.0.0.1:9"]
        await house.done("POST", "clients/update", {"name": "here", "data": here})
        assert await house.rcode("www.example.com") == "SERVFAIL"
        (shown,) = (await house.get("clients"))["clients"]
        assert shown["upstreams"] == ["127.0.0.1:9"]
        here["upstreams"] = []
        await house.done("POST", "clients/update", {"name": "here", "data": here})
        assert await house.rcode("www.example.com") == "NXDOMAIN"
        assert house.app.settings.upstream.sets == {}
        await house.done("POST", "clients/delete", {**here, "name": "here"})
        assert (await house.get("clients"))["clients"] is None
        assert house.app.settings.schedules == ()


async def test_clients_are_found_by_what_they_are_known_by(tmp_path: Path) -> None:
    async with control_house(tmp_path) as house:
        await with_rich_client(house)
        await house.answers("example.org")
        wanted = ["192.0.2.7", "02:00:5e:10:00:01", "tablet", "192.0.2.99", "127.0.0.1"]
        given = {"clients": [{"id": each} for each in wanted]}
        found = (await house.post("clients/search", given)).data
        assert [next(iter(each)) for each in found] == wanted
        names = [each[key]["name"] for each, key in zip(found, wanted, strict=True)]
        assert names[:4] == ["Kids tablet", "Kids tablet", "Kids tablet", ""]
        unknown = found[3]["192.0.2.99"]
        assert (unknown["ids"], unknown["whois_info"]) == (["192.0.2.99"], {})
        assert unknown["safe_search"] is None
        assert "whois_info" not in found[0]["192.0.2.7"]
        told = await house.get("clients/find?ip0=192.0.2.7&ip1=192.0.2.99")
        assert [next(iter(each)) for each in told] == ["192.0.2.7", "192.0.2.99"]
        told = await house.get("clients/find?ip0=192.0.2.7&ip2=192.0.2.99")
        assert [next(iter(each)) for each in told] == ["192.0.2.7"]

        async def is_met() -> bool:
            return bool((await house.get("clients"))["auto_clients"])

        await until(is_met, "a device")
        met = (await house.get("clients"))["auto_clients"]
        assert {"ip", "name", "source", "whois_info"} == set(met[0])
