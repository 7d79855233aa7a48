"""Servers and routes in the notation of AdGuard Home."""

from __future__ import annotations

from typing import Any

import pytest

from sinkhole.control.settings import Settings
from sinkhole.control.web.adguard.upstreams import read, servers_in, shown, upstream_changes
from sinkhole.control.web.refusals import Refused

UPSTREAM: dict[str, Any] = {
    "servers": [{"url": "tls://dns.example.org", "timeout": "5s"}, "192.0.2.53"],
    "sets": {"vpn": {"servers": ["192.0.2.54", "192.0.2.55"]}},
    "routes": {
        "corp.example": "vpn",
        "*.box": ["192.0.2.1"],
        "unqualified": "default",
    },
}
LINES = [
    "tls://dns.example.org",
    "192.0.2.53",
    "[/corp.example/]192.0.2.54 192.0.2.55",
    "[/*.box/]192.0.2.1",
    "[//]#",
]
SETTINGS = Settings.model_validate({"upstream": UPSTREAM})


def test_what_is_shown_and_written_back_is_no_change() -> None:
    assert shown(SETTINGS) == LINES
    assert upstream_changes(SETTINGS, ["# a comment", "", *LINES]) == []


def test_what_stays_keeps_its_patience_and_its_set() -> None:
    (servers, route, gone) = upstream_changes(
        SETTINGS, ["192.0.2.60", *LINES[:3], "[/*.box/x.example/]192.0.2.2", "[//]#"]
    )[:3]
    assert servers.value == [
        "192.0.2.60",
        {"url": "tls://dns.example.org", "timeout": "5s"},
        "192.0.2.53",
    ]
    assert (route.item, route.value) == ("*.box", ["192.0.2.2"])
    assert (gone.item, gone.value) == ("x.example", ["192.0.2.2"])


def test_routes_that_are_not_written_go() -> None:
    (gone,) = upstream_changes(SETTINGS, [*LINES[:3], LINES[4]])
    assert (gone.key, gone.item, gone.action) == ("upstream.routes", "*.box", "remove")


@pytest.mark.parametrize(
    "line",
    ["[/a.example/]", "[/a.example]192.0.2.1", "[/a.example/]# 192.0.2.1", "[/a..b/]192.0.2.1"],
)
def test_lines_that_say_nothing_are_refused(line: str) -> None:
    with pytest.raises(Refused, match="upstream servers"):
        read([line])


def test_the_servers_of_lines_are_tried() -> None:
    lines = ["192.0.2.2", "# 192.0.2.3", "[/a.example/]192.0.2.1 192.0.2.2", "[/b.example/]#"]
    assert servers_in(lines) == ["192.0.2.2", "192.0.2.1"]


def test_no_line_at_all_is_the_default_and_routes_alone_are_not() -> None:
    changes = upstream_changes(SETTINGS, ["# none"])
    assert [(each.key, each.item, each.action) for each in changes] == [
        ("upstream.servers", "", "reset"),
        *(("upstream.routes", name, "remove") for name in UPSTREAM["routes"]),
    ]
    servers = upstream_changes(SETTINGS, LINES[2:])[0]
    assert (servers.key, servers.value) == ("upstream.servers", [])
