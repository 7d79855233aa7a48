"""What is changed by /control counts at once: seen by asking DNS, and by what is read after it."""

from __future__ import annotations

from pathlib import Path

import certificates
import pytest
from control_house import ControlHouse, control_house
from house import list_server, until
from places import nobodys_place

from sinkhole.control.settings import Settings
from sinkhole.control.settings.in_force import Change
from sinkhole.model.actor import SERVER


async def test_protection_is_paused_for_a_time_or_for_good(tmp_path: Path) -> None:
    async with control_house(tmp_path) as house:
        await house.done("POST", "filtering/set_rules", {"rules": ["||example.org^"]})
        assert await house.answers("example.org") == ["0.0.0.0"]
        assert await house.done("POST", "protection", {"enabled": False, "duration": 60_000})
        assert await house.answers("example.org") == ["192.0.2.1"]
        told = await house.get("status")
        assert not told["protection_enabled"]
        assert 0 < told["protection_disabled_duration"] <= 60_000
        assert (await house.get("dns_info"))["protection_disabled_until"][-6:] == "+00:00"
        await house.done("POST", "protection", {"enabled": True})
        assert await house.answers("example.org") == ["0.0.0.0"]
        await house.done("POST", "protection", {"enabled": False, "duration": 0})
        assert (await house.get("status"))["protection_disabled_duration"] == 0
        await house.done("POST", "dns_config", {"protection_enabled": True})
        assert await house.answers("example.org") == ["0.0.0.0"]
        told = await house.post("protection", {"enabled": False, "duration": 40 * 86_400_000})
        assert (told.status, "30 days" in told.text) == (400, True)


async def test_own_rules_with_their_comments(tmp_path: Path) -> None:
    async with control_house(tmp_path) as house:
        rules = ["# why", "||ads.example.org^", "", "! more", "@@||good.example.org^"]
        await house.done("POST", "filtering/set_rules", {"rules": [*rules, "||ads.example.org^"]})
        assert (await house.get("filtering/status"))["user_rules"] == list(filter(None, rules))
        assert await house.answers("ads.example.org") == ["0.0.0.0"]
        told = await house.get("filtering/check_host?name=ads.example.org")
        assert told["reason"] == "FilteredBlackList"
        assert told["rules"] == [{"text": "||ads.example.org^", "filter_list_id": 0}]
        told = await house.get("filtering/check_host?name=good.example.org")
        assert told["reason"] == "NotFilteredWhiteList"
        await house.done("POST", "filtering/set_rules", {"rules": []})
        assert (await house.get("filtering/status"))["user_rules"] is None
        assert await house.rcode("ads.example.org") == "NXDOMAIN"


async def test_the_filter_as_a_whole(tmp_path: Path) -> None:
    async with control_house(tmp_path) as house:
        await house.done("POST", "filtering/set_rules", {"rules": ["||example.org^"]})
        await house.done("POST", "filtering/config", {"enabled": False, "interval": 12})
        assert await house.answers("example.org") == ["192.0.2.1"]
        told = await house.get("filtering/status")
        assert (told["enabled"], told["interval"]) == (False, 12)
        await house.done("POST", "filtering/config", {"enabled": True, "interval": 0})
        assert await house.answers("example.org") == ["0.0.0.0"]
        assert (await house.get("filtering/status"))["interval"] == 0


async def test_lists_come_and_go(tmp_path: Path) -> None:
    async with control_house(tmp_path) as house, list_server("||listed.example.org^") as server:
        add = {"name": "Ours", "url": server.url, "whitelist": False}
        assert (await house.done("POST", "filtering/add_url", add)).startswith("OK ")
        assert await house.answers("listed.example.org") == ["0.0.0.0"]
        (shown,) = (await house.get("filtering/status"))["filters"]
        assert (shown["name"], shown["url"], shown["enabled"]) == ("Ours", server.url, True)
        assert shown["rules_count"] == 1
        assert "last_updated" in shown
        data = {"enabled": False, "name": "Yours", "url": server.url}
        change = {"url": server.url, "whitelist": False, "data": data}
        await house.done("POST", "filtering/set_url", change)
        assert await house.rcode("listed.example.org") == "NXDOMAIN"
        (other,) = (await house.get("filtering/status"))["filters"]
        assert (other["name"], other["enabled"], other["id"]) == ("Yours", False, shown["id"])
        data["enabled"] = True
        await house.done("POST", "filtering/set_url", change)
        assert await house.done("POST", "filtering/refresh", {"whitelist": True}) == (
            '{"updated":0}'
        )
        server.rules = ["||listed.example.org^", "||more.example.org^"]
        told = await house.post("filtering/refresh", {"whitelist": False})
        assert told.data == {"updated": 1}
        assert await house.answers("more.example.org") == ["0.0.0.0"]
        await house.done("POST", "filtering/remove_url", {"url": server.url, "whitelist": False})
        assert await house.rcode("more.example.org") == "NXDOMAIN"
        gone = server.url.replace("list.txt", "nothing.txt")
        told = await house.post("filtering/add_url", {**add, "url": gone})
        assert (told.status, "Couldn't fetch filter" in told.text) == (400, True)
        assert (await house.get("filtering/status"))["filters"] == []


