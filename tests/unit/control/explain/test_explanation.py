"""The explanation as a whole: stages, cache and where answers lead."""

from __future__ import annotations

import json
from collections.abc import Callable
from ipaddress import IPv6Network, ip_address
from typing import Any

import pytest

from sinkhole.dns.policy.client_subnet import ClientSubnet, ClientSubnets
from sinkhole.dns.policy.dns64 import Dns64
from sinkhole.dns.policy.routes import Routes

Build = Callable[..., Any]


def decisive(told: dict[str, Any]) -> str | None:
    """The stage that decides; those behind it are not reached."""
    stages = told["stages"]
    assert [each["stage"] for each in stages] == [
        "access", "special", "types", "local", "dns64", "reserved", "lists", "built-in", "route",
    ]  # fmt: skip
    found = [position for position, each in enumerate(stages) if each["decides"]]
    assert len(found) <= 1
    last = found[0] if found else len(stages)
    reached = [at <= last for at in range(len(stages))]
    reached[-1] = (
        told["via"] is not None and not told["answer"]
    )  # a rule that allows leaves it that
    assert [each["reached"] for each in stages] == reached
    return stages[last]["stage"] if found else None


@pytest.mark.parametrize(
    ("name", "qtype", "stage", "outcome"),
    [
        ("a.example", "AXFR", "special", "refused"),
        ("a.example", "ANY", "special", "local"),
        ("health.sinkhole.invalid", "A", "special", "local"),
        ("nas.home", "AAAA", "local", "local"),
        ("go.home", "A", "local", "local"),
        ("x.test", "A", "reserved", "local"),
        ("0123.sinkhole-loop.test", "A", None, "forwarded"),
        ("ads.example", "A", "lists", "blocked"),
        ("good.ads.example", "A", "lists", "forwarded"),
        ("re.example", "A", "lists", "rewritten"),
        ("tiktok.com", "A", "built-in", "blocked"),
        ("www.example.org", "A", None, "forwarded"),
    ],
)
def test_the_stage_that_decides_is_told(
    house: Build, name: str, qtype: str, stage: str | None, outcome: str
) -> None:
    home = house(
        block=["||ads.example^", "||re.example^$dnsrewrite=b.example"],
        rules=["@@||good.ads.example^"],
        filtering={"services": ["tiktok"]},
        local={"records": {"nas.home": ["192.0.2.10"], "go.home": ["CNAME a.example"]}},
    )
    told = home.told(name, qtype)
    assert decisive(told) == stage
    assert told["outcome"] == outcome
    json.dumps(told)


def route_of(told: dict[str, Any]) -> tuple[str | None, str]:
    """The upstream set that is asked, and what the stage says that tells it."""
    return told["via"], told["stages"][-1]["says"]


def test_whom_a_route_leads_to_is_told(house: Build) -> None:
    home = house(rules=["@@||good.corp.example^"])
    sets = {"corp.example": "route corp.example", "*.lab.example": "office", "vpn.corp.example": ""}
    home.publish(routes=Routes(sets | {"unqualified": "router"}))
    inside = "; answers may hold addresses of the house"
    assert route_of(home.told("www.corp.example")) == (
        "route corp.example",
        "the route of corp.example leads to upstreams of its own" + inside,
    )
    assert route_of(home.told("a.lab.example")) == (
        "office",
        "the route of *.lab.example leads to the upstreams 'office'" + inside,
    )
    assert route_of(home.told("printer")) == (
        "router",
        "the route of unqualified names leads to the upstreams 'router'" + inside,
    )
    assert route_of(home.told("a.vpn.corp.example")) == (
        "",
        "the route of vpn.corp.example leads to the usual upstreams",
    )
    assert route_of(home.told("example.org")) == ("", "no route: for the usual upstreams")
    assert decisive(home.told("www.corp.example")) == "route"
    allowed = home.told("good.corp.example")
    assert (decisive(allowed), allowed["via"]) == ("lists", "route corp.example")
    assert home.told("tiktok.home.arpa")["via"] is None


def test_upstreams_of_a_group_are_no_route(house: Build) -> None:
    home = house()
    home.publish(via="family", routes=Routes({"vpn.example": "", "corp.example": "office"}))
    assert route_of(home.told("example.org")) == (
        "family",
        "no route: for the upstreams 'family' of the client",
    )
    assert route_of(home.told("a.vpn.example")) == (
        "",
        "the route of vpn.example leads to the usual upstreams",
    )
    assert route_of(home.told("corp.example"))[0] == "office"


def test_what_gives_way_for_a_route_is_told(house: Build) -> None:
    home = house()
    home.publish(routes=Routes({"168.192.in-addr.arpa": "router", "corp.example": "office"}))
    told = home.told("1.1.168.192.in-addr.arpa", "PTR")
    assert told["stages"][5]["says"] == (
        "private reverse zone, but the route of 168.192.in-addr.arpa leads to a server that may "
        "know it: let pass"
    )
    assert (told["outcome"], told["via"]) == ("forwarded", "router")


