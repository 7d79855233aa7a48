"""The rules the settings of services, safe search and built-ins stand for."""

from __future__ import annotations

from typing import Any

import pytest

from sinkhole.control.lists.builtin import (
    BUILT_IN,
    SAFE_SEARCH,
    SERVICES,
    BuiltinRule,
    BuiltinWanted,
    builtin_lists,
)
from sinkhole.control.settings import Settings
from sinkhole.control.settings.filtering_schema import TAKEN_NAMES
from sinkhole.control.settings.shipped import known_engines, known_services
from sinkhole.dns.filter.selection import ALLOW_ONLY
from sinkhole.dns.filter.trie import CompiledList

QUIET = {"doh_canary": False, "private_relay": False}


def rules(name: str, **filtering: Any) -> tuple[BuiltinRule, ...]:
    """The rules of one list; none if there is no such list."""
    settings = Settings.model_validate({"filtering": filtering})
    return next(
        (each.rules for each in builtin_lists(BuiltinWanted.of(settings)) if each.name == name), ()
    )


def texts(name: str, **filtering: Any) -> list[str]:
    return [rule.text for rule in rules(name, **filtering)]


def test_the_defaults_make_the_canaries_only() -> None:
    (only,) = builtin_lists(BuiltinWanted.of(Settings()))
    assert only.name == BUILT_IN
    assert [rule.text for rule in only.rules] == [
        "|use-application-dns.net^$dnsrewrite=NXDOMAIN",
        "|mask.icloud.com^$dnsrewrite=NXDOMAIN",
        "|mask-h2.icloud.com^$dnsrewrite=NXDOMAIN",
    ]


def test_each_canary_has_its_switch() -> None:
    quiet = Settings.model_validate({"filtering": {"builtin": QUIET}})
    assert builtin_lists(BuiltinWanted.of(quiet)) == ()
    assert len(texts(BUILT_IN, builtin={"private_relay": False})) == 1
    assert len(texts(BUILT_IN, builtin={"doh_canary": False})) == 2


def test_a_service_is_its_domains_with_all_below_them_and_is_named() -> None:
    found = rules(SERVICES, services=["reddit"])
    assert [rule.text for rule in found] == [
        "||redd.it^", "||reddit.com^", "||redditmail.com^", "||redditmedia.com^",
        "||redditstatic.com^",
    ]  # fmt: skip
    assert found[0].explanation == "Reddit: ||redd.it^"


def test_every_rule_of_every_service_can_be_used() -> None:
    everything = [f"group:{service.group}" for service in known_services().values()]
    found = texts(SERVICES, services=list(dict.fromkeys(everything)))
    report = CompiledList.from_rules(SERVICES, "block", found).report
    assert report.refused == report.ignored == report.duplicates == 0
    assert report.names == len(found)


def test_a_group_and_one_of_its_services_say_nothing_twice() -> None:
    found = texts(SERVICES, services=["tinder", "group:dating"])
    assert len(set(found)) == len(found)
    assert set(found) == set(texts(SERVICES, services=["group:dating"]))


def test_safe_search_is_a_cname_for_exactly_each_host() -> None:
    assert texts(SAFE_SEARCH, safe_search={"bing": True, "brave": True}) == [
        "|edgeservices.bing.com^$dnsrewrite=NOERROR;CNAME;strict.bing.com",
        "|www.bing.com^$dnsrewrite=NOERROR;CNAME;strict.bing.com",
        "|search.brave.com^$dnsrewrite=NOERROR;CNAME;forcesafe.search.brave.com",
    ]
    (first, *_) = rules(SAFE_SEARCH, safe_search={"google": True})
    assert first.owner == "Google"


@pytest.mark.parametrize(
    ("level", "target"),
    [("moderate", "restrictmoderate.youtube.com"), ("strict", "restrict.youtube.com")],
)
def test_youtube_goes_by_its_level(level: str, target: str) -> None:
    found = texts(SAFE_SEARCH, safe_search={"youtube": level})
    assert len(found) == 5
    assert f"|m.youtube.com^$dnsrewrite=NOERROR;CNAME;{target}" in found
    assert all(rule.endswith(f";{target}") for rule in found)


@pytest.mark.parametrize("engine", known_engines())
def test_every_engine_has_rules(engine: str) -> None:
    value = "strict" if engine == "youtube" else True
    found = texts(SAFE_SEARCH, safe_search={engine: value})
    assert len(found) == len(known_engines()[engine]["hosts"])


def test_a_blocked_service_is_not_opened_again_by_safe_search() -> None:
    both = {"youtube": "strict", "bing": True}
    found = texts(SAFE_SEARCH, services=["youtube"], safe_search=both)
    assert found == texts(SAFE_SEARCH, safe_search={"bing": True})


def test_no_list_of_the_user_can_have_the_name_of_one_of_these() -> None:
    assert {SERVICES, SAFE_SEARCH, BUILT_IN, ALLOW_ONLY.list_name} <= TAKEN_NAMES
