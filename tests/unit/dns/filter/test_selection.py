"""Some of the lists of a Matcher, and names that pass only if a rule allows them."""

from __future__ import annotations

import gc
import tracemalloc
import weakref
from random import Random

import pytest

from sinkhole.dns.filter.compiled import grams
from sinkhole.dns.filter.language.line import Kind
from sinkhole.dns.filter.match import Matcher, about_name
from sinkhole.dns.filter.precedence import ADMITS, BUILT_IN, NOT_ALLOWED
from sinkhole.dns.filter.selection import ALLOW_ONLY, Selection
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.wire.name import from_text
from sinkhole.model.verdict import Cause

A = 1
MOST_BYTES = 8000
"""What a selection of some thirty lists may take, with criteria and patterns in each."""


def rules(name: str, *texts: str, kind: Kind = "block") -> CompiledList:
    return CompiledList.from_rules(name, kind, texts)


def decision(selection: Selection, name: str) -> str:
    """What decides, as text: "list:line", and what becomes of the name."""
    match = selection.match(from_text(name), A)
    if match is None:
        return "none"
    what = "rewritten" if match.rewrite else "allowed" if match.allowed else "refused"
    line = f":{match.cause.line}" if match.cause.line else ""
    return f"{match.cause.list_name}{line} {what}"


KIDS = rules("rules of kids", "@@||game.example^", "||own.example^$important")
OWN = rules("own rules", "||game.example^", "||own.example^$important", "@@||site.example^")
ADS = rules("ads", "||ads.example^", "||site.example^")
ALLOWED = rules("allowed", "||ads.example^", kind="allow")
SERVICES = rules("services", "||chat.example^")
CANARIES = rules("built-in", "|use-application-dns.net^$dnsrewrite=NXDOMAIN")
SAFE = rules("safe search", "|www.search.example^$dnsrewrite=NOERROR;CNAME;safe.search.example")
ALL = Matcher([KIDS, OWN, ADS, ALLOWED], [SERVICES, CANARIES, SAFE])


def test_only_chosen_lists_have_a_say() -> None:
    kids, others = ALL.chosen([0, 1, 2, 3], [0, 1]), ALL.chosen([1, 2], [1])
    assert decision(kids, "game.example") == "rules of kids:1 allowed"
    assert decision(others, "game.example") == "own rules:1 refused"
    assert decision(kids, "ads.example") == "allowed:1 allowed"
    assert decision(others, "ads.example") == "ads:1 refused"
    assert decision(kids, "chat.example") == "services:1 refused"
    assert decision(others, "chat.example") == "none"
    assert others.lists == (OWN, ADS)
    assert (others.names, ALL.names) == (5, 8)


def test_all_lists_are_chosen_where_none_are_named() -> None:
    everything = ALL.chosen()
    assert (everything.lists, everything.builtin) == (ALL.lists, ALL.builtin)
    assert decision(everything, "site.example") == decision(ALL, "site.example")


def test_of_equally_strong_rules_that_of_the_first_list_decides() -> None:
    """So rules of a client count before those of its group, and these before the household's."""
    assert decision(ALL.chosen([0, 1]), "own.example") == "rules of kids:2 refused"
    assert decision(ALL.chosen([1]), "own.example") == "own rules:2 refused"


def test_the_text_of_a_rule_is_that_of_a_chosen_list() -> None:
    others = rules("services", "||video.example^")
    matcher = Matcher([], [SERVICES, others])
    assert matcher.chosen((), [1]).rule_text(Cause("services", 1)) == "||video.example^"
    assert ALL.chosen([0, 1]).rule_text(Cause("rules of kids", 1)) == "@@||game.example^"
    assert ALL.chosen([1]).rule_text(Cause("rules of kids", 1)) == ""


def test_a_pause_leaves_the_canaries_a_say() -> None:
    paused = ALL.chosen((), [1])
    assert decision(paused, "use-application-dns.net") == "built-in:1 rewritten"
    for name in ("ads.example", "chat.example", "www.search.example"):
        assert decision(paused, name) == "none"
    assert decision(ALL.chosen((), ()), "use-application-dns.net") == "none"


