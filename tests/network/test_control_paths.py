"""Every address of /control: its form, who may ask for it, and what bodies it takes."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import pytest
from control_forms import FORMS, differences
from control_house import NAME, PASSWORD, ControlHouse, basic, control_house
from house import list_file, list_server, until

from sinkhole.control.web.adguard.control import PATHS
from sinkhole.control.web.locations import Needs
from sinkhole.model.actor import Permission

EMPTY_STREAM = {"chunked": True}


async def lived_in(house: ControlHouse) -> None:
    """Something of each kind, so that no list is empty."""
    client = {"name": "tv", "ids": ["192.0.2.7"], "use_global_settings": True}
    await house.done("POST", "clients/add", client)
    await house.done("POST", "rewrite/add", {"domain": "nas.home", "answer": "192.0.2.20"})
    await house.done("POST", "filtering/set_rules", {"rules": ["||ads.example.org^"]})
    await house.done("PUT", "blocked_services/update", {"ids": ["tiktok"]})
    for name in ("ads.example.org", "example.org", "nas.home", "tiktok.com"):
        await house.answers(name)

    async def are_told() -> bool:
        told = await house.get("stats")
        return bool(told["num_dns_queries"] >= 4)

    await until(are_told, "the queries")


async def test_what_is_read_has_the_form_of_the_original(tmp_path: Path) -> None:
    lists = [list_file(tmp_path / "a.txt", "||a.example^")]
    async with control_house(tmp_path, filtering__lists=lists) as house:
        await lived_in(house)
        odd = {}
        for path, form in FORMS.items():
            told = await house.get(path)
            assert told not in ([], {}) or path == "dhcp/interfaces"
            if found := differences(told, form):
                odd[path] = sorted(set(found))
        assert odd == {}
        served = {each.name for each in PATHS if each.method == "GET"}
        known = {path.partition("?")[0] for path in FORMS}
        assert served - known == {"install/get_addresses", "logout"}


def token_for(*permissions: Permission) -> Any:
    return {"name": "program", "permissions": [str(each) for each in permissions]}


async def test_who_has_no_account_gets_nothing(tmp_path: Path) -> None:
    async with control_house(tmp_path) as house:
        wrong = [{}, basic(password="wrong"), {"Cookie": "agh_session=00", **basic()}]
        wrong += [{"Authorization": "Basic !"}, {"Authorization": "Bearer none"}]
        for path in PATHS:
            if path.needs is Needs.NOTHING:
                continue
            for headers in wrong[: 3 if path.name == "status" else 1]:
                told = await house.call(path.method, path.name, {}, headers)
                assert (told.status, told.text) == (401, ""), path
                assert "WWW-Authenticate" not in told.headers
        for headers in wrong:
            assert (await house.call("GET", "nothing", headers=headers)).status == 401
        assert (await house.call("GET", "status")).status == 200


async def test_a_method_that_an_address_does_not_take(tmp_path: Path) -> None:
    async with control_house(tmp_path) as house:
        told = await house.call("DELETE", "status")
        assert (told.status, told.kind) == (405, "text/plain")
        assert told.text == "only method GET is allowed\n"
        told = await house.call("GET", "protection")
        assert (told.status, told.text) == (405, "only method POST is allowed\n")
        told = await house.call("GET", "nothing")
        assert (told.status, told.kind) == (404, "text/plain")


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json", b'{"enabled": true}', 200),
        ("application/json; charset=utf-8", b'{"enabled": true}', 415),
        ("text/plain", b'{"enabled": true}', 415),
        (None, b'{"enabled": true}', 415),
        ("application/json", b"", 415),
        ("application/json", b"{", 400),
        ("application/json", b"[]", 400),
        ("application/json", b'{"enabled": "yes"}', 400),
        ("application/json", b'{"enabled": true, "new": 1, "duration": null}', 200),
        ("application/json", b'{"enabled": true, "duration": 5}', 400),
        ("application/json", b'{"enabled": false, "duration": -5}', 400),
    ],
)
async def test_which_bodies_are_taken(
    tmp_path: Path, kind: str | None, body: bytes, status: int
) -> None:
    async with control_house(tmp_path) as house:
        headers = basic() | ({"Content-Type": kind} if kind else {})
        told = await house.call("POST", "protection", headers=headers, data=body)
        assert told.status == status, told
        assert told.kind == "text/plain"


async def test_what_has_no_body_needs_no_type(tmp_path: Path) -> None:
    async with control_house(tmp_path) as house:
        assert (await house.post("cache_clear")).text == "OK\n"
        headers = basic() | {"Content-Type": "application/json"}
        told = await house.call("POST", "cache_clear", headers=headers)
        assert told.status == 415

        async def nothing() -> Any:
            return
            yield

        told = await house.call("POST", "cache_clear", headers=headers, data=nothing())
        assert told.status == 200, "as adguardhome-sync toggles"


async def test_what_may_be_large(tmp_path: Path) -> None:
    async with control_house(tmp_path) as house:
        rules = [f"||ads{number}.example.org^" for number in range(4000)]
        assert len(json.dumps(rules)) > 65_536
        await house.done("POST", "filtering/set_rules", {"rules": rules})
        assert (await house.get("filtering/status"))["user_rules"] == rules
        told = await house.post("rewrite/add", {"domain": "a" * 70_000, "answer": "192.0.2.1"})
        assert (told.status, told.kind) == (413, "text/plain")
        assert "larger than 64 KiB" in told.text
        told = await house.post("filtering/set_rules", {"rules": ["a" * 4_200_000]})
        assert (told.status, "larger than 4096 KiB" in told.text) == (413, True)


async def test_roles_and_tokens_may_what_they_may_elsewhere(tmp_path: Path) -> None:
    async with control_house(tmp_path) as house:
        accounts = house.app.front.identity.accounts
        await accounts.add("vera", PASSWORD, "viewer")
        await accounts.add("otto", PASSWORD, "operator")
        viewer, operator = basic("vera"), basic("otto")
        pause, client = {"enabled": False}, {"name": "tv", "ids": ["192.0.2.7"]}
        for headers, statuses in ((viewer, (200, 403, 403)), (operator, (200, 200, 403))):
            told = await house.call("GET", "status", headers=headers)
            paused = await house.call("POST", "protection", pause, headers)
            added = await house.call("POST", "clients/add", client, headers)
            assert (told.status, paused.status, added.status) == statuses
            assert (await house.call("POST", "dns_config", {"ratelimit": 5}, headers)).status == 403
        assert "needs the permission" in added.text
        found = await house.app.front.identity.tokens.add(
            "exporter", [Permission.STATS_READ], None, house_admin(house)
        )
        for headers in (
            basic("whoever", found.secret), {"Authorization": f"Bearer {found.secret}"},
        ):  # fmt: skip
            assert (await house.call("GET", "stats", headers=headers)).status == 200
            assert (await house.call("GET", "status", headers=headers)).status == 403


async def test_as_many_other_rules_take_the_place_of_many(tmp_path: Path) -> None:
    """All own rules are one text: what is stored is bounded, not how much of it is another."""
    async with control_house(tmp_path) as house:
        for word in ("first", "second"):
            rules = [f"||{word}{number}.example.org^" for number in range(3000)]
            await house.done("POST", "filtering/set_rules", {"rules": rules})
            assert (await house.get("filtering/status"))["user_rules"] == rules
        assert await house.answers("second7.example.org") == ["0.0.0.0"]
        assert await house.rcode("first7.example.org") == "NXDOMAIN"
        rules = [f"||{number}^" for number in range(20_001)]
        told = await house.post("filtering/set_rules", {"rules": rules})
        assert (told.status, "more than 20000 values" in told.text) == (400, True), told


async def test_addresses_of_lists_are_whole_for_who_may_change_them(tmp_path: Path) -> None:
    """So that a program that copies settings copies lists with a key in their address, too."""
    async with control_house(tmp_path) as house, list_server("||listed.example.org^") as server:
        await house.app.front.identity.accounts.add("vera", PASSWORD, "viewer")
        url = f"{server.url}?key=hunter2"
        await house.done("POST", "filtering/add_url", {"name": "Ours", "url": url})
        for headers, shown in ((basic(), url), (basic("vera"), f"{server.url}?key=***")):
            told = await house.call("GET", "filtering/status", headers=headers)
            assert [each["url"] for each in told.data["filters"]] == [shown]


def house_admin(house: ControlHouse) -> Any:
    account = next(iter(house.app.front.identity.accounts.all()))
    return type(
        "Maker",
        (),
        {
            "account": account.id,
            "name": account.name,
            "may": lambda s, p: True,
            "permissions": frozenset(Permission),
        },
    )()


async def test_a_session_by_cookie(tmp_path: Path) -> None:
    async with control_house(tmp_path) as house:
        wrong = {"name": NAME, "password": "wrong"}
        told = await house.call("POST", "login", wrong, {})
        assert (told.status, told.text) == (403, "invalid username or password\n")
        told = await house.call("POST", "login", {"name": NAME, "password": PASSWORD}, {})
        assert (told.status, told.text) == (200, "OK\n")
        as_form = {"Content-Type": "application/x-www-form-urlencoded"}
        pair = json.dumps({"name": NAME, "password": PASSWORD}).encode()
        assert (await house.call("POST", "login", headers=as_form, data=pair)).status == 200
        foreign = as_form | {"Origin": "http://evil.example.com"}
        assert (await house.call("POST", "login", headers=foreign, data=pair)).status == 403
        assert (await house.call("POST", "login", {}, {})).status == 403
        cookie = told.headers["Set-Cookie"]
        assert cookie.startswith("agh_session=")
        assert "HttpOnly" in cookie
        key = {"Cookie": cookie.partition(";")[0]}
        house.client.cookie_jar.clear()
        assert (await house.call("GET", "profile", headers=key)).data["name"] == NAME
        assert (await house.call("POST", "protection", {"enabled": True}, key)).status == 200
        foreign = {**key, "Origin": "http://evil.example.com"}
        assert (await house.call("POST", "cache_clear", headers=foreign)).status == 403
        told = await house.call("GET", "logout", headers=key)
        assert (told.status, told.headers["Location"]) == (302, "/")
        assert (await house.call("GET", "profile", headers=key)).status == 401


async def test_wrong_passwords_lock_out_who_tries_and_not_who_is_known(tmp_path: Path) -> None:
    async with control_house(tmp_path) as house:
        assert (await house.call("GET", "status")).status == 200
        for _ in range(8):
            told = await house.call("GET", "status", headers=basic(password="wrong"))
            assert told.status == 401
        told = await house.call("POST", "login", {"name": NAME, "password": PASSWORD}, {})
        assert told.status == 429
        assert int(told.headers["Retry-After"]) >= 1
        assert (await house.call("GET", "status")).status == 200, "this pair was right before"
        account = next(iter(house.app.front.identity.accounts.all()))
        await house.app.front.identity.accounts.set_password(account, "another horse battery")
        assert (await house.call("GET", "status")).status == 401, "and is not any more"


async def test_icons_are_pictures(tmp_path: Path) -> None:
    async with control_house(tmp_path) as house:
        found = (await house.get("blocked_services/all"))["blocked_services"]
        assert len(found) > 100
        assert base64.b64decode(found[0]["icon_svg"]).startswith(b"<svg ")
        assert [each["id"] for each in found] == await house.get("blocked_services/services")
        await asyncio.sleep(0)
