"""adguardhome-sync as people run it: what one server says is taken over by the other, and once that
is done, another run writes nothing.

It runs where the program is found, by ADGUARDHOME_SYNC or on the path; beside another sinkhole, and
beside AdGuard Home where that is found as well, by ADGUARD_HOME or on the path. docs/adguard.md
says how they are built.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from control_house import NAME, PASSWORD, ControlHouse, control_house
from house import NOBODY, answers
from list_server import answer, serving
from other_programs import PATH, output_of
from other_programs import serving as running_program
from places import Place, nobodys_place

from sinkhole.control.web.adguard.general import VERSION

SYNC: Final = os.environ.get("ADGUARDHOME_SYNC") or shutil.which("adguardhome-sync", path=PATH)
ADGUARD_HOME: Final = os.environ.get("ADGUARD_HOME") or shutil.which("AdGuardHome", path=PATH)

needs_adguard_home = pytest.mark.skipif(
    ADGUARD_HOME is None, reason=f"AdGuard Home {VERSION} is not found: see docs/adguard.md"
)
pytestmark = pytest.mark.skipif(
    SYNC is None, reason="adguardhome-sync is not found: see docs/adguard.md"
)

LISTED: Final = "||listed.example.org^\n"
WRITES: Final = re.compile(r'\bdo (?:post|put)\b.*?"path": "/?([^"]*)"')
CLIENT: Final = {
    "name": "tablet", "ids": ["192.0.2.8", "02:00:5e:10:00:01", "2001:db8:1::/64", "my-tablet"],
    "tags": ["device_tablet", "user_child"], "upstreams": ["192.0.2.53"],
    "use_global_settings": False, "filtering_enabled": True, "safebrowsing_enabled": True,
    "safe_search": {"enabled": True, "bing": True, "google": True, "youtube": True},
    "use_global_blocked_services": False, "blocked_services": ["facebook", "tiktok"],
    "ignore_querylog": True,
}  # fmt: skip
TV: Final = {
    "name": "tv", "ids": ["192.0.2.7"], "use_global_settings": True,
    "use_global_blocked_services": True,
    **dict.fromkeys(("tags", "upstreams", "blocked_services"), ()),
}  # fmt: skip
"""Lists that are left out are null at AdGuard Home until it starts again, and so another value."""
CHANGES: Final[list[tuple[str, str, Any]]] = [
    ("POST", "clients/add", CLIENT),
    ("POST", "clients/add", TV),
    ("POST", "access/set", {"allowed_clients": ["127.0.0.0/8", "192.0.2.0/24"],
                            "disallowed_clients": ["192.0.2.66"],
                            "blocked_hosts": ["version.bind", "id.server", "hostname.bind"]}),
    ("PUT", "querylog/config/update", {"enabled": True, "interval": 604_800_000,
                                       "anonymize_client_ip": True,
                                       "ignored": ["quiet.example.org"], "ignored_enabled": True}),
    ("PUT", "stats/config/update", {"enabled": True, "interval": 604_800_000, "ignored": []}),
    ("PUT", "blocked_services/update", {"ids": ["tiktok", "youtube"], "schedule": {
        "time_zone": "UTC", "sun": {"start": 0, "end": 86_400_000}}}),
    ("PUT", "safesearch/settings", {"enabled": True, "google": True, "ecosia": True}),
    ("POST", "filtering/config", {"enabled": True, "interval": 72}),
    ("POST", "filtering/set_rules", {"rules": ["! ours", "||ads.example.org^"]}),
    ("POST", "rewrite/add", {"domain": "nas.example.org", "answer": "192.0.2.20"}),
    ("POST", "rewrite/add", {"domain": "*.nas.example.org", "answer": "nas.example.org"}),
    ("POST", "rewrite/add", {"domain": "off.example.org", "answer": "192.0.2.21",
                             "enabled": False}),
    ("POST", "dns_config", {"ratelimit": 77, "blocking_mode": "custom_ip", "disable_ipv6": True,
                            "blocking_ipv4": "192.0.2.80", "blocking_ipv6": "2001:db8::80",
                            "blocked_response_ttl": 33, "cache_size": 8_000_000,
                            "cache_ttl_min": 30, "upstream_mode": "parallel",
                            "upstream_timeout": 7}),
]  # fmt: skip
"""What the origin is to say."""


class Peer:
    """A server at one end: where its API and its DNS are, and a house that asks it."""

    def __init__(self, asking: ControlHouse, url: str, where: str) -> None:
        self._asking = asking
        self.url = url
        self.where = where

    async def call(self, method: str, path: str, *body: Any) -> Any:
        """What it answers; that is to succeed."""
        told = await self._asking.call(method, f"{self.url}/control/{path}", *body)
        assert told.status == 200, (path, told)
        return told

    async def get(self, path: str) -> Any:
        """The JSON of a GET."""
        return (await self.call("GET", path)).data

    async def is_changed(self, lists: str) -> None:
        """Have it say what the other one is to take over."""
        for name, path, is_white in (("Ads", "a", False), ("Good", "b", True), ("Off", "c", False)):
            new = {"name": name, "url": f"{lists}/{path}.txt", "whitelist": is_white}
            await self.call("POST", "filtering/add_url", new)
        off = {"name": "Off", "url": f"{lists}/c.txt", "enabled": False}
        await self.call("POST", "filtering/set_url", {"url": off["url"], "data": off})
        for method, path, body in CHANGES:
            await self.call(method, path, body)
        servers = [self._asking.upstream.name, f"[/corp.example.org/]{NOBODY}"]
        await self.call(
            "POST", "dns_config", {"upstream_dns": servers, "fallback_dns": servers[:1]}
        )


def of_sinkhole(house: ControlHouse) -> Peer:
    return Peer(house, house.app.listening.url, house.where)


def of_adguard_home(folder: Path, dns: Place, page: Place, upstream: str) -> list[str]:
    """The command of an AdGuard Home that lets everybody in."""
    settings = {
        "http": {"address": str(page)},
        "users": [],
        "dns": {"bind_hosts": [dns.host], "port": dns.port, "ratelimit": 0,
                "upstream_dns": [upstream], "bootstrap_dns": [NOBODY]},
        "filters": [],
        "schema_version": 34,
    }  # fmt: skip
    folder.mkdir()
    (folder / "AdGuardHome.yaml").write_text(yaml.safe_dump(settings))
    return [str(ADGUARD_HOME), "-w", str(folder), "--no-check-update"]


@asynccontextmanager
async def adguard_home(folder: Path, asking: ControlHouse) -> AsyncIterator[Peer]:
    """A running one."""
    dns, page = nobodys_place(), nobodys_place()
    command = of_adguard_home(folder, dns, page, asking.upstream.name)
    async with running_program(folder, dns, command):
        peer = Peer(asking, f"http://{page}", str(dns))
        assert (await peer.get("status"))["version"] == VERSION
        yield peer


async def writes(folder: Path, origin: Peer, replica: Peer) -> list[str]:
    """Run the program once: what it writes to the replica."""
    given = {
        "HOME": str(folder), "LOG_LEVEL": "debug", "API_PORT": "0", "FEATURES_TLS_CONFIG": "true",
        "ORIGIN_URL": origin.url, "ORIGIN_USERNAME": NAME, "ORIGIN_PASSWORD": PASSWORD,
        "REPLICA1_URL": replica.url, "REPLICA1_USERNAME": NAME, "REPLICA1_PASSWORD": PASSWORD,
    }  # fmt: skip
    settings = [f"{key}={value}" for key, value in given.items()]
    told = await output_of(folder, "env", *settings, str(SYNC), "run")
    assert "\tERROR\t" not in told and "Sync done" in told, told
    return WRITES.findall(told)


SAME: Final = (
    *("querylog/config", "stats/config", "safesearch/status", "safebrowsing/status"),
    *("blocked_services/get", "access/list", "rewrite/settings"),
)
SAME_OF_DNS: Final = (
    *("upstream_dns", "fallback_dns", "bootstrap_dns", "upstream_mode", "upstream_timeout"),
    *("blocking_mode", "blocking_ipv4", "blocking_ipv6", "blocked_response_ttl", "disable_ipv6"),
    *("cache_size", "cache_ttl_min", "cache_optimistic", "ratelimit"),
)
"""What is to be the same at both ends, to the letter."""


async def told_by(peer: Peer) -> dict[str, Any]:
    """What a server says, by what that is about; in an order, and nothing for what is empty."""
    told = {path: await peer.get(path) for path in SAME}
    info = await peer.get("dns_info")
    told |= {key: info[key] for key in SAME_OF_DNS}
    rewrites, found = await peer.get("rewrite/list"), (await peer.get("clients"))["clients"]
    told["rewrites"] = sorted(rewrites, key=lambda each: str(each["domain"]))
    told["clients"] = {
        each["name"]: {key: value or None for key, value in each.items() if key != "ids"}
        for each in found
    }
    told["ids"] = {each["name"]: sorted(each["ids"]) for each in found}
    filtering = await peer.get("filtering/status")
    told |= {key: filtering[key] for key in ("user_rules", "interval", "enabled")}
    for key in ("filters", "whitelist_filters"):
        told[key] = {each["url"]: (each["name"], each["enabled"]) for each in filtering[key]}
    return told


async def takes_over(folder: Path, origin: Peer, replica: Peer) -> None:
    """Three runs: all of it; the list that is off, which comes as one that is on; and nothing."""
    async with serving(answer(text=LISTED)) as lists:
        await origin.is_changed(lists)
        first = await writes(folder, origin, replica)
        assert {path for _, path, _ in CHANGES} <= set(first)
        assert await writes(folder, origin, replica) == ["filtering/set_url", "filtering/refresh"]
        assert await writes(folder, origin, replica) == []
        assert await told_by(replica) == await told_by(origin)
    assert await answers(replica.where, "ads.example.org") == ["192.0.2.80"]
    assert await answers(replica.where, "nas.example.org") == ["192.0.2.20"]
    assert await answers(replica.where, "example.org") == ["192.0.2.1"]


async def test_from_one_sinkhole_to_another(tmp_path: Path) -> None:
    for name in ("origin", "replica"):
        (tmp_path / name).mkdir()
    async with (
        control_house(tmp_path / "origin", upstream={}) as origin,
        control_house(tmp_path / "replica", upstream={}) as replica,
    ):
        await takes_over(tmp_path, of_sinkhole(origin), of_sinkhole(replica))
        revision = replica.app.front.house.settings.revision
        assert await writes(tmp_path, of_sinkhole(origin), of_sinkhole(replica)) == []
        assert replica.app.front.house.settings.revision == revision


@needs_adguard_home
@pytest.mark.parametrize("is_origin", [True, False], ids=["origin", "replica"])
async def test_beside_a_real_adguard_home(tmp_path: Path, is_origin: bool) -> None:
    async with (
        control_house(tmp_path, upstream={}) as house,
        adguard_home(tmp_path / "there", house) as there,
    ):
        ours = of_sinkhole(house)
        await takes_over(tmp_path, *((ours, there) if is_origin else (there, ours)))