def test_badfilter_reaches_no_further_than_the_choice() -> None:
    off = rules("rules of kids", "||ads.example^$badfilter")
    matcher = Matcher([off, rules("own rules", "||ads.example^")])
    assert decision(matcher, "ads.example") == "none"
    assert decision(matcher.chosen([1]), "ads.example") == "own rules:1 refused"


def test_criteria_are_those_of_the_choice() -> None:
    tablet, tv = rules("1", "||a.example^$client=Tablet"), rules("2", "||b.example^$client=TV")
    matcher = Matcher([tablet, tv, ADS])
    assert matcher.chosen([0, 2]).criteria == {"name:Tablet"}
    assert matcher.chosen([0, 2]).criteria.traits(None, ["tablet", "tv"], ()) == {"name:Tablet"}
    assert matcher.chosen([2]).criteria == frozenset()
    assert matcher.chosen([0, 1]).criteria is matcher.criteria


def test_addresses_are_looked_at_only_for_who_has_rules_about_them() -> None:
    matcher = Matcher([rules("1", "||192.0.2.0/24^"), ADS, rules("3", "||198.51.100.")])
    packed = bytes((192, 0, 2, 1))
    assert matcher.chosen([0]).match_address(packed, A) is not None
    assert matcher.chosen([2]).match_address(packed, A) is None
    assert [matcher.chosen([place]).checks_addresses for place in range(3)] == [True, False, True]


def test_patterns_of_others_use_up_nobodys_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grams, "MOST_TRIED", 3)
    crowd = rules("crowd", *(f"-a{letter}cd-" for letter in "klmnop"))
    matcher = Matcher([crowd, rules("own rules", "-axcd-")])
    name = "".join(f"-a{letter}cd-" for letter in "klmnopx")
    for _ in range(2):
        assert decision(matcher.chosen([1]), name) == "own rules:1 refused"
    assert matcher.given_up == 0
    assert decision(matcher.chosen([0]), name).startswith("crowd")
    assert matcher.given_up == matcher.chosen([1]).given_up == 3


@pytest.mark.parametrize("places", [([4], None), (None, [3]), ([0, 9], [0])])
def test_a_place_without_a_list_is_a_mistake(
    places: tuple[list[int] | None, list[int] | None],
) -> None:
    with pytest.raises(IndexError):
        ALL.chosen(*places)
    with pytest.raises(IndexError):
        Matcher([ADS]).chosen(None, [0])


# -- allow only ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("www.example", "allow only refused"),
        ("www.site.example", "own rules:3 allowed"),
        ("ads.example", "allowed:1 allowed"),
        ("own.example", "rules of kids:2 refused"),
        ("chat.example", "services:1 refused"),
        ("use-application-dns.net", "built-in:1 rewritten"),
        ("www.search.example", "allow only refused"),
    ],
)
def test_all_is_refused_but_what_is_allowed(name: str, expected: str) -> None:
    assert decision(ALL.chosen(allow_only=True), name) == expected