async def test_a_list_stays_where_nothing_can_be_fetched_from_its_new_address(
    tmp_path: Path,
) -> None:
    async with control_house(tmp_path) as house, list_server("||listed.example.org^") as server:
        add = {"name": "Ours", "url": server.url, "whitelist": False}
        await house.done("POST", "filtering/add_url", add)
        gone = server.url.replace("list.txt", "nothing.txt")
        data = {"enabled": True, "name": "Theirs", "url": gone}
        change = {"url": server.url, "whitelist": False, "data": data}
        told = await house.post("filtering/set_url", change)
        assert (told.status, "Couldn't fetch filter" in told.text) == (400, True)
        (shown,) = (await house.get("filtering/status"))["filters"]
        assert (shown["name"], shown["url"], shown["rules_count"]) == ("Ours", server.url, 1)
        assert await house.answers("listed.example.org") == ["0.0.0.0"]
        data["enabled"] = False  # nothing is fetched for one that is off
        await house.done("POST", "filtering/set_url", change)
        (shown,) = (await house.get("filtering/status"))["filters"]
        assert (shown["name"], shown["url"], shown["enabled"]) == ("Theirs", gone, False)


async def test_safe_browsing_and_parental_control_are_categories(tmp_path: Path) -> None:
    async with control_house(tmp_path) as house:
        for name, word in (("safebrowsing", "malware"), ("parental", "adult")):
            assert await house.get(f"{name}/status") == {"enabled": False}
            assert await house.done("POST", f"{name}/enable") == ""
            assert await house.get(f"{name}/status") == {"enabled": True}
            assert word in house.app.settings.filtering.categories
            assert word in {each["name"].partition(":")[0] for each in house.app.library.status()}
            assert await house.done("POST", f"{name}/disable") == ""
            assert await house.get(f"{name}/status") == {"enabled": False}
        assert house.app.settings.filtering.categories == ()


async def test_safe_search_is_all_or_some(tmp_path: Path) -> None:
    async with control_house(tmp_path) as house:
        house.upstream.answer("forcesafesearch.google.com", "A", ["192.0.2.9"])
        off = await house.get("safesearch/status")
        assert off == {"enabled": False, **dict.fromkeys(off.keys() - {"enabled"}, True)}
        assert await house.done("PUT", "safesearch/settings", {**off, "enabled": True}) == "OK\n"
        assert await house.answers("www.google.com") == [
            "forcesafesearch.google.com.", "192.0.2.9",
        ]  # fmt: skip
        await house.done("PUT", "safesearch/settings", {"enabled": True, "bing": True})
        told = await house.get("safesearch/status")
        assert [key for key, value in told.items() if value] == ["enabled", "bing"]
        assert await house.rcode("www.google.com") == "NXDOMAIN"
        await house.done("POST", "safesearch/disable")
        assert not (await house.get("safesearch/status"))["enabled"]
        await house.done("POST", "safesearch/enable")
        assert all((await house.get("safesearch/status")).values())


