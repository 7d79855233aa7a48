"""How layers come to final values; tests/property/test_effective_policy.py asks everything."""

from __future__ import annotations

from typing import Any

from sinkhole.control.groups.effective import EffectivePolicy, Layer, Paused, RulesOf, effective
from sinkhole.control.groups.household import Household
from sinkhole.control.settings import Settings
from sinkhole.control.settings.groups_schema import PolicyFields


def layer(owner: str, when: str = "", **said: Any) -> Layer:
    return Layer("group", owner, when, PolicyFields.model_validate(said).said)


def found(*layers: Layer, paused: Paused | None = None, **tree: Any) -> EffectivePolicy:
    return effective(Settings.model_validate(tree), layers, paused or Paused())


def test_without_layers_it_is_what_the_household_has() -> None:
    policy = found(dns={"rate_limit": 7}, filtering={"services": ["tiktok"]})
    assert (policy.rate_limit, policy.services, policy.lists) == (7, ("tiktok",), None)
    assert policy.upstream == "default" and policy.client_subnet is None
    assert policy.filtering and policy.log and policy.statistics and not policy.allow_only


def test_later_layers_win_key_by_key() -> None:
    policy = found(
        layer("kids", safe_search={"google": True, "bing": True}, blocking={"mode": "nxdomain"}),
        layer("kids", "bedtime", safe_search={"bing": False}, blocking={"ttl": "1m"}),
    )
    assert (policy.safe_search.google, policy.safe_search.bing) == (True, False)
    assert (policy.blocking.mode, float(policy.blocking.ttl)) == ("nxdomain", 60)  # type: ignore[arg-type]  # never one for each mode here


def test_the_ttl_is_that_of_the_mode() -> None:
    blocking = {"ttl": {"nxdomain": "5m"}}
    policy = found(layer("kids", blocking={"mode": "nxdomain"}), filtering={"blocking": blocking})
    assert str(policy.blocking.ttl) == "5m" and hash(policy)


def test_rules_add_up_and_say_whose_they_are() -> None:
    policy = found(
        layer("kids", rules=["||a.example^"]),
        layer("kids", "bedtime", rules=["||b.example^", "||c.example^"]),
        layer("pad", rules=[]),
    )
    assert policy.rules == (
        RulesOf("rules of kids", ("||a.example^",)),
        RulesOf("rules of kids, bedtime", ("||b.example^", "||c.example^")),
    )


def test_lists_are_those_of_the_settings_in_their_spelling() -> None:
    lists = [{"name": n, "url": f"https://l.example.org/{n}"} for n in ("One", "Two")]
    told = found(layer("kids", lists=["TWO", "gone"]), filtering={"lists": lists})
    assert told.lists == ("Two",)
    paused = found(paused=Paused(lists=frozenset(("one",))), filtering={"lists": lists})
    assert (paused.lists, paused.paused_lists) == (None, ("One",))


def test_types_are_numbers_each_once_in_order() -> None:
    assert found(layer("kids", refuse_types=["HTTPS", "AAAA", "type28"])).refuse_types == (28, 65)


def test_a_service_that_is_paused_is_blocked_for_nobody() -> None:
    paused = Paused(services=frozenset(("tiktok",)))
    assert found(layer("kids", services=["tiktok", "zoom"]), paused=paused).services == ("zoom",)


def test_rules_of_a_group_and_of_a_client_of_its_name_are_told_apart() -> None:
    rules = {"rules": ["||a.example^"]}
    groups = [{"name": "Kids", **rules}]
    clients = [{"name": name, "ids": [name], **rules} for name in ("kids", "tv")]
    found = Household(Settings.model_validate({"groups": groups, "clients": clients})).rules
    assert [each.name for each in found] == ["rules of tv", "rules of client kids", "rules of Kids"]