def test_an_allowed_search_engine_is_still_a_safe_one() -> None:
    own = rules("own rules", "@@||search.example^", "@@||chat.example^", "@@||dns.net^")
    only = Matcher([own], [SERVICES, SAFE]).chosen(allow_only=True)
    assert decision(only, "www.search.example") == "safe search:1 rewritten"
    assert decision(only, "images.search.example") == "own rules:1 allowed"
    assert decision(only, "chat.example") == "own rules:2 allowed"


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["||a.example^$dnsrewrite=192.0.2.1"], "allow only refused"),
        (["||a.example^$dnsrewrite=NXDOMAIN"], "own rules:1 rewritten"),
        (["||a.example^$dnsrewrite=192.0.2.1", "@@||a.example^"], "own rules:1 rewritten"),
        (
            ["||a.example^$dnsrewrite=192.0.2.1", "@@||a.example^", "||a.example^$important"],
            "allow only refused",
        ),
        (["||a.example^$dnsrewrite=192.0.2.1", "@@||a.example^$dnsrewrite"], "allow only refused"),
        (["@@||a.example^$client=TV"], "allow only refused"),
        (
            ["||a.example^$dnsrewrite=192.0.2.1", "@@||a.example^$client=TV"],
            "allow only refused",
        ),
        (["||a.example^$important", "@@||a.example^"], "own rules:1 refused"),
        ([], "allow only refused"),
    ],
)
def test_a_rewrite_is_no_permission(texts: list[str], expected: str) -> None:
    only = Matcher([rules("own rules", *texts)]).chosen(allow_only=True)
    assert decision(only, "a.example") == expected
    match = only.match(from_text("a.example"), A)
    lookup = about_name(from_text("a.example"), A)
    assert only.weigh(only.candidates(lookup), lookup) == match


def test_who_may_see_few_names_only_may_be_led_anywhere() -> None:
    only = Matcher([rules("own", "||192.0.2.1^")]).chosen(allow_only=True)
    assert only.match_address(bytes((198, 51, 100, 1)), A) is None
    assert only.match_address(bytes((192, 0, 2, 1)), A) is not None


@pytest.mark.parametrize(
    ("own", "allow_only", "notes"),
    [
        ("@@||search.example^", False, {"own rules": "", "safe search": BUILT_IN}),
        ("@@||search.example^", True, {"own rules": ADMITS, "safe search": ""}),
        ("||search.example^", True, {"own rules": "", "safe search": BUILT_IN}),
        ("||example^$dnsrewrite=192.0.2.1", True, dict.fromkeys(["own rules", "safe search"])),
    ],
)
def test_every_rule_is_told_why_it_does_not_decide(
    own: str, allow_only: bool, notes: dict[str, str | None]
) -> None:
    matcher = Matcher([rules("own rules", own)], [SAFE]).chosen(allow_only=allow_only)
    lookup = about_name(from_text("www.search.example"), A)
    candidates = matcher.candidates(lookup)
    match = matcher.weigh(candidates, lookup)
    said = {each.source.name: each.note for found in candidates for each in found}
    assert said == {name: NOT_ALLOWED if note is None else note for name, note in notes.items()}
    assert match is not None and (match.cause == ALLOW_ONLY) == (None in notes.values())


# -- what it costs -------------------------------------------------------------------------------


def test_twenty_selections_of_thirty_lists_are_no_second_copy() -> None:
    lists = [
        rules(
            f"list {n}",
            *(f"||n{number}.l{n}.example^" for number in range(1000 * (1 + n % 3))),
            *(f"-x{number}-{n}-" for number in range(20)),
            f"||a.example^$client=192.0.2.{n}",
        )
        for n in range(30)
    ]
    matcher = Matcher(lists, [SERVICES, CANARIES, SAFE])
    chance = Random(7)
    choices = [chance.sample(range(30), chance.randint(1, 29)) for _ in range(20)]
    matcher.chosen(choices[0], [1])
    gc.collect()
    tracemalloc.start()
    try:
        selections = [matcher.chosen(choice, [1]) for choice in choices]
        gc.collect()
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken < MOST_BYTES * len(selections)


def test_who_chooses_the_same_shares_it_and_nobody_keeps_it() -> None:
    matcher = Matcher([rules("Ads", "||a.example^"), rules("More", "||b.example^")], [CANARIES])
    chosen = matcher.chosen([1, 0, 1], [0])
    assert matcher.chosen([0, 1], [0]) is chosen
    others = [matcher.chosen([0], [0]), matcher.chosen([0, 1], []), matcher.chosen()]
    others += [matcher.chosen([0, 1], [0], allow_only=True)]
    assert chosen not in others
    gone = weakref.ref(chosen)
    del chosen
    gc.collect()
    assert gone() is None
