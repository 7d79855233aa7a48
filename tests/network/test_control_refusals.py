"""What /control refuses, in words and without a change: what has no twin here, what is wrong, and
what the settings file holds."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from control_house import OMITTED, control_house
from house import list_server

from sinkhole.control.web.adguard.control import PATHS

REFUSED: list[tuple[str, str, Any, int, str]] = [
    ("POST", "clients/delete", {"name": "nobody"}, 400, "Client not found"),
    ("POST", "clients/add", {"name": "", "ids": ["192.0.2.9"]}, 400, "empty name"),
    ("POST", "clients/add", {"name": "x", "ids": []}, 400, "id required"),
    ("POST", "clients/add", {"name": "x", "ids": ["no id!"]}, 400, "no client id"),
    ("POST", "clients/update", {"name": "nobody", "data": {"name": "z"}}, 400, "is not found"),
    ("PUT", "rewrite/update", {"target": {"domain": "z.org", "answer": "192.0.2.5"},
     "update": {"domain": "z.org", "answer": "192.0.2.6"}}, 400, "target rule not found"),
    ("POST", "rewrite/add", {"domain": "a.org", "answer": "A"}, 400, "wholly"),
    ("POST", "rewrite/add", {"domain": "a b", "answer": "192.0.2.1"}, 400, "a b"),
    ("POST", "filtering/set_url", {"url": "http://nothing", "whitelist": False, "data":
     {"enabled": True, "name": "a", "url": "http://nothing"}}, 400, "url doesn't exist"),
    ("POST", "filtering/set_rules", {"rules": ["/(/"]}, 400, "is no rule"),
    ("POST", "filtering/config", {"enabled": True, "interval": -1}, 400, "interval"),
    ("POST", "filtering/config", [], 400, "a list does not fit, write names"),
    ("POST", "clients/add", {"name": "x", "ids": ["192.0.2.9"], "blocked_services": ["nothere"]},
     400, "unknown blocked-service"),
    ("GET", "filtering/check_host", None, 400, 'query parameter "name" is required'),
    ("GET", "filtering/check_host?name=a.org&qtype=XX", None, 422, 'bad qtype'),
    ("PUT", "blocked_services/update", {"ids": ["nothere"]}, 422, "unknown blocked-service"),
    ("PUT", "blocked_services/update", {"ids": [], "schedule": {"time_zone": "Nope"}}, 400,
     "unknown time zone Nope"),
    ("PUT", "querylog/config/update", {"enabled": True}, 422, "anonymize_client_ip is null"),
    ("PUT", "querylog/config/update", {"enabled": True, "anonymize_client_ip": False,
     "interval": 1}, 422, "less than an hour"),
    ("POST", "querylog_config", {"enabled": True, "interval": 5}, 400, "unsupported interval"),
    ("POST", "stats_config", {"interval": 5}, 400, "Unsupported interval"),
    ("PUT", "stats/config/update", {"enabled": False, "interval": 86_400_000}, 400, "switched off"),
    ("GET", "stats?recent=5", None, 400, "must be no less than 3600000, got 5"),
    ("GET", "stats?recent=360000000000", None, 400, "must be no greater than 86400000"),
    ("GET", "querylog?older_than=x", None, 400, 'parsing time "x"'),
    ("GET", "querylog?response_status=x", None, 400, "invalid value x"),
    ("GET", "querylog?reason=x", None, 400, 'bad enum value: "x"'),
    ("POST", "access/set", {"allowed_clients": ["192.0.2.1"],
     "disallowed_clients": ["192.0.2.1"]}, 400, "intersect: [192.0.2.1]"),
    ("POST", "access/set", {"blocked_hosts": ["a", "a"]}, 400, "duplicated values: [a]"),
    ("POST", "access/set", {"allowed_clients": ["my-phone"]}, 400, "is no secret"),
    ("POST", "dns_config", {"blocking_mode": "x"}, 400, "x"),
    ("POST", "dns_config", {"cache_ttl_min": 5, "cache_ttl_max": 1}, 400, "max_ttl"),
    ("POST", "dns_config", {"upstream_mode": "fastest_addr"}, 400, "choose load_balance"),
    ("POST", "dns_config", {"upstream_dns_file": "/a"}, 400, "can't be changed here"),
    ("POST", "tls/configure", {"enabled": True, "certificate_chain": "QQ=="}, 400, "files"),
    ("POST", "tls/configure", {"enabled": True}, 400, "needs a certificate"),
    ("POST", "tls/configure", {"enabled": True, "port_dns_over_tls": 853}, 400, "name its file"),
    ("POST", "dhcp/set_config", {"enabled": True, "interface_name": "eth0"}, 400, "no DHCP"),
    ("POST", "dhcp/add_static_lease", {"mac": "aa", "ip": "192.0.2.3"}, 400, "no DHCP"),
    ("POST", "update", None, 400, "does not replace itself"),
    ("PUT", "profile/update", {"name": "anna", "language": "de", "theme": "auto"}, 400, "browser"),
    ("POST", "i18n/change_language", {"language": "de"}, 400, "browser"),
    ("POST", "install/configure", {}, 403, "no wizard"),
]  # fmt: skip
"""What is refused, with the status and a part of the words."""

QUIET: list[tuple[str, str, Any, str]] = [
    ("POST", "version.json", {"recheck_now": False}, '{"disabled":true}'),
    ("POST", "filtering/remove_url", {"url": "http://nothing"}, "OK 0 rules\n"),
    ("POST", "rewrite/delete", {"domain": "q", "answer": "x"}, ""),
    ("GET", "version.json", OMITTED, '{"disabled":true}'),
    ("POST", "dhcp/set_config", {"enabled": False}, ""),
    ("PUT", "rewrite/settings/update", {"enabled": True}, ""),
    ("POST", "filtering/config", {"enabled": True}, ""),
    ("POST", "clients/search", {"clients": [{"id": ""}]}, "[]"),
    ("PUT", "profile/update", {"name": "anna", "language": "en", "theme": "auto"}, "OK\n"),
    ("POST", "filtering/refresh", {"whitelist": True}, '{"updated":0}'),
    ("POST", "clients/search", {"clients": []}, "[]"),
]
"""What changes nothing and is no mistake."""


async def test_what_is_refused_is_said_in_words_and_changes_nothing(tmp_path: Path) -> None:
    async with control_house(tmp_path) as house:
        revision = house.app.front.house.settings.revision
        for method, path, body, status, words in REFUSED:
            told = await (
                house.call(method, path) if body is None else house.call(method, path, body)
            )
            assert (told.status, told.kind) == (status, "text/plain"), (path, told)
            assert words in told.text, (path, told.text)
        for method, path, body, text in QUIET:
            assert await house.done(method, path, body) == text
        assert await house.done("POST", "version.json") == '{"disabled":true}'
        assert house.app.front.house.settings.revision == revision


async def test_what_there_is_already_is_a_mistake_like_others(tmp_path: Path) -> None:
    """400, as there: 409 is for what the settings file holds."""
    async with control_house(tmp_path) as house, list_server("||listed.example.org^") as server:
        one = {"name": "One", "url": server.url, "whitelist": False}
        await house.done("POST", "filtering/add_url", one)
        for name in ("tv", "tablet"):
            client = {"name": name, "ids": [name]}
            await house.done("POST", "clients/add", client)
        for path, body in (
            ("filtering/add_url", one | {"name": "Two"}),
            ("clients/add", {"name": "tv", "ids": ["192.0.2.8"]}),
            ("clients/add", {"name": "new", "ids": ["tv"]}),
            ("clients/update", {"name": "tv", "data": {"name": "tablet", "ids": ["tv"]}}),
        ):
            told = await house.post(path, body)
            assert (told.status, told.kind) == (400, "text/plain"), (path, told)


async def test_lists_are_fetched_once_at_a_time(tmp_path: Path) -> None:
    """500, as there."""
    async with control_house(tmp_path) as house, list_server("||listed.example.org^") as server:
        one = {"name": "One", "url": server.url, "whitelist": False}
        await house.done("POST", "filtering/add_url", one)
        server.rules, server.gate = ["||other.example.org^"], asyncio.Event()
        refresh = [
            asyncio.create_task(house.post("filtering/refresh", {"whitelist": False}))
            for _ in range(2)
        ]
        (refused,), (other,) = await asyncio.wait(refresh, return_when=asyncio.FIRST_COMPLETED)
        told = refused.result()
        assert (told.status, told.kind) == (500, "text/plain"), told
        assert "being updated already" in told.text
        server.gate.set()
        assert (await other).status == 200


async def test_what_the_file_holds_is_refused_in_words(tmp_path: Path) -> None:
    lists = [{"name": "Held", "url": "file:/nothing.txt", "enabled": False}]
    held = {
        "filtering__lists": lists,
        "filtering__rules": ["||held.example^"],
        "filtering__services": ["tiktok"],
        "filtering__enabled": True,
        "filtering__categories": [],
        "clients": [{"name": "tv", "addresses": ["192.0.2.7"]}],
        "local": {"records": {"nas.home": ["192.0.2.20"]}},
        "query_log": {"enabled": True},
        "stats": {"period": "24h"},
    }
    wanted = [
        ("POST", "filtering/set_rules", {"rules": []}),
        ("POST", "filtering/set_url", {"url": "/nothing.txt", "data":
         {"enabled": True, "name": "Held", "url": "/nothing.txt"}}),
        ("POST", "filtering/remove_url", {"url": "/nothing.txt"}),
        ("POST", "filtering/config", {"enabled": False, "interval": 24}),
        ("POST", "safebrowsing/enable", {}),
        ("PUT", "blocked_services/update", {"ids": []}),
        ("POST", "clients/delete", {"name": "tv"}),
        ("POST", "clients/update", {"name": "tv", "data": {"name": "tv", "ids": ["192.0.2.8"]}}),
        ("POST", "rewrite/add", {"domain": "nas.home", "answer": "192.0.2.21"}),
        ("POST", "rewrite/delete", {"domain": "nas.home", "answer": "192.0.2.20"}),
        ("PUT", "querylog/config/update",
         {"enabled": False, "anonymize_client_ip": False, "interval": 7_776_000_000}),
        ("PUT", "stats/config/update", {"enabled": True, "interval": 604_800_000}),
        ("POST", "dns_config", {"upstream_dns": ["192.0.2.53"]}),
    ]  # fmt: skip
    async with control_house(tmp_path, **held) as house:
        for method, path, body in wanted:
            told = await house.call(method, path, body)
            assert (told.status, told.kind) == (409, "text/plain"), (path, told)
            assert "sinkhole.yaml" in told.text, (path, told.text)
        # What is sent back as it was shown is no change.
        assert await house.done("POST", "dns_config", await house.get("dns_info")) == ""
        await house.done("POST", "filtering/set_rules", {"rules": ["||held.example^"]})


ODD: list[Any] = [
    [],
    {},
    None,
    1,
    "x",
    [[]],
    {"name": "\x00", "ids": ["\x00"]},
    {"name": "x" * 5000, "ids": ["1"]},
    {"name": "\ud800", "ids": ["\ud800"]},
    {"rules": ["\x00", "\ud800", "a" * 7000]},
    {"domain": "\u202e.example", "answer": "\u202e"},
    {"domain": "*.*.x", "answer": "::"},
    {"url": "file:/etc/passwd", "name": "\x00"},
    {"url": "http://[", "data": {"url": "http://["}},
    {"url": "\x00", "whitelist": True},
    {"ids": ["\x00"], "schedule": {"time_zone": "../../etc"}},
    {"ids": [], "schedule": {"mon": {"start": -1, "end": 1 << 80}}},
    {"enabled": True, "interval": 1e999},
    {"enabled": True, "anonymize_client_ip": True, "interval": 1e18, "ignored": ["\x00", "."]},
    {"allowed_clients": ["\x00", "1/1/1"], "blocked_hosts": ["\x00"]},
    {"clients": [{"id": "\x00"}]},
    {"upstream_dns": ["[/", "\x00", "sdns://AAAA"]},
    {"upstream_dns": ["[/x/]#", "[/x/]#"]},
    {"ratelimit": 1 << 70},
    {"cache_size": 1},
    {"upstream_timeout": -1},
    {"enabled": 1},
    {"edns_cs_enabled": True, "edns_cs_use_custom": True, "edns_cs_custom_ip": "x"},
    {"enabled": True, "port_https": 1, "certificate_path": "/nothing", "private_key_path": "\x00"},
    {"target": {"domain": "a", "answer": "b"}, "update": {"domain": "a", "answer": "b"}},
    {"name": "tv", "data": {"name": "tv", "ids": ["1"]}},
    {"duration": 1 << 70, "enabled": False},
]
"""Bodies that nobody sends who means well."""


async def test_nothing_that_is_sent_is_a_bug(tmp_path: Path) -> None:
    """Whatever is in a body or a query: it is done or refused in words."""
    long, odd = "x" * 3000, "%00%ff"
    queries = [
        "",
        f"?recent={odd}",
        f"?older_than={long}&limit=-1&offset=99999999999",
        "?limit=1e9",
        f"?search={odd}&response_status={odd}",
        f"?name={long}",
        f"?name={odd}&client={odd}",
        f"?ip0={odd}&ip1={long}",
        "?name=a.example&qtype=ANY&client=nobody",
    ]
    async with control_house(tmp_path) as house:
        for path in PATHS:
            if path.name in ("login", "logout", "filtering/refresh"):
                continue
            for body in queries if path.method == "GET" else ODD:
                if path.method == "GET":
                    told = await house.call("GET", path.name + body)
                else:
                    told = await house.call(path.method, path.name, body)
                assert told.status in (200, 400, 403, 409, 422), (path.name, body, told)
                assert told.kind in ("application/json", "text/plain", "application/octet-stream")