async def test_where_the_answer_of_a_route_leads_is_not_refused(house: Build) -> None:
    home = house()
    home.publish(routes=Routes({"corp.example": "office"}))
    for name, refused in (("www.corp.example", False), ("www.example.org", True)):
        home.upstreams.says(name, "A", f"{name}. 60 A 192.168.1.2")
        await home.asks(name)
        (lead,) = home.told(name)["leads_to"]
        assert lead["refused"] is refused


async def test_what_dns64_makes_is_told(house: Build) -> None:
    home = house(rules=["||203.0.113.0/24^"])
    home.publish(dns64=Dns64([IPv6Network("2001:db8:64::/96")]))
    for name, address in (("www.example.org", "198.51.100.1"), ("bad.example.org", "203.0.113.1")):
        home.upstreams.says(name, "AAAA")
        home.upstreams.says(name, "A", f"{name}. 60 A {address}")
        await home.asks(name, "AAAA")
        told = home.told(name, "AAAA")
        (lead,) = told["leads_to"]
        assert lead["what"] == "address, for which DNS64 made another"
        assert (lead["value"], lead["refused"]) == (address, name.startswith("bad"))
        assert told["outcome"] == ("blocked_answer" if lead["refused"] else "forwarded")
    assert home.told("www.example.org", "AAAA")["cache"][0]["records"][0]["data"] == (
        "2001:db8:64::c633:6401"
    )


def test_names_that_dns64_knows_are_told(house: Build) -> None:
    home = house()
    home.publish(dns64=Dns64())
    reverse = ip_address("64:ff9b::cb00:7101").reverse_pointer
    for name, qtype, says in (
        ("ipv4only.arpa", "A", "DNS64: 2 records"),
        (reverse, "PTR", "DNS64 says: an alias of 1.113.0.203.in-addr.arpa"),
    ):
        told = home.told(name, qtype)
        assert (told["stages"][4]["says"], decisive(told)) == (says, "dns64")


def test_what_upstreams_are_told_of_the_client_is_told(house: Build) -> None:
    home = house()
    assert home.told("www.example.org")["subnet"] is None
    home.publish(subnets=ClientSubnets({"": ClientSubnet()}))
    assert home.told("www.example.org")["subnet"] == "192.0.2.0/24"
    assert home.told("www.example.org", client="127.0.0.1")["subnet"] == "0.0.0.0/0"
    assert home.told("localhost")["subnet"] is None


def test_who_asks_is_told(house: Build) -> None:
    clients = [
        {"name": "Kids tablet", "addresses": ["192.0.2.0/24"], "tags": ["device_tablet"]},
        {"name": "TV", "addresses": ["192.0.2.9"]},
    ]
    home = house(
        rules=["||a.example^$client=TV", "||b.example^$ctag=device_tablet"], clients=clients
    )
    assert home.told("a.example")["client"] == {
        "address": "192.0.2.7",
        "name": "Kids tablet",
        "known_by": "network",
        "tags": ["device_tablet"],
        "traits": ["tag:device_tablet"],
        "may_ask": True,
    }
    (opinion,) = home.told("a.example")["opinions"]
    assert (opinion["decides"], opinion["note"]) == (False, "another client")
    assert home.told("a.example", client="192.0.2.9")["outcome"] == "blocked"
    assert home.told("a.example")["group"] == "default"


def test_an_alias_tells_who_is_asked_in_its_place(house: Build) -> None:
    home = house(block=["||a.example^$dnsrewrite=b.example"])
    told = home.told("a.example")
    assert (told["asks"], told["verdict"]) == ("b.example", "rewrite")
    assert told["answer"]["records"] == [
        {"name": "a.example", "type": "CNAME", "ttl": 10, "data": "b.example"}
    ]


async def test_a_cached_answer_is_told_as_it_ages(house: Build) -> None:
    home = house()
    home.upstreams.says("a.example", "A", "a.example 60 IN A 192.0.2.1")
    assert home.told("a.example")["cache"] == []
    await home.asks("a.example")
    states = []
    for seconds in (0, 10, 100):
        home.clock.now = 1000.0 + seconds
        (kept,) = home.told("a.example")["cache"]
        states.append((kept["state"], kept["ttl_s"], kept["records"][0]["ttl"]))
        assert (kept["negative"], kept["outdated"], kept["do"], kept["cd"]) == (False,) * 4
    assert states == [("fresh", 60, 60), ("aged", 50, 50), ("expired", 0, 0)]
    assert home.told("a.example")["leads_to"] == [], "an expired answer is not given"
    home.upstreams.dead = True


