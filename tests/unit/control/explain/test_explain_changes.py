"""What would change an outcome; what is told must come true when it is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

RULES = "filtering.rules"
Build = Callable[..., Any]


@pytest.mark.parametrize(
    ("parts", "name", "changes"),
    [
        (
            {"block": ["||ads.example^"]},
            "x.ads.example",
            [("allow", "add", RULES, ["@@||x.ads.example^"])],
        ),
        (
            {"rules": ["||ads.example^", "||example^"]},
            "ads.example",
            [("allow", "remove", RULES, ["||ads.example^", "||example^"])],
        ),
        (
            {"rules": ["||ads.example^"], "block": ["||example^"]},
            "ads.example",
            [("allow", "add", RULES, ["@@||ads.example^"])],
        ),
        (
            {"block": ["||a.example^$dnsrewrite=192.0.2.1"]},
            "a.example",
            [("allow", "add", RULES, ["@@||a.example^$dnsrewrite"])],
        ),
        (
            {"block": ["||a.example^$dnsrewrite=b.example", "||a.example^$important"]},
            "a.example",
            [
                (
                    "allow",
                    "add",
                    RULES,
                    ["@@||a.example^$important,dnsrewrite", "@@||a.example^$important"],
                )
            ],
        ),
        (
            {
                "block": [
                    "||a.example^$important",
                    "@@||a.example^$important,badfilter",
                    "@@|a.example^$important,badfilter",
                ]
            },
            "a.example",
            [("allow", "add", "filtering.lists", ["||a.example^"])],
        ),
        ({}, "a.example", [("block", "add", RULES, ["||a.example^"])]),
        (
            {"rules": ["@@||a.example^"], "block": ["||a.example^"]},
            "a.example",
            [("block", "remove", RULES, ["@@||a.example^"])],
        ),
        (
            {"rules": ["@@||a.example^"]},
            "a.example",
            [("block", "add", RULES, ["||a.example^$important"])],
        ),
        ({"allow": ["||a.example^"]}, "a.example", [("block", "none", "", [])]),
        (
            {"block": ["/a.b/"]},
            r"a\.b.example",
            [("allow", "none", "", [])],
        ),
        (
            {"filtering": {"services": ["tiktok", "group:social_network"]}},
            "www.tiktok.com",
            [
                ("allow", "remove", "filtering.services", ["tiktok", "group:social_network"]),
                ("allow", "add", RULES, ["@@||www.tiktok.com^"]),
            ],
        ),
        (
            {"filtering": {"safe_search": {"google": True}}},
            "www.google.com",
            [
                ("allow", "set", "filtering.safe_search.google", ["false"]),
                ("allow", "add", RULES, ["@@||www.google.com^"]),
            ],
        ),
        (
            {},
            "use-application-dns.net",
            [
                ("allow", "set", "filtering.builtin.doh_canary", ["false"]),
                ("allow", "add", RULES, ["@@||use-application-dns.net^"]),
            ],
        ),
        (
            {},
            "mask.icloud.com",
            [
                ("allow", "set", "filtering.builtin.private_relay", ["false"]),
                ("allow", "add", RULES, ["@@||mask.icloud.com^"]),
            ],
        ),
        (
            {"local": {"records": {"*.nas.home": ["192.0.2.10"]}}},
            "x.nas.home",
            [("forward", "remove", "local.records", ["*.nas.home"])],
        ),
        ({}, "x.local", [("forward", "set", "dns.reserved_names", ["false"])]),
        ({}, "_dns.resolver.arpa", [("forward", "set", "filtering.builtin.discovery", ["false"])]),
        ({}, "health.sinkhole.invalid", []),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_the_mildest_change_is_told(
    house: Build, parts: dict[str, Any], name: str, changes: list[Any]
) -> None:
    assert house(**parts).changes(name) == changes


async def test_an_answer_that_leads_to_a_blocked_name_has_two_ways_out(house: Build) -> None:
    home = house(block=["||track.example^", "||cdn.example^$important"])
    answer = "www.example 60 IN CNAME track.example\ntrack.example 60 IN CNAME cdn.example\n"
    home.upstreams.says("www.example", "A", f"{answer}cdn.example 60 IN A 192.0.2.1")
    await home.asks("www.example")
    told = home.told("www.example")
    assert (told["outcome"], told["hop"]) == ("blocked_answer", "track.example")
    assert [each["items"] for each in told["changes"]] == [
        ["@@||www.example^"],
        ["@@||track.example^"],
    ]


async def test_what_is_told_lets_the_answer_pass(house: Build) -> None:
    for rules in (["@@||www.example^"], ["@@||192.0.2.1^", "@@||192.0.2.2^"]):
        home = house(rules=rules, block=["192.0.2.0/24"])
        answer = "www.example 60 IN A 192.0.2.1\nwww.example 60 IN A 192.0.2.2"
        home.upstreams.says("www.example", "A", answer)
        await home.asks("www.example")
        assert home.told("www.example")["outcome"] == "forwarded"


@pytest.mark.parametrize(
    ("builtin", "address", "change"),
    [
        (
            {"rebinding_allow": ["other.example"]},
            "10.0.0.1",
            ("allow", "add", "filtering.builtin.rebinding_allow", ["www.example"]),
        ),
        (
            {"bogus_nxdomain": ["203.0.113.5", "198.51.100.0/24"]},
            "203.0.113.5",
            ("allow", "remove", "filtering.builtin.bogus_nxdomain", ["203.0.113.5"]),
        ),
    ],
    ids=["rebinding", "bogus"],
)
async def test_other_protections_have_their_settings(
    house: Build, builtin: dict[str, Any], address: str, change: Any
) -> None:
    home = house(filtering={"builtin": builtin}, block=["||unrelated.example^"])
    home.upstreams.says("www.example", "A", f"www.example 60 IN A {address}")
    await home.asks("www.example")
    assert home.changes("www.example") == [change]


async def test_an_exception_tells_what_would_still_refuse(house: Build) -> None:
    home = house(block=["10.0.0.0/8"])
    home.upstreams.says("www.example", "A", "www.example 60 IN A 10.0.0.1")
    await home.asks("www.example")
    changes = home.told("www.example")["changes"]
    assert {each["note"] for each in changes} == {
        "rebinding protection would still refuse the answer"
    }


def test_who_may_not_ask_has_to_be_let_in(house: Build) -> None:
    told = house(rules=["||a.example^"]).told("a.example", client="203.0.113.7")
    (change,) = told["changes"]
    assert (change["where"], change["items"]) == ("dns.allow", ["203.0.113.7"])
    assert (told["outcome"], told["answer"]["rcode"]) == ("refused", "REFUSED")


def test_nothing_changes_what_nobody_gets(house: Build) -> None:
    assert house().told("a.example", "AXFR")["changes"] == []
    assert house().told("a.example", "ANY")["changes"] == []