async def test_services_and_the_hours_in_which_they_are_not_blocked(tmp_path: Path) -> None:
    async with control_house(tmp_path) as house:
        house.upstream.answer("tiktok.com", "A", ["192.0.2.2"])
        kids = {"name": "kids", "services": ["youtube"]}
        await house.app.front.house.settings.change([Change("groups", "kids", value=kids)], SERVER)
        await house.done("PUT", "blocked_services/update", {"ids": ["tiktok", "discord"]})
        assert await house.answers("tiktok.com") == ["0.0.0.0"]
        always = {day: {"start": 0, "end": 86_400_000}
                  for day in ("sun", "mon", "tue", "wed", "thu", "fri", "sat")}  # fmt: skip
        week = {"time_zone": "Europe/Berlin", **always}
        await house.done("PUT", "blocked_services/update", {"ids": ["tiktok"], "schedule": week})
        assert await house.answers("tiktok.com") == ["192.0.2.2"]
        assert await house.get("blocked_services/get") == {"ids": ["tiktok"], "schedule": week}
        assert [each.services for each in house.app.settings.groups] == [("youtube",), None]
        await house.done("POST", "blocked_services/set", ["discord"])
        assert await house.get("blocked_services/list") == ["discord"]
        never = {"ids": ["tiktok"], "schedule": {"time_zone": "Europe/Berlin"}}
        await house.done("PUT", "blocked_services/update", never)
        assert await house.answers("tiktok.com") == ["0.0.0.0"]
        assert [each.name for each in house.app.settings.groups] == ["kids"]
        assert house.app.settings.schedules == ()


async def test_rewrites_are_local_records(tmp_path: Path) -> None:
    async with control_house(tmp_path) as house:
        for answer in ("192.0.2.20", "2001:db8::20", "192.0.2.20"):
            await house.done("POST", "rewrite/add", {"domain": "NAS.home", "answer": answer})
        await house.done("POST", "rewrite/add", {"domain": "*.nas.home", "answer": "nas.home"})
        assert await house.answers("nas.home") == ["192.0.2.20"]
        assert await house.answers("nas.home", "AAAA") == ["2001:db8::20"]
        assert await house.answers("a.nas.home") == ["nas.home.", "192.0.2.20"]
        target = {"domain": "nas.home", "answer": "192.0.2.20"}
        update = {"target": target, "update": {"domain": "nas.home", "answer": "192.0.2.21"}}
        await house.done("PUT", "rewrite/update", update)
        assert await house.answers("nas.home") == ["192.0.2.21"]
        target["answer"] = "192.0.2.21"
        off = {"target": target, "update": {**target, "enabled": False}}
        await house.done("PUT", "rewrite/update", off)
        assert await house.answers("nas.home") == []
        told = await house.get("rewrite/list")
        assert [each for each in told if not each["enabled"]] == [{**target, "enabled": False}]
        stays = {"target": target, "update": {**target, "answer": "192.0.2.22"}}
        await house.done("PUT", "rewrite/update", stays)
        assert {"domain": "nas.home", "answer": "192.0.2.22", "enabled": False} in (
            await house.get("rewrite/list")
        )
        assert await house.done("PUT", "rewrite/settings/update", {"enabled": False}) == ""
        assert await house.rcode("nas.home", "AAAA") == "NXDOMAIN"
        await house.done("PUT", "rewrite/settings/update", {"enabled": True})
        for each in await house.get("rewrite/list"):
            await house.done("POST", "rewrite/delete", each)
        assert await house.get("rewrite/list") == []
        assert await house.rcode("nas.home") == "NXDOMAIN"


async def test_records_that_only_we_know_stay(tmp_path: Path) -> None:
    async with control_house(tmp_path) as house:
        records = ["192.0.2.20", "MX 10 mail.home"]
        change = house.app.front.house.settings.change
        await change([Change("local.records", "nas.home", value=records)], SERVER)
        assert len(await house.get("rewrite/list")) == 1
        await house.done("POST", "rewrite/delete", {"domain": "nas.home", "answer": "192.0.2.20"})
        assert [str(each) for each in house.app.settings.local.records["nas.home"]] == [
            "MX 10 mail.home"
        ]


async def test_who_may_ask(tmp_path: Path) -> None:
    async with control_house(tmp_path) as house:
        given: dict[str, list[str]] = {
            "allowed_clients": ["127.0.0.0/8"],
            "disallowed_clients": ["192.0.2.66", "2001:db8::/48"],
            "blocked_hosts": ["version.bind"],
        }
        await house.done("POST", "access/set", given)
        told = await house.get("access/list")
        assert (told["allowed_clients"], told["disallowed_clients"]) == (
            given["allowed_clients"], given["disallowed_clients"],
        )  # fmt: skip
        assert await house.answers("example.org") == ["192.0.2.1"]
        (found,) = (await house.post("clients/search", {"clients": [{"id": "192.0.2.66"}]})).data
        assert found["192.0.2.66"]["disallowed"]
        assert found["192.0.2.66"]["disallowed_rule"] == "192.0.2.66"
        await house.done("POST", "access/set", {"disallowed_clients": ["127.0.0.1"]})
        assert (await house.get("access/list"))["allowed_clients"] is None
        assert await house.rcode("example.org") == "REFUSED"
        await house.done("POST", "access/set", {"allowed_clients": ["192.0.2.0/24"]})
        assert await house.rcode("example.org") == "REFUSED"
        await house.done("POST", "access/set", {})
        assert await house.answers("example.org") == ["192.0.2.1"]