async def test_negative_answers_failures_and_blocks_are_kept_too(house: Build) -> None:
    soa = "example 60 IN SOA ns.example. host.example. 1 2 3 4 60"
    home = house(block=["||ads.example^"])
    home.upstreams.says("no.example", "A", authority=soa, rcode=3)
    for name in ("no.example", "dead.example", "ads.example"):
        await home.asks(name)
    (kept,) = home.told("no.example")["cache"]
    assert (kept["state"], kept["negative"], kept["rcode"]) == ("fresh", True, "NXDOMAIN")
    (kept,) = home.told("no.example", "TXT")["cache"]  # NXDOMAIN is about the name
    assert (kept["state"], kept["negative"], kept["rcode"]) == ("fresh", True, "NXDOMAIN")
    (kept,) = home.told("dead.example")["cache"]
    assert (kept["state"], kept["rcode"], kept["ttl_s"]) == ("failure", "SERVFAIL", 1)
    (kept,) = home.told("ads.example")["cache"]
    assert (kept["state"], kept["ttl_s"], kept["outcome"]) == ("made here", None, "blocked")
    assert (kept["list"], kept["line"], kept["rule"]) == ("Block", 1, "||ads.example^")


async def test_an_answer_judged_by_older_rules_is_judged_anew(house: Build) -> None:
    home = house()
    answer = "a.example 60 IN CNAME t.example\nt.example 60 IN A 192.0.2.1"
    home.upstreams.says("a.example", "A", answer)
    await home.asks("a.example")
    home.change(block=["||t.example^"])
    told = home.told("a.example")
    (kept,) = told["cache"]
    assert (kept["outdated"], kept["outcome"]) == (True, "cached")
    assert (told["outcome"], told["hop"], told["decided_by"]["list"]) == (
        "blocked_answer",
        "t.example",
        "Block",
    )
    assert told["answer"]["records"][0]["data"] == "0.0.0.0"


async def test_telling_changes_nothing(house: Build) -> None:
    home = house(block=["||t.example^"])
    home.upstreams.says("a.example", "A", "a.example 60 IN CNAME t.example")
    await home.asks("a.example")
    before = [(key, ready, ready.tail, ready.used) for key, ready in home.table.entries.items()]
    asked = list(home.upstreams.asked)
    home.clock.now += 30
    home.told("a.example")
    home.told("other.example")
    after = [(key, ready, ready.tail, ready.used) for key, ready in home.table.entries.items()]
    assert (after, home.upstreams.asked) == (before, asked)


LEADS: list[tuple[str, str, list[tuple[str, str, bool, str | None]]]] = [
    ("A", "a.example 60 IN CNAME t.example\nt.example 60 IN A 192.0.2.1",
     [("CNAME target", "t.example", True, "Block")]),
    ("A", "a.example 60 IN A 198.51.100.1\na.example 60 IN A 192.0.2.1",
     [("address", "198.51.100.1", True, "Block")]),
    ("A", "a.example 60 IN A 10.0.0.1", [("address", "10.0.0.1", True, "rebinding protection")]),
    ("A", "a.example 60 IN A 192.0.2.1", [("address", "192.0.2.1", False, None)]),
    ("HTTPS", "a.example 60 IN HTTPS 1 t.example. alpn=h2",
     [("CNAME or HTTPS target", "t.example", True, "Block")]),
    ("HTTPS", "a.example 60 IN HTTPS 1 . ipv4hint=198.51.100.1",
     [("hint", "198.51.100.1", True, "Block")]),
    ("HTTPS", "a.example 60 IN HTTPS 1 . ipv4hint=10.0.0.1",
     [("hint", "10.0.0.1", True, "rebinding protection")]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("qtype", "answer", "leads"), LEADS, ids=[f"{each[0]} {each[2][0][1]}" for each in LEADS]
)
async def test_where_an_answer_leads_is_told(
    house: Build, qtype: str, answer: str, leads: list[Any]
) -> None:
    home = house(block=["||t.example^", "198.51.100.0/24"])
    home.upstreams.says("a.example", qtype, answer)
    await home.asks("a.example", qtype)
    told = home.told("a.example", qtype)["leads_to"]
    assert [(each["what"], each["value"], each["refused"], each["list"]) for each in told] == leads


async def test_an_allowed_name_may_lead_anywhere_and_that_is_said(house: Build) -> None:
    home = house(rules=["@@||a.example^"], block=["||t.example^"])
    answer = "a.example 60 IN CNAME t.example\nt.example 60 IN A 192.0.2.1"
    home.upstreams.says("a.example", "A", answer)
    await home.asks("a.example")
    target, address = home.told("a.example")["leads_to"]
    assert (target["refused"], target["list"], target["line"]) == (False, "Block", 1)
    assert target["note"] == "the name asked for is allowed, so its answer may lead here"
    assert address["list"] is None


def test_who_shares_a_budget_is_told(house: Build) -> None:
    dns = {"allow": ["192.0.2.0/24", "2001:db8::/32", "127.0.0.1"], "rate_limit": 50}
    home = house(dns=dns)

    def access(client: str) -> str:
        says: str = home.told("a.example", client=client)["stages"][0]["says"]
        return says

    assert access("192.0.2.7") == "192.0.2.7 may ask, up to 50 queries a second"
    assert access("2001:db8::7").endswith("50 queries a second together with all of its network")
    assert access("127.0.0.1") == "127.0.0.1 may ask"
