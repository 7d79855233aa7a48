"""Changes of settings are tried on the log: what would have been blocked, freed or answered
otherwise, for whom."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from houses import ADMIN, VIEWER, BuiltHouse

from sinkhole.control.operations.perform import perform
from sinkhole.control.operations.settings import SettingChange
from sinkhole.control.operations.settings_preview import (
    PreviewedChanges,
    PreviewedClient,
    SettingsPreview,
    preview,
)
from sinkhole.control.settings.in_force import Change
from sinkhole.dns.clients.standing import Facts
from sinkhole.dns.wire.numbers import Type
from sinkhole.model.actor import Actor, Permission
from sinkhole.model.errors import RequestError, SettingsError
from sinkhole.model.record import Telling, Who

Build = Callable[..., Awaitable[BuiltHouse]]
Counts = tuple[int, int, int]

TABLET, PHONE, TV = "192.0.2.20", "192.0.2.21", "192.0.2.30"
MAC = "02:00:5e:10:00:01"

KIDS: dict[str, Any] = {
    "groups": [{"name": "kids"}],
    "clients": [
        {"name": "Tablet", "addresses": [TABLET], "group": "kids"},
        {"name": "Phone", "addresses": [PHONE], "group": "kids"},
        {"name": "TV", "addresses": [TV]},
    ],
}


def kids(**said: Any) -> SettingChange:
    """The group of two clients says something."""
    return SettingChange(key="groups", item="kids", value={"name": "kids", **said})


async def have(built: BuiltHouse, tree: dict[str, Any]) -> None:
    """Let these collections be stored, as what the file holds is changed there."""
    for key, items in tree.items():
        change = Change(key, "", "set", items)
        await built.settings.change([change], ADMIN)


async def tried(built: BuiltHouse, *changes: SettingChange, **more: Any) -> SettingsPreview:
    given = PreviewedChanges(changes=list(changes), **more)
    return await perform(preview, built.house, ADMIN, given)


def counts(told: SettingsPreview) -> dict[str, Counts]:
    """Queries blocked, freed and changed, by who asked."""
    return {each.name or each.client: _three(each) for each in told.clients}


def _three(each: PreviewedClient | SettingsPreview) -> Counts:
    return each.blocked, each.freed, each.changed


async def a_week(built: BuiltHouse) -> None:
    """What the house asked."""
    await built.log("games.example", times=5, client=TABLET)
    await built.log("games.example", times=2, client=PHONE)
    await built.log("games.example", times=3, client=TV)
    await built.log("ads.example", times=4, client=TABLET)
    await built.log("ads.example", times=1, client=TV)
    await built.log("www.tiktok.com", times=2, client=TABLET)
    await built.log("www.google.com", client=PHONE)
    await built.log("www.example.org", client=PHONE, qtype=Type.AAAA)


CHANGES: dict[str, tuple[dict[str, Any], dict[str, Counts]]] = {
    "rules": ({"rules": ["||games.example^"]}, {"Tablet": (5, 0, 0), "Phone": (2, 0, 0)}),
    "lists": ({"lists": []}, {"Tablet": (0, 4, 0), "Phone": (0, 0, 0)}),
    "all off": ({"filtering": False}, {"Tablet": (0, 4, 0), "Phone": (0, 0, 0)}),
    "only": (
        {"allow_only": True, "rules": ["@@||example.org^"]},
        {"Tablet": (7, 0, 0), "Phone": (3, 0, 0)},
    ),
    "types": ({"refuse_types": ["AAAA"]}, {"Tablet": (0, 0, 0), "Phone": (1, 0, 0)}),
    "services": ({"services": ["tiktok"]}, {"Tablet": (2, 0, 0), "Phone": (0, 0, 0)}),
    "safe": ({"safe_search": {"google": True}}, {"Tablet": (0, 0, 0), "Phone": (0, 0, 1)}),
    "mode": ({"blocking": {"mode": "nxdomain"}}, {"Tablet": (0, 0, 4), "Phone": (0, 0, 0)}),
    "how long": ({"blocking": {"ttl": "77s"}}, {"Tablet": (0, 0, 0), "Phone": (0, 0, 0)}),
}


@pytest.mark.parametrize("said", CHANGES)
async def test_what_a_group_says_is_counted_for_its_clients_alone(build: Build, said: str) -> None:
    built = await build(lists=["||ads.example^"])
    await have(built, KIDS)
    await a_week(built)
    parts, expected = CHANGES[said]
    told = await tried(built, kids(**parts))
    assert counts(told) == expected


async def test_a_client_that_moves_to_another_group_is_told_with_both(build: Build) -> None:
    built = await build(lists=["||ads.example^"])
    await have(built, KIDS)
    await a_week(built)
    await have(built, {"groups": [{"name": "kids", "rules": ["||games.example^"]}]})
    moved = {"name": "TV", "addresses": [TV], "group": "kids"}
    told = await tried(built, SettingChange(key="clients", item="TV", value=moved))
    (tv,) = told.clients
    assert (tv.name, tv.client, tv.group_before, tv.group_after) == ("TV", TV, "default", "kids")
    assert (tv.queries, _three(tv)) == (4, (3, 0, 0))
    (name,) = tv.names
    assert (name.name, name.types, name.becomes, name.queries) == (
        *("games.example", ["A"]),
        *("blocked", 3),
    )
    assert (name.before.outcome, name.before.list) == ("forwarded", None)
    assert (name.after.outcome, name.after.list, name.after.line, name.after.rule) == (
        *("blocked", "rules of kids"),
        *(1, "||games.example^"),
    )
    assert (told.queries, _three(told), told.partial, told.notes) == (4, (3, 0, 0), False, [])
    assert [each.item for each in told.differences] == ["TV"]
    assert built.revisions == 3  # of what was set before


async def test_a_new_client_is_known_by_the_mac_that_rows_have(build: Build) -> None:
    built = await build(lists=["||ads.example^"])
    await built.log("ads.example", times=2, client=Who("192.0.2.40", MAC))
    await built.log("ads.example", times=3, client=Who("2001:db8::40", MAC))
    await built.log("ads.example", times=1, client=Who("192.0.2.40"))
    await built.log("ads.example", times=9, client=Who("192.0.2.40", "02:00:5e:10:00:02"))
    new = {"name": "Guest", "macs": [MAC], "lists": []}
    change = SettingChange(key="clients", item="Guest", value=new)
    (guest,) = (await tried(built, change)).clients
    assert (guest.name, guest.device, _three(guest)) == ("Guest", MAC, (0, 5, 0))
    built.facts = Facts(mac=lambda packed: MAC)  # what is known now stands in for what was not
    assert counts(await tried(built, change)) == {"Guest": (0, 6, 0)}


async def test_names_on_the_network_count_for_the_device_that_has_them(build: Build) -> None:
    built = await build(lists=["||ads.example^"])
    built.facts = Facts(lambda packed: MAC, lambda packed: ("guests-phone.home", "guests-phone"))
    await built.log("ads.example", times=2, client=Who("192.0.2.40", MAC))
    await built.log("ads.example", times=3, client=Who("192.0.2.40", "02:00:5e:10:00:02"))
    new = {"name": "Guest", "hosts": ["guests-phone"], "lists": []}
    told = await tried(built, SettingChange(key="clients", item="Guest", value=new))
    assert counts(told) == {"Guest": (0, 2, 0)}


async def test_a_device_without_a_name_is_one_whatever_its_addresses(build: Build) -> None:
    built = await build(lists=["||ads.example^"])
    for address in ("192.0.2.40", "2001:db8::40", "2001:db8::41"):
        await built.log("ads.example", client=Who(address, MAC))
    await built.log("ads.example", client="192.0.2.41")
    change = SettingChange(key="groups", item="default", value={"name": "default", "lists": []})
    told = await tried(built, change)
    assert [(each.device, each.client, _three(each)) for each in told.clients] == [
        (MAC, "2001:db8::41", (0, 3, 0)),
        ("", "192.0.2.41", (0, 1, 0)),
    ]


# ---- schedules ---------------------------------------------------------------------------------


def clock_at(at_s: float) -> str:
    """What a clock shows in UTC."""
    return time.strftime("%H:%M", time.gmtime(at_s))


async def test_each_query_is_judged_by_what_is_open_at_its_time(build: Build) -> None:
    built = await build()
    await have(built, KIDS)
    then_s = time.time() - 3 * 3600
    for ago_s, times in ((3 * 3600, 2), (2 * 86_400 + 3 * 3600, 5), (5 * 3600, 30)):
        await built.log("games.example", times=times, client=TABLET, ago_s=ago_s)
    around = f"daily {clock_at(then_s - 1800)}-{clock_at(then_s + 1800)}"
    changes = [
        SettingChange(key="time_zone", value="UTC"),
        SettingChange(
            key="schedules",
            item="homework",
            value={"name": "homework", "windows": [around]},
        ),
        kids(schedules=[{"when": "homework", "allow_only": True}]),
    ]
    told = await tried(built, *changes)
    assert (told.at, counts(told)) == (None, {"Tablet": (7, 0, 0)})
    told = await tried(built, *changes, at=clock_at(then_s))
    assert told.at is not None
    assert told.at > time.time()
    assert counts(told) == {"Tablet": (37, 0, 0)}
    assert (await tried(built, *changes, at=clock_at(then_s - 2 * 3600))).clients == []
    with pytest.raises(RequestError, match="is no moment") as refused:
        await tried(built, *changes, at="bedtime")
    assert refused.value.code == "moment_invalid"


# ---- what is of the household ------------------------------------------------------------------


async def test_own_rules_are_tried_for_everybody(build: Build) -> None:
    built = await build({"groups": KIDS["groups"], "clients": KIDS["clients"]})
    await a_week(built)
    for rule in ("||games.example^", "||games.example^$client='TV'"):
        told = await tried(built, SettingChange(key="filtering.rules", item=rule, value=rule))
        assert counts(told)["TV"] == (3, 0, 0)
        tablet = 0 if "client" in rule else 5
        assert counts(told).get("Tablet", (0, 0, 0)) == (tablet, 0, 0)


def the_list(number: int, built: BuiltHouse, **more: Any) -> SettingChange:
    entry = built.settings.settings.filtering.lists[number - 1]
    value = {"name": entry.name, "url": entry.url, "kind": entry.kind, **more}
    return SettingChange(key="filtering.lists", item=entry.name, value=value)


async def test_a_list_is_tried_on_and_off_without_being_fetched(build: Build) -> None:
    built = await build(lists=["||ads.example^", "||games.example^\n||www.tiktok.com^"])
    lists = [each.model_dump(mode="json") for each in built.settings.settings.filtering.lists]
    built.write_config({})
    await built.settings.reload()
    await have(built, {"filtering.lists": lists})
    await built.library.update()
    await a_week(built)
    off = the_list(2, built, enabled=False)
    told = await tried(built, off)
    assert counts(told) == {TABLET: (0, 7, 0), TV: (0, 3, 0), PHONE: (0, 2, 0)}
    assert told.clients[0].names[0].before.rule == "||games.example^"  # as the list has it
    await built.settings.change([Change(off.key, off.item, "set", off.value)], ADMIN)
    told = await tried(built, the_list(2, built, enabled=True))
    assert (counts(told), told.notes) == (
        {TABLET: (7, 0, 0), TV: (3, 0, 0), PHONE: (2, 0, 0)},
        [],
    )
    told = await tried(built, the_list(1, built, kind="allow"))
    assert counts(told)[TABLET] == (0, 4, 0)
    assert told.notes == ["the list 'List 1' was not fetched yet, so it is not in this"]


async def test_a_list_that_nobody_fetched_is_told(build: Build) -> None:
    built = await build()
    await a_week(built)
    new = {"name": "More", "url": "https://lists.example.org/more.txt"}
    told = await tried(built, SettingChange(key="filtering.lists", item="More", value=new))
    assert (told.clients, len(told.notes)) == ([], 1)
    assert "'More' was not fetched yet" in told.notes[0]
    told = await tried(
        built, SettingChange(key="groups", item="k", value={"name": "k", "categories": ["adult"]})
    )
    assert "was not fetched yet" in told.notes[0]


async def test_local_names_and_who_may_ask_are_tried_as_well(build: Build) -> None:
    built = await build()
    await a_week(built)
    nas = SettingChange(key="local.records", item="games.example", value=["192.0.2.10"])
    told = await tried(built, nas)
    assert counts(told)[TABLET] == (0, 0, 5)
    assert told.clients[0].names[0].after.list == "local records"
    built.write_config({"dns": {"allow": ["192.0.2.16/29"]}})
    told = await tried(built)
    assert counts(told) == {TV: (0, 0, 4)}
    after = told.clients[0].names[0].after
    assert (after.outcome, after.detail) == ("refused", "client not in dns.allow")


async def test_upstreams_of_a_group_are_another_answer(build: Build) -> None:
    built = await build({"upstream": {"sets": {"family": {"servers": ["192.0.2.54"]}}}})
    await have(built, KIDS)
    await built.log("games.example", times=2, client=TABLET)
    told = await tried(built, kids(upstream="family"))
    assert counts(told) == {"Tablet": (0, 0, 2)}
    (name,) = told.clients[0].names
    assert (name.before.via, name.after.via) == ("", "family")


async def test_what_stands_in_the_file_by_now_is_tried_without_changes(build: Build) -> None:
    built = await build(KIDS)
    await a_week(built)
    assert (await tried(built)).differences == []
    rules = {"groups": [{"name": "kids", "rules": ["||games.example^"]}]}
    built.write_config({**KIDS, **rules})
    told = await tried(built)
    assert counts(told) == {"Tablet": (5, 0, 0), "Phone": (2, 0, 0)}
    assert [each.key for each in told.differences] == ["groups"]
    assert built.settings.settings.groups[0].rules is None
    with pytest.raises(RequestError) as held:
        await tried(built, kids(rules=["||games.example^"]))
    assert held.value.code == "held_by_file"
    with pytest.raises(SettingsError, match="is no group"):
        built.write_config({"clients": KIDS["clients"]})
        await tried(built)


async def test_a_pause_has_no_say(build: Build) -> None:
    built = await build()
    await have(built, KIDS)
    await a_week(built)
    await built.house.protection.begin(600, ADMIN)
    assert counts(await tried(built, kids(rules=["||games.example^"])))["Tablet"] == (5, 0, 0)


async def test_rules_for_a_time_have_their_say(build: Build) -> None:
    built = await build()
    await have(built, KIDS)
    await a_week(built)
    await built.house.temporary_rules.add(["||games.example^"], 600, ADMIN)
    assert counts(await tried(built, kids(filtering=False)))["Tablet"] == (0, 5, 0)


# ---- who may know ------------------------------------------------------------------------------


@pytest.mark.parametrize("now", [True, False])
async def test_names_are_told_of_nobody_who_hides_them_before_or_after(
    build: Build, now: bool
) -> None:
    built = await build()
    await have(built, KIDS)
    if now:
        await built.settings.change([Change(**_hidden("no_names").model_dump())], ADMIN)
    await built.log("games.example", times=5, client=TABLET)
    hidden = Who(TABLET, telling=Telling(names=False))
    await built.log("games.example", times=2, client=hidden)
    privacy = "full" if now else "no_names"
    told = await tried(built, kids(rules=["||games.example^"], privacy=privacy))
    (tablet,) = told.clients
    assert (tablet.hides_names, tablet.names) == (True, [])
    assert (tablet.queries, tablet.unnamed, _three(tablet)) == (7, 2, (5, 0, 0))


def _hidden(privacy: str) -> SettingChange:
    return kids(privacy=privacy)


async def test_nothing_is_told_of_whom_nothing_is_to_be_told(build: Build) -> None:
    built = await build()
    await have(built, KIDS)
    await a_week(built)
    told = await tried(built, kids(rules=["||games.example^"], privacy="nothing"))
    assert (told.clients, told.queries) == ([], 0)


async def test_where_clients_are_hidden_all_are_counted_together(build: Build) -> None:
    built = await build({"query_log": {"privacy": "anonymous_clients"}})
    await have(built, KIDS)
    await a_week(built)
    told = await tried(built, kids(rules=["||games.example^"]))
    (everybody,) = told.clients
    assert (everybody.name, everybody.client, everybody.device) == ("", "", "")
    assert _three(everybody) == (7, 0, 0)


async def test_it_takes_what_changing_settings_and_reading_the_log_take(build: Build) -> None:
    built = await build()
    given = PreviewedChanges(changes=[kids(filtering=False)])
    changer = Actor("token", "changer", frozenset({Permission.SETTINGS_WRITE}))
    reader = Actor("token", "reader", frozenset({Permission.LOG_READ}))
    for actor, missing in ((changer, "log:read"), (reader, "settings:write")):
        with pytest.raises(RequestError, match=missing) as refused:
            await perform(preview, built.house, actor, given)
        assert (refused.value.kind, refused.value.code) == ("forbidden", "permission_missing")
    with pytest.raises(RequestError):
        await perform(preview, built.house, VIEWER, given)


async def test_one_is_tried_at_a_time_and_a_log_has_to_be_there(build: Build) -> None:
    built = await build(has_log=False)
    change = SettingChange(key="cache.enabled", value=False)
    with pytest.raises(RequestError) as missing:
        await tried(
            built, SettingChange(key="filtering.rules", item="||a.example^", value="||a.example^")
        )
    assert missing.value.code == "log_unavailable"
    refused = RequestError("too_many", "x", "x")
    with built.house.underway.one_of(1, "settings.preview", refused):
        with pytest.raises(RequestError) as busy:
            await tried(built, change)
        assert busy.value.code == "too_many_underway"