async def test_whom_is_asked_and_how_it_is_answered(tmp_path: Path) -> None:
    async with control_house(tmp_path, upstream={}) as house:
        name = house.upstream.name
        routes = ["[/nowhere.example/]127.0.0.1:9", "[//corp.example/]#"]
        await house.done("POST", "dns_config", {"upstream_dns": ["# ours", name, *routes]})
        shown = (await house.get("dns_info"))["upstream_dns"]
        assert shown == [name, routes[0], "[//]#", "[/corp.example/]#"]
        assert await house.answers("example.org") == ["192.0.2.1"]
        assert await house.rcode("a.nowhere.example") == "SERVFAIL"
        await house.done("POST", "dns_config", {
            "upstream_dns": [name], "blocking_mode": "custom_ip", "blocking_ipv4": "192.0.2.80",
            "blocked_response_ttl": 77, "disable_ipv6": True, "upstream_timeout": 5,
            "upstream_mode": "parallel", "ratelimit": 30, "ratelimit_subnet_len_ipv4": 24,
            "cache_size": 4_194_304, "cache_ttl_min": 7, "cache_ttl_max": 99,
            "cache_optimistic": False, "edns_cs_enabled": True, "bootstrap_dns": ["127.0.0.1:9"],
        })  # fmt: skip
        told = await house.get("dns_info")
        assert told["upstream_dns"] == [name]
        for key, value in {
            "blocking_mode": "custom_ip", "blocking_ipv4": "192.0.2.80", "ratelimit": 30,
            "blocked_response_ttl": 77, "disable_ipv6": True, "upstream_timeout": 5,
            "upstream_mode": "parallel", "ratelimit_subnet_len_ipv4": 24, "cache_ttl_min": 7,
            "cache_size": 4_194_304, "cache_ttl_max": 99, "cache_optimistic": False,
            "edns_cs_enabled": True,
        }.items():  # fmt: skip
            assert told[key] == value, key
        await house.done("POST", "dns_config", {
            "edns_cs_enabled": False, "edns_cs_use_custom": True, "edns_cs_custom_ip": "192.0.2.9",
        })  # fmt: skip
        assert not (await house.get("dns_info"))["edns_cs_enabled"]
        await house.done("POST", "filtering/set_rules", {"rules": ["||ads.example.org^"]})
        assert await house.answers("ads.example.org") == ["192.0.2.80"]
        house.upstream.answer("example.org", "AAAA", ["2001:db8::1"])
        assert await house.answers("example.org", "AAAA") == []
        await house.done("POST", "dns_config", {"cache_enabled": False})
        assert not (await house.get("dns_info"))["cache_enabled"]
        await house.done("POST", "dns_config", {"cache_enabled": True, "upstream_mode": ""})
        told = await house.get("dns_info")
        assert (told["cache_enabled"], told["cache_ttl_max"], told["upstream_mode"]) == (
            True, 0, "",
        )  # fmt: skip
        lines = [name, "[/corp.example/]127.0.0.1:9", "[/a.example/]#", "# one"]
        found = await house.post("test_upstream_dns", {"upstream_dns": lines})
        assert set(found.data) == {name, "127.0.0.1:9"}
        assert found.data[name] == "OK"
        assert "couldn't communicate" in found.data["127.0.0.1:9"]
        await house.done("POST", "dns_config", {"upstream_dns": []})
        assert house.app.settings.upstream.servers == Settings().upstream.servers


async def test_what_is_read_and_written_back_changes_nothing(tmp_path: Path) -> None:
    async with control_house(tmp_path) as house:
        await house.done("POST", "clients/add", {"name": "tv", "ids": ["192.0.2.7"]})
        revision = house.app.front.house.settings.revision
        for method, to, path in (
            ("POST", "dns_config", "dns_info"),
            ("POST", "access/set", "access/list"),
            ("POST", "filtering/config", "filtering/status"),
            ("PUT", "blocked_services/update", "blocked_services/get"),
            ("PUT", "rewrite/settings/update", "rewrite/settings"),
            ("PUT", "querylog/config/update", "querylog/config"),
            ("PUT", "stats/config/update", "stats/config"),
            ("POST", "querylog_config", "querylog_info"),
            ("POST", "stats_config", "stats_info"),
            ("POST", "tls/configure", "tls/status"),
            ("POST", "dhcp/set_config", "dhcp/status"),
            ("PUT", "profile/update", "profile"),
        ):
            await house.done(method, to, await house.get(path))
            assert house.app.front.house.settings.revision == revision, path
        (client,) = (await house.get("clients"))["clients"]
        await house.done("POST", "clients/update", {"name": "tv", "data": client})
        assert house.app.front.house.settings.revision == revision


async def test_certificates_are_named_by_their_files(tmp_path: Path) -> None:
    async with control_house(tmp_path) as house:
        certificate, key = certificates.leaf("dns.example.org").write(tmp_path)
        place = nobodys_place()
        given = {
            **(await house.get("tls/status")), "enabled": True, "server_name": "dns.example.org",
            "certificate_path": str(certificate), "private_key_path": str(key),
            "port_https": 0, "port_dns_over_tls": place.port, "port_dns_over_quic": 0,
        }  # fmt: skip
        assert (await house.post("tls/validate", given)).data["enabled"]
        assert not (await house.get("tls/status"))["enabled"]
        told = (await house.post("tls/configure", given)).data
        assert (told["enabled"], told["valid_pair"], told["dns_names"]) == (
            True, True, ["dns.example.org"],
        )  # fmt: skip
        assert told["port_dns_over_tls"] == place.port
        assert [over for over, _ in house.app.dns.added] == ["TLS"]
        profile = house.app.listening.url + "/apple/dot.mobileconfig?host=other.example"
        assert (await house.call("GET", profile, headers={})).status == 404
        off = await house.post("tls/configure", {**given, "enabled": False})
        assert not off.data["enabled"]
        gone = {**given, "certificate_path": str(tmp_path / "nothing.pem")}
        assert (await house.post("tls/configure", gone)).status == 400


@pytest.mark.parametrize("days", [7, 30])
async def test_how_long_the_log_is_kept(tmp_path: Path, days: int) -> None:
    async with control_house(tmp_path) as house:
        given = {
            "enabled": True, "anonymize_client_ip": True, "interval": days * 86_400_000,
            "ignored": ["secret.example", "*.more.example"], "ignored_enabled": True,
        }  # fmt: skip
        await house.done("PUT", "querylog/config/update", given)
        told = await house.get("querylog/config")
        assert told == {**given, "ignored": ["secret.example", "more.example"]}
        assert (await house.get("querylog_info"))["interval"] == days
        same = {"enabled": True, "interval": days * 86_400_000, "ignored": told["ignored"]}
        await house.done("PUT", "stats/config/update", same)
        told = await house.get("stats/config")
        assert (told["interval"], told["ignored_enabled"]) == (days * 86_400_000, True)
        assert house.app.settings.query_log.ignore_in_statistics
        sums = await house.get("stats")
        assert sums["time_units"] == ("hours" if days == 7 else "days")
        assert len(sums["dns_queries"]) == (168 if days == 7 else 30)
        changed = house.app.front.house.settings.change
        await changed([Change("query_log.keep", value="60d")], SERVER)
        await house.done("POST", "querylog_config", await house.get("querylog_info"))
        await house.done("POST", "querylog_config", {"enabled": False, "interval": 0.25})
        told = await house.get("querylog_info")
        assert (told["enabled"], told["interval"]) == (False, 0.25)


async def test_the_log_and_the_statistics_are_emptied(tmp_path: Path) -> None:
    async with control_house(tmp_path) as house:
        await asked_some(house)
        await house.done("POST", "querylog_clear")
        assert await house.get("querylog") == {"data": [], "oldest": ""}
        await house.done("POST", "stats_reset")
        assert (await house.get("stats"))["num_dns_queries"] == 0


async def asked_some(house: ControlHouse) -> None:
    """A few queries, that are in the log."""
    for name in ("a.example", "b.example", "c.example"):
        await house.rcode(name)

    async def are_there() -> bool:
        return len((await house.get("querylog"))["data"]) == 3

    await until(are_there, "the rows")
